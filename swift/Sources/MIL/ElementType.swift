/// Element types of MIL tensors. Raw values are those of `MILSpec.DataType` (MIL.proto).
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
  case bool = 1, string = 2
  case float16 = 10, float32 = 11, float64 = 12, bfloat16 = 13
  case int8 = 21, int16 = 22, int32 = 23, int64 = 24, int4 = 25
  case uint8 = 31, uint16 = 32, uint32 = 33, uint64 = 34, uint4 = 35, uint2 = 36, uint1 = 37, uint6 = 38, uint3 = 39
  case float8e4m3fn = 40, float8e5m2 = 41

  /// Bits of one stored element; 0 for strings, which are not stored as bytes.
  public var bitWidth: Int {
    switch self {
    case .string: return 0
    case .uint1: return 1
    case .uint2: return 2
    case .uint3: return 3
    case .int4, .uint4: return 4
    case .uint6: return 6
    case .bool, .int8, .uint8, .float8e4m3fn, .float8e5m2: return 8
    case .float16, .bfloat16, .int16, .uint16: return 16
    case .float32, .int32, .uint32: return 32
    case .float64, .int64, .uint64: return 64
    }
  }

  /// Bytes of one element for types of whole bytes; nil for packed sub-byte types and strings.
  public var byteWidth: Int? { bitWidth >= 8 ? bitWidth / 8 : nil }

  public var isFloat: Bool {
    switch self {
    case .float16, .float32, .float64, .bfloat16, .float8e4m3fn, .float8e5m2: return true
    default: return false
    }
  }

  /// The name in MIL text and in coremltools (`fp16`, `int32`, …).
  public var name: String {
    switch self {
    case .bool: return "bool"
    case .string: return "string"
    case .float16: return "fp16"
    case .float32: return "fp32"
    case .float64: return "fp64"
    case .bfloat16: return "bf16"
    case .int8: return "int8"
    case .int16: return "int16"
    case .int32: return "int32"
    case .int64: return "int64"
    case .int4: return "int4"
    case .uint8: return "uint8"
    case .uint16: return "uint16"
    case .uint32: return "uint32"
    case .uint64: return "uint64"
    case .uint4: return "uint4"
    case .uint2: return "uint2"
    case .uint1: return "uint1"
    case .uint6: return "uint6"
    case .uint3: return "uint3"
    case .float8e4m3fn: return "fp8e4m3fn"
    case .float8e5m2: return "fp8e5m2"
    }
  }

  public init?(name: String) {
    guard let type = ElementType.byName[name] else { return nil }
    self = type
  }

  private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}
