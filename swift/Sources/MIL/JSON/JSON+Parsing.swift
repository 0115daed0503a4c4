extension JSON {
  /// Deeper nesting than any file or call of this package has; bounds the parser's stack.
  static let maximumDepth = 64

  /// Parses one JSON text (RFC 8259): UTF-8, no duplicate keys, nothing after the value.
  /// `name` is the file or argument for messages. The caller keeps the bytes' owner alive during the call.
  public init(parsing bytes: UnsafeRawBufferPointer, name: String) throws {
    var parser = JSONParser(bytes: bytes, name: name)
    self = try parser.document()
  }

  public init(parsing slice: ByteSlice, name: String) throws {
    self = try withExtendedLifetime(slice) { try JSON(parsing: slice.bytes, name: name) }
  }

  public init(parsing text: String, name: String) throws {
    var text = text
    self = try text.withUTF8 { try JSON(parsing: UnsafeRawBufferPointer($0), name: name) }
  }
}

private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  let name: String
  var position = 0

  mutating func document() throws -> JSON {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure("expected nothing after the value") }
    return value
  }

  func failure(_ expectation: String) -> ModelError {
    let found = position < bytes.count ? "byte 0x\(String(bytes[position], radix: 16))" : "the end of the text"
    return ModelError(.malformed, "\(name): JSON offset \(position): \(expectation), found \(found)")
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  mutating func take(_ byte: Character) -> Bool {
    guard let expected = byte.asciiValue, next == expected else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws -> JSON {
    guard depth < JSON.maximumDepth else { throw failure("expected at most \(JSON.maximumDepth) nested values") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  mutating func literal(_ word: String, _ value: JSON) throws -> JSON {
    for byte in word.utf8 {
      guard next == byte else { throw failure("expected \(word)") }
      position += 1
    }
    return value
  }

  mutating func object(depth: Int) throws -> JSON {
    position += 1
    var object = JSON.Object()
    skipSpace()
    if take("}") { return .object(object) }
    while true {
      skipSpace()
      let keyPosition = position
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
      let key = try string()
      guard object[key] == nil else {
        position = keyPosition
        throw failure("expected each key once, \(key.debugDescription) is there twice")
      }
      skipSpace()
      guard take(":") else { throw failure("expected ':' after the key \(key.debugDescription)") }
      object[key] = try value(depth: depth + 1)
      skipSpace()
      if take("}") { return .object(object) }
      guard take(",") else { throw failure("expected ',' or '}'") }
    }
  }

  mutating func array(depth: Int) throws -> JSON {
    position += 1
    var values: [JSON] = []
    skipSpace()
    if take("]") { return .array(values) }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw failure("expected ',' or ']'") }
    }
  }

  mutating func number() throws -> JSON {
    let start = position
    var isInteger = true
    _ = take("-")
    if !take("0") {
      guard digits() > 0 else { throw failure("expected a value") }
    }
    if take(".") {
      isInteger = false
      guard digits() > 0 else { throw failure("expected a digit after the decimal point") }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      guard digits() > 0 else { throw failure("expected a digit in the exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, text != "-0", let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      position = start
      throw failure("expected a number within the range of a double")
    }
    return .number(value)
  }

  mutating func digits() -> Int {
    let start = position
    while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
    return position - start
  }

  mutating func string() throws -> String {
    position += 1
    var text: [UInt8] = []
    while true {
      let runStart = position
      while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
      text.append(contentsOf: bytes[runStart..<position])
      switch next {
      case UInt8(ascii: "\""):
        position += 1
        guard let value = text.withUnsafeBytes({ String(strictUTF8: $0) }) else {
          throw failure("expected text in UTF-8 before this place")
        }
        return value
      case UInt8(ascii: "\\"): text.append(contentsOf: Array(String(try escape()).utf8))
      default: throw failure("expected the string's closing quote")
      }
    }
  }

  mutating func escape() throws -> Unicode.Scalar {
    position += 1
    guard let byte = next else { throw failure("expected an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default:
      position -= 1
      throw failure("expected one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
    }
  }

  mutating func unicodeEscape() throws -> Unicode.Scalar {
    var code = try fourHexDigits()
    if code >= 0xD800, code < 0xDC00 {
      guard take("\\"), take("u") else { throw failure("expected the second half of a surrogate pair") }
      let low = try fourHexDigits()
      guard low >= 0xDC00, low < 0xE000 else {
        throw failure("expected the second half of a surrogate pair before this place")
      }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("expected no unpaired surrogate before this place") }
    return scalar
  }

  mutating func fourHexDigits() throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
