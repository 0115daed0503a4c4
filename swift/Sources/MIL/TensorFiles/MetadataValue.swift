/// A value of a file's metadata, with the type that it was stored in.
public indirect enum MetadataValue: Sendable {
  case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32), uint64(UInt64), int64(
    Int64)
  case float32(Float), float64(Double)
  case bool(Bool)
  case string(String)
  /// `type` is that of the elements, which are read when they are asked for: a vocabulary has 100,000 strings.
  case array(MetadataArray)
}

extension MetadataValue {
  public var typeName: String {
    switch self {
    case .uint8: return "uint8"
    case .int8: return "int8"
    case .uint16: return "uint16"
    case .int16: return "int16"
    case .uint32: return "uint32"
    case .int32: return "int32"
    case .uint64: return "uint64"
    case .int64: return "int64"
    case .float32: return "float32"
    case .float64: return "float64"
    case .bool: return "bool"
    case .string: return "string"
    case .array: return "array"
    }
  }

  /// What a JSON number does not hold is an object of one text: 64-bit integers {integer: digits}, floats that are not finite {float: name}.
  public var json: JSON {
    switch self {
    case .uint8(let value): return JSON(Int(value))
    case .int8(let value): return JSON(Int(value))
    case .uint16(let value): return JSON(Int(value))
    case .int16(let value): return JSON(Int(value))
    case .uint32(let value): return JSON(Int(value))
    case .int32(let value): return JSON(Int(value))
    case .uint64(let value): return ["integer": .string(String(value))]
    case .int64(let value): return ["integer": .string(String(value))]
    case .float32(let value): return float(Double(value))
    case .float64(let value): return float(value)
    case .bool(let value): return .bool(value)
    case .string(let value): return .string(value)
    case .array(let array): return .array(array.values().map(\.json))
    }
  }

  private func float(_ value: Double) -> JSON {
    if value.isFinite { return .number(value) }
    return ["float": .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")]
  }
}
