/// Type numbers of GGUF metadata values.
enum GGUFValueType: UInt32 {
  case uint8 = 0, int8 = 1, uint16 = 2, int16 = 3, uint32 = 4, int32 = 5, float32 = 6, bool = 7, string = 8, array = 9
  case uint64 = 10, int64 = 11, float64 = 12

  /// Bytes of a value of fixed size.
  var byteWidth: Int? {
    switch self {
    case .uint8, .int8, .bool: return 1
    case .uint16, .int16: return 2
    case .uint32, .int32, .float32: return 4
    case .uint64, .int64, .float64: return 8
    case .string, .array: return nil
    }
  }
}

/// An array of a GGUF file, checked when the file was opened and decoded when it is asked for.
public struct MetadataArray: Sendable {
  let type: GGUFValueType
  public let count: Int
  let bytes: ByteSlice
  let path: String

  public var elementTypeName: String { "\(type)" }

  public func values() -> [MetadataValue] {
    var cursor = GGUFCursor(bytes, name: path)
    // Every element was read once at opening, so none fails here.
    return (0..<count).compactMap { _ in try? cursor.value(type, depth: 1) }
  }
}

/// Reads a GGUF header front to back; everything is bounds-checked.
struct GGUFCursor {
  /// Arrays in arrays; the format sets no limit, files have one level.
  static let maximumDepth = 8
  /// As llama.cpp's limit of a string; longer ones are damage.
  static let maximumStringBytes = 1 << 30

  let bytes: ByteSlice
  let name: String
  private(set) var offset = 0

  init(_ bytes: ByteSlice, name: String) {
    self.bytes = bytes
    self.name = name
  }

  func failure(_ what: String) -> ModelError { ModelError(.malformed, "\(name): offset \(offset): \(what)") }

  mutating func number<T: FixedWidthInteger>(_ type: T.Type, _ what: @autoclosure () -> String) throws -> T {
    guard let value = bytes.load(type, at: offset) else {
      throw failure("the file ends inside \(what()); it is truncated")
    }
    offset += MemoryLayout<T>.size
    return value
  }

  mutating func skip(_ byteCount: Int, _ what: @autoclosure () -> String) throws -> ByteSlice {
    guard let slice = bytes.slice(at: offset, byteCount: byteCount) else {
      throw failure("\(what()) of \(byteCount) bytes goes past the end of the file of \(bytes.count); it is truncated")
    }
    offset += byteCount
    return slice
  }

  mutating func string(_ what: @autoclosure () -> String) throws -> String {
    let slice = try stringBytes(what())
    guard let text = slice.text else { throw failure("\(what()) is not UTF-8") }
    return text
  }

  private mutating func stringBytes(_ what: @autoclosure () -> String) throws -> ByteSlice {
    let length = try number(UInt64.self, what())
    guard length <= UInt64(GGUFCursor.maximumStringBytes) else {
      throw failure("\(what()) of \(length) bytes, expected at most \(GGUFCursor.maximumStringBytes)")
    }
    return try skip(Int(length), what())
  }

  mutating func valueType(_ what: @autoclosure () -> String) throws -> GGUFValueType {
    let code = try number(UInt32.self, what())
    guard let type = GGUFValueType(rawValue: code) else {
      throw failure("\(what()): value type \(code), expected 0 to 12")
    }
    return type
  }

  mutating func value(_ type: GGUFValueType, depth: Int = 0) throws -> MetadataValue {
    switch type {
    case .uint8: return .uint8(try number(UInt8.self, "a value"))
    case .int8: return .int8(try number(Int8.self, "a value"))
    case .uint16: return .uint16(try number(UInt16.self, "a value"))
    case .int16: return .int16(try number(Int16.self, "a value"))
    case .uint32: return .uint32(try number(UInt32.self, "a value"))
    case .int32: return .int32(try number(Int32.self, "a value"))
    case .uint64: return .uint64(try number(UInt64.self, "a value"))
    case .int64: return .int64(try number(Int64.self, "a value"))
    case .float32: return .float32(Float(bitPattern: try number(UInt32.self, "a value")))
    case .float64: return .float64(Double(bitPattern: try number(UInt64.self, "a value")))
    case .bool: return .bool(try bool())
    case .string: return .string(try string("a string"))
    case .array: return .array(try array(depth: depth))
    }
  }

  private mutating func bool() throws -> Bool {
    let byte = try number(UInt8.self, "a value")
    guard byte <= 1 else { throw failure("a bool is \(byte), expected 0 or 1") }
    return byte == 1
  }

  private mutating func array(depth: Int) throws -> MetadataArray {
    guard depth < GGUFCursor.maximumDepth else {
      throw failure("arrays nested more than \(GGUFCursor.maximumDepth) deep")
    }
    let type = try valueType("an array's element type")
    let declared = try number(UInt64.self, "an array's length")
    // The smallest element, a string or an array, has 8 bytes: a length that cannot fit is refused before it costs time.
    let smallest = type.byteWidth ?? 8
    guard let count = Int(exactly: declared), count <= (bytes.count - offset) / smallest else {
      throw failure("an array of \(declared) elements does not fit the file of \(bytes.count) bytes; it is truncated")
    }
    let begin = offset
    if let width = type.byteWidth, type != .bool {
      _ = try skip(count * width, "an array")
    } else {
      for _ in 0..<count { try skipValue(type, depth: depth) }
    }
    guard let elements = bytes.slice(at: begin, byteCount: offset - begin) else { throw failure("an array") }
    return MetadataArray(type: type, count: count, bytes: elements, path: name)
  }

  /// Checks an element without keeping it.
  private mutating func skipValue(_ type: GGUFValueType, depth: Int) throws {
    if type == .string {
      let slice = try stringBytes("a string")
      guard slice.isUTF8 else { throw failure("a string is not UTF-8") }
    } else {
      _ = try value(type, depth: depth + 1)
    }
  }
}

extension ByteSlice {
  /// Without making a string where the bytes are ASCII, which nearly all are.
  fileprivate var isUTF8: Bool {
    withExtendedLifetime(self) { bytes.allSatisfy { $0 < 0x80 } } || text != nil
  }
}
