/// Walking over tokens with brackets.
extension Array where Element == Token {
  /// The token that closes the bracket at `open`, or the list's end.
  func closing(_ open: Int) -> Int {
    let pairs: [Substring: Substring] = ["(": ")", "[": "]", "{": "}", "<": ">"]
    guard open < count, let close = pairs[self[open].text] else { return count }
    let isAngle = self[open].text == "<"
    var depth = 0
    var at = open
    while at < count {
      let token = self[at]
      if token.kind == .mark {
        if token.text == self[open].text { depth += 1 }
        if token.text == close {
          depth -= 1
          if depth == 0 { return at }
        }
        // A `<` that is a comparison has no partner.
        if isAngle, token.text == ";" || token.text == "{" { return open }
        if isAngle, token.text == "(" { at = closing(at) }
      }
      at += 1
    }
    return count
  }

  /// Indices in `range` that are outside of all brackets within it.
  func topLevel(_ range: Range<Int>) -> [Int] {
    var found: [Int] = []
    var at = range.lowerBound
    while at < range.upperBound {
      found.append(at)
      if self[at].kind == .mark, "([{<".contains(self[at].text) {
        at = Swift.min(Swift.max(closing(at), at), range.upperBound - 1)
        if found.last != at { found.append(at) }
      }
      at += 1
    }
    return found
  }

  /// `range` cut at the commas outside of brackets.
  func splitAtCommas(_ range: Range<Int>) -> [Range<Int>] {
    guard !range.isEmpty else { return [] }
    var parts: [Range<Int>] = []
    var start = range.lowerBound
    for index in topLevel(range) where self[index].is(",") {
      parts.append(start..<index)
      start = index + 1
    }
    parts.append(start..<range.upperBound)
    return parts
  }

  /// Whether `[[` starts at the index.
  func isAttribute(_ index: Int) -> Bool { index + 1 < count && self[index].is("[") && self[index + 1].is("[") }

  /// The attributes `[[a, b(1)]]` in `range`, each as its name and the tokens of its arguments.
  func attributes(_ range: Range<Int>) -> [(name: Substring, arguments: Range<Int>, line: Int)] {
    var found: [(name: Substring, arguments: Range<Int>, line: Int)] = []
    var at = range.lowerBound
    while at < range.upperBound {
      guard isAttribute(at) else {
        at += 1
        continue
      }
      let end = Swift.min(closing(at), range.upperBound)
      let inner = at + 2..<Swift.max(at + 2, end - 1)
      for part in splitAtCommas(inner) where !part.isEmpty {
        // `metal::buffer(0)` is `buffer(0)`.
        let name = part.first { self[$0].kind == .identifier && !($0 + 1 < part.upperBound && self[$0 + 1].is(":")) }
        guard let name else { continue }
        let open = name + 1
        let arguments =
          open < part.upperBound && self[open].is("(") ? open + 1..<Swift.max(open + 1, closing(open)) : open..<open
        found.append((self[name].text, arguments, self[name].line))
      }
      at = end + 1
    }
    return found
  }

  func text(_ range: Range<Int>) -> String { self[range].map { String($0.text) }.joined(separator: " ") }

  /// Spaces in place of every attribute: C++ knows none of them, and some of their words are macros.
  var attributeBlanks: [ShaderProgram.Edit] {
    var edits: [ShaderProgram.Edit] = []
    var at = 0
    while at < count {
      if isAttribute(at) {
        let end = Swift.min(closing(at), count - 1)
        for token in self[at...end] {
          edits.append(.init(range: token.range, replacement: String(repeating: " ", count: token.text.utf8.count)))
        }
        at = end
      }
      at += 1
    }
    return edits
  }
}
