/// A value of which only the structure counts: the types of function attributes are long and vary between compilers.
indirect enum MILLiteral {
  case string(String)
  case number(Double)
  case word(String)
  case group([MILLiteral])

  var elements: [MILLiteral]? {
    guard case .group(let elements) = self else { return nil }
    return elements
  }

  /// Of a group whose elements are pairs of a string and something: those pairs.
  var entries: [(key: String, value: MILLiteral)] {
    (elements ?? []).compactMap { element in
      guard let pair = element.elements, pair.count == 2, case .string(let key) = pair[0] else { return nil }
      return (key, pair[1])
    }
  }

  /// What stands beside the string `key` in a pair, anywhere inside.
  func find(_ key: String) -> MILLiteral? {
    guard let elements else { return nil }
    if elements.count == 2, case .string(key) = elements[0] { return elements[1] }
    for element in elements {
      if let found = element.find(key) { return found }
    }
    return nil
  }

  /// Whole numbers in one pair of brackets; what does not fit becomes the nearest that does.
  var integers: [Int]? {
    guard let elements else { return nil }
    var integers: [Int] = []
    for element in elements {
      guard case .number(let value) = element else { return nil }
      integers.append(Int(exactly: value) ?? (value < 0 ? Int.min : Int.max))
    }
    return integers
  }
}

extension MILTextParser {
  private static let brackets: [(open: StaticString, close: StaticString)] = [("(", ")"), ("[", "]"), ("{", "}")]

  mutating func literal() throws -> MILLiteral {
    try nested { parser in
      if parser.scanner.peek(is: "\"") { return .string(try parser.scanner.expectString()) }
      for (open, close) in MILTextParser.brackets where parser.scanner.take(open) {
        var elements: [MILLiteral] = []
        if parser.scanner.take(close) { return .group(elements) }
        repeat { elements.append(try parser.literal()) } while parser.scanner.take(",")
        try parser.scanner.expect(close)
        return .group(elements)
      }
      if let word = parser.scanner.peekName() {
        guard isTypeName(word) else { return .word(try parser.scanner.expectName("a word")) }
        _ = try parser.type()
        return try parser.literal()
      }
      let start = parser.scanner.position
      guard let value = Double(parser.scanner.takeNumber()) else { throw parser.scanner.failure("a value", at: start) }
      return .number(value)
    }
  }
}
