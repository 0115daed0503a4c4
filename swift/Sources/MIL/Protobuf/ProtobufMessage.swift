/// A protobuf message that lies in a file's bytes. Reading is by field, in file order, without a schema:
///
///     var fields = message.fields()
///     while let field = try fields.next() {
///       switch field.number {
///       case 1: name = try field.string()
///       case 2: child = try Child(field.message())
///       default: break  // unknown fields are skipped
///       }
///     }
public struct ProtobufMessage: Sendable {
  /// Deeper nesting than any model has; bounds the stack of recursive readers.
  static let maximumDepth = 100

  let source: Source
  let start: Int
  let end: Int
  let depth: Int

  final class Source: Sendable {
    let name: String
    let slice: ByteSlice
    init(name: String, slice: ByteSlice) {
      self.name = name
      self.slice = slice
    }
  }

  /// `name` is the file (or the part of it) for messages.
  public init(_ slice: ByteSlice, name: String) {
    source = Source(name: name, slice: slice)
    start = 0
    end = slice.count
    depth = 0
  }

  init(source: Source, start: Int, end: Int, depth: Int) {
    self.source = source
    self.start = start
    self.end = end
    self.depth = depth
  }

  public var name: String { source.name }
  public var byteCount: Int { end - start }

  /// The message's own bytes, in place.
  public var slice: ByteSlice {
    source.slice.slice(at: start, byteCount: end - start)
      ?? ByteSlice(owner: nil, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  public func fields() -> ProtobufFields { ProtobufFields(message: self) }

  /// Calls `body` for each occurrence of one field and skips the others.
  public func forEach(field number: Int, _ body: (ProtobufField) throws -> Void) throws {
    var fields = fields()
    while let field = try fields.next() {
      if field.number == number { try body(field) }
    }
  }

  public func malformed(_ what: String) -> ModelError {
    ModelError(.malformed, "\(source.name): byte \(start): \(what)")
  }
}

/// The fields of one message, each checked to lie wholly inside it.
public struct ProtobufFields: Sendable {
  let message: ProtobufMessage
  var cursor: ProtobufCursor

  init(message: ProtobufMessage) {
    self.message = message
    cursor = ProtobufCursor(source: message.source, position: message.start, end: message.end)
  }

  public mutating func next() throws -> ProtobufField? {
    guard cursor.position < cursor.end else { return nil }
    let offset = cursor.position
    let tag = try cursor.varint()
    guard let number = Int32(exactly: tag >> 3), number > 0, number < 1 << 29 else {
      throw cursor.failure(at: offset, "field number \(tag >> 3) is outside 1…536870911")
    }
    let value: ProtobufField.Value
    switch tag & 7 {
    case 0: value = .varint(try cursor.varint())
    case 1: value = .fixed64(try cursor.fixed(UInt64.self))
    case 2:
      let byteCount = try cursor.varint()
      guard let count = Int(exactly: byteCount), count <= cursor.end - cursor.position else {
        throw cursor.failure(
          at: offset,
          "field \(number) says it has \(byteCount) bytes, but only \(cursor.end - cursor.position) are left; the file is truncated or damaged"
        )
      }
      value = .bytes(start: cursor.position, end: cursor.position + count)
      cursor.position += count
    case 5: value = .fixed32(try cursor.fixed(UInt32.self))
    default: throw cursor.failure(at: offset, "field \(number) has wire type \(tag & 7), expected 0, 1, 2 or 5")
    }
    return ProtobufField(number: Int(number), offset: offset, value: value, parent: message)
  }
}

struct ProtobufCursor: Sendable {
  let source: ProtobufMessage.Source
  var position: Int
  let end: Int

  func failure(at offset: Int, _ what: String) -> ModelError {
    ModelError(.malformed, "\(source.name): byte \(offset): \(what)")
  }

  mutating func varint() throws -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = source.slice.bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw failure(
      at: start,
      position == end ? "a number is cut off; the file is truncated or damaged" : "a number has more than 64 bits")
  }

  mutating func fixed<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard position <= end, MemoryLayout<T>.size <= end - position, let value = source.slice.load(type, at: position)
    else {
      throw failure(
        at: position, "a number of \(MemoryLayout<T>.size) bytes is cut off; the file is truncated or damaged")
    }
    position += MemoryLayout<T>.size
    return value
  }
}
