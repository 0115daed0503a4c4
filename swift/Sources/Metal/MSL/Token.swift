/// One token of preprocessed MSL.
struct Token {
  enum Kind { case identifier, number, text, mark }
  var kind: Kind
  var text: Substring
  /// The place in the preprocessed source.
  var range: Range<String.UTF8View.Index>
  /// In the user's file.
  var line: Int

  func `is`(_ other: String) -> Bool { kind != .text && text == other }
}

/// Splits the output of `clang -E` into tokens. Marks are single characters; lines that start with # tell where the text comes from.
struct Tokenizer {
  private let source: String.UTF8View
  private let text: String
  private var at: String.UTF8View.Index
  private var line = 1
  private var isLineStart = true
  private(set) var tokens: [Token] = []

  static func tokens(of text: String) -> [Token] {
    var tokenizer = Tokenizer(text)
    while tokenizer.readToken() {}
    return tokenizer.tokens
  }

  private init(_ text: String) {
    self.text = text
    source = text.utf8
    at = source.startIndex
  }

  private var current: UInt8? { at < source.endIndex ? source[at] : nil }

  private mutating func readToken() -> Bool {
    guard let byte = current else { return false }
    switch byte {
    case UInt8(ascii: "\n"):
      line += 1
      isLineStart = true
      at = source.index(after: at)
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): at = source.index(after: at)
    case UInt8(ascii: "#") where isLineStart: readLineMark()
    case UInt8(ascii: "\""), UInt8(ascii: "'"): readText(byte)
    default:
      if isDigit(byte) {
        read(.number) { isWord($0) || $0 == UInt8(ascii: ".") }
      } else if isWord(byte) {
        read(.identifier, while: isWord)
      } else {
        let start = at
        at = source.index(after: at)
        append(.mark, start)
      }
    }
    return true
  }

  /// `# 12 "file"` and `#line 12`: the next line has that number. Other directives (pragmas) are passed over.
  private mutating func readLineMark() {
    let start = at
    while let byte = current, byte != UInt8(ascii: "\n") { at = source.index(after: at) }
    let words = String(decoding: source[start..<at], as: UTF8.self).dropFirst().split(separator: " ")
    let number = words.first == "line" ? words.dropFirst().first : words.first
    if let number, let value = Int(number) { line = value - 1 }
  }

  private mutating func readText(_ quote: UInt8) {
    let start = at
    at = source.index(after: at)
    while let byte = current, byte != quote, byte != UInt8(ascii: "\n") {
      at = source.index(after: at)
      if byte == UInt8(ascii: "\\"), current != nil { at = source.index(after: at) }
    }
    if current == quote { at = source.index(after: at) }
    append(.text, start)
  }

  private mutating func read(_ kind: Token.Kind, while belongs: (UInt8) -> Bool) {
    let start = at
    while let byte = current, belongs(byte) { at = source.index(after: at) }
    append(kind, start)
  }

  private mutating func append(_ kind: Token.Kind, _ start: String.UTF8View.Index) {
    isLineStart = false
    tokens.append(Token(kind: kind, text: text[start..<at], range: start..<at, line: line))
  }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
private func isWord(_ byte: UInt8) -> Bool {
  isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_")
    || byte >= 0x80
}
