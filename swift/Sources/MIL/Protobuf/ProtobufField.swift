/// One field of a protobuf message: its number and its value on the wire. The getters check the wire type.
public struct ProtobufField: Sendable {
  enum Value: Sendable {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(start: Int, end: Int)
  }

  public let number: Int
  /// Where the field's tag stands in the file.
  public let offset: Int
  let value: Value
  let parent: ProtobufMessage

  public func malformed(_ what: String) -> ModelError {
    ModelError(.malformed, "\(parent.source.name): byte \(offset): field \(number): \(what)")
  }

  private func mismatch(_ expected: String) -> ModelError {
    let found: String
    switch value {
    case .varint: found = "a variable-length number"
    case .fixed64: found = "a 64-bit number"
    case .fixed32: found = "a 32-bit number"
    case .bytes: found = "bytes"
    }
    return malformed("expected \(expected), found \(found)")
  }

  public func uint64() throws -> UInt64 {
    guard case .varint(let value) = value else { throw mismatch("an integer") }
    return value
  }

  /// int64, and int32 or enum values: protobuf sign-extends those to 64 bits.
  public func int64() throws -> Int64 { Int64(bitPattern: try uint64()) }

  /// Protobuf readers keep the low 32 bits of an int32 field.
  public func int32() throws -> Int32 { Int32(truncatingIfNeeded: try uint64()) }

  public func bool() throws -> Bool { try uint64() != 0 }

  public func float() throws -> Float {
    guard case .fixed32(let bits) = value else { throw mismatch("a float") }
    return Float(bitPattern: bits)
  }

  public func double() throws -> Double {
    guard case .fixed64(let bits) = value else { throw mismatch("a double") }
    return Double(bitPattern: bits)
  }

  public func string() throws -> String {
    guard let text = try bytes().text else { throw malformed("expected text in UTF-8") }
    return text
  }

  /// The field's bytes in place: a slice of the file, of any alignment.
  public func bytes() throws -> ByteSlice {
    guard case .bytes(let start, let end) = value,
      let slice = parent.source.slice.slice(at: start, byteCount: end - start)
    else { throw mismatch("bytes") }
    return slice
  }

  public func message() throws -> ProtobufMessage {
    guard case .bytes(let start, let end) = value else { throw mismatch("a message") }
    guard parent.depth < ProtobufMessage.maximumDepth else {
      throw malformed("expected at most \(ProtobufMessage.maximumDepth) nested messages")
    }
    return ProtobufMessage(source: parent.source, start: start, end: end, depth: parent.depth + 1)
  }

  /// One entry of a `map<string, M>` field. A missing value is an empty message, as protobuf has it.
  public func mapEntry() throws -> (key: String, value: ProtobufMessage) {
    let entry = try message()
    var key = ""
    var value = ProtobufMessage(source: entry.source, start: entry.end, end: entry.end, depth: entry.depth + 1)
    var fields = entry.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: key = try field.string()
      case 2: value = try field.message()
      default: break
      }
    }
    return (key, value)
  }
}

/// Repeated numbers come one per field or packed, many per field; readers must take both.
extension ProtobufField {
  public func appendVarints(to values: inout [UInt64]) throws {
    switch value {
    case .varint(let value): values.append(value)
    case .bytes(let start, let end):
      var cursor = ProtobufCursor(source: parent.source, position: start, end: end)
      while cursor.position < end { values.append(try cursor.varint()) }
    default: throw mismatch("integers")
    }
  }

  public func appendInt64s(to values: inout [Int64]) throws {
    var unsigned: [UInt64] = []
    try appendVarints(to: &unsigned)
    values.append(contentsOf: unsigned.lazy.map(Int64.init(bitPattern:)))
  }

  public func appendFloats(to values: inout [Float]) throws {
    switch value {
    case .fixed32(let bits): values.append(Float(bitPattern: bits))
    case .bytes: try packed(UInt32.self) { values.append(Float(bitPattern: $0)) }
    default: throw mismatch("floats")
    }
  }

  public func appendDoubles(to values: inout [Double]) throws {
    switch value {
    case .fixed64(let bits): values.append(Double(bitPattern: bits))
    case .bytes: try packed(UInt64.self) { values.append(Double(bitPattern: $0)) }
    default: throw mismatch("doubles")
    }
  }

  private func packed<T: FixedWidthInteger>(_ type: T.Type, _ body: (T) -> Void) throws {
    let slice = try bytes()
    let width = MemoryLayout<T>.size
    guard slice.count % width == 0 else {
      throw malformed("\(slice.count) bytes of packed numbers are not a multiple of \(width)")
    }
    for offset in stride(from: 0, to: slice.count, by: width) {
      if let value = slice.load(type, at: offset) { body(value) }
    }
  }
}
