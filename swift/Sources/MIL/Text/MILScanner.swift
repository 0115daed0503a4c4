/// The characters of a MIL text: names, numbers, strings and punctuation, with positions for messages.
struct MILScanner {
  let text: ByteSlice
  let name: String
  private(set) var position = 0

  init(_ text: ByteSlice, name: String) {
    self.text = text
    self.name = name
  }

  private func byte(at offset: Int) -> UInt8? { offset < text.count ? text.bytes[offset] : nil }

  func failure(_ expectation: String, at offset: Int? = nil) -> ModelError {
    let offset = offset ?? position
    let before = text.bytes.prefix(offset)
    let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    let column = offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    let rest = String(decoding: text.bytes.dropFirst(offset).prefix(24).prefix { $0 != 0x0A }, as: UTF8.self)
    let found = offset >= text.count ? "the end of the file" : rest.debugDescription
    return ModelError(.malformed, "\(name):\(line):\(column): expected \(expectation), found \(found)")
  }

  /// Skips white space and comments; answers the next byte without taking it.
  mutating func peek() -> UInt8? {
    while let next = byte(at: position) {
      switch next {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      case UInt8(ascii: "/") where byte(at: position + 1) == UInt8(ascii: "/"):
        while let next = byte(at: position), next != 0x0A { position += 1 }
      default: return next
      }
    }
    return nil
  }

  mutating func peek(is character: Unicode.Scalar) -> Bool { peek() == UInt8(ascii: character) }

  /// Takes the punctuation if it is next.
  mutating func take(_ punctuation: StaticString) -> Bool {
    guard peek() != nil else { return false }
    let matches = punctuation.withUTF8Buffer { expected in
      expected.indices.allSatisfy { byte(at: position + $0) == expected[$0] }
    }
    if matches { position += punctuation.utf8CodeUnitCount }
    return matches
  }

  mutating func expect(_ punctuation: StaticString, _ why: String = "") throws {
    guard take(punctuation) else { throw failure("'\(punctuation)'\(why)") }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      return true
    case UInt8(ascii: "_"), UInt8(ascii: "@"), 0x80...: return true
    default: return false
    }
  }

  mutating func takeName() -> String? {
    guard let next = peek(), MILScanner.isNameByte(next), !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) else {
      return nil
    }
    let start = position
    while let next = byte(at: position), MILScanner.isNameByte(next) { position += 1 }
    return String(decoding: text.bytes[start..<position], as: UTF8.self)
  }

  mutating func expectName(_ what: String) throws -> String {
    guard let name = takeName() else { throw failure(what) }
    return name
  }

  /// The name that is next, without taking it.
  mutating func peekName() -> String? {
    let start = position
    defer { position = start }
    return takeName()
  }

  /// The characters of a number, or of one of the words that stand for numbers (inf, nan); empty when there are none.
  mutating func takeNumber() -> String {
    guard peek() != nil else { return "" }
    let start = position
    while let next = byte(at: position),
      MILScanner.isNameByte(next) || next == UInt8(ascii: ".") || next == UInt8(ascii: "-") || next == UInt8(ascii: "+")
    { position += 1 }
    return String(decoding: text.bytes[start..<position], as: UTF8.self)
  }

  /// Goes back to a place where `position` has been.
  mutating func rewind(to offset: Int) { position = offset }

  /// A string in quotes. Apple does not document escapes; those of C are taken, and an unknown one is its character.
  mutating func expectString() throws -> String {
    guard take("\"") else { throw failure("a string in quotes") }
    let start = position
    var bytes: [UInt8] = []
    while let next = byte(at: position) {
      position += 1
      switch next {
      case UInt8(ascii: "\""):
        guard let string = bytes.withUnsafeBytes({ String(strictUTF8: $0) }) else {
          throw failure("text in UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"):
        guard let escaped = byte(at: position) else { throw failure("the string's closing quote") }
        position += 1
        bytes.append(try unescape(escaped))
      default: bytes.append(next)
      }
    }
    throw failure("the closing quote of the string that begins at byte \(start)")
  }

  private mutating func unescape(_ byte: UInt8) throws -> UInt8 {
    switch byte {
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "x"):
      guard let digits = text.slice(at: position, byteCount: 2)?.text, let value = UInt8(digits, radix: 16) else {
        throw failure("two hexadecimal digits")
      }
      position += 2
      return value
    default: return byte
    }
  }
}
