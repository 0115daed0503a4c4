extension MILTextParser {
  /// A typed value, or one of the bare literals that the newer dialect allows.
  mutating func literalOrValue() throws -> Constant {
    if scanner.peek(is: "\"") { return try tensor(TensorType(.string, [])) }
    if let word = scanner.peekName() {
      return word == "true" || word == "false" ? try tensor(TensorType(.bool, [])) : try value()
    }
    let start = scanner.position
    let number = scanner.takeNumber()
    scanner.rewind(to: start)
    return try tensor(TensorType(Int64(number) == nil ? .float32 : .int32, []))
  }

  /// `type(content)`
  mutating func value() throws -> Constant {
    let type = try type()
    try scanner.expect("(", " and the value of type \(type)")
    let constant = try content(type)
    try scanner.expect(")", " after the value of type \(type)")
    return constant
  }

  private mutating func content(_ type: ValueType) throws -> Constant {
    try nested { parser in
      if let word = parser.scanner.peekName(), isTypeName(word) { return try parser.value() }
      switch type {
      case .tensor(let tensor): return try parser.tensor(tensor)
      case .tuple(let types): return try parser.tuple(types)
      case .list(let element, let length): return try parser.elements(element, length: length)
      case .dictionary(let key, let value): return try parser.dictionary(key: key, value: value)
      case .state: throw parser.scanner.failure("a type that has constants, not \(type)")
      }
    }
  }

  private mutating func tuple(_ types: [ValueType]) throws -> Constant {
    var elements: [Constant] = []
    let start = scanner.position
    try list("(", ")") { parser in
      guard elements.count < types.count else {
        throw parser.scanner.failure("a tuple of \(types.count) elements", at: start)
      }
      elements.append(try parser.content(types[elements.count]))
    }
    guard elements.count == types.count else { throw scanner.failure("a tuple of \(types.count) elements", at: start) }
    return Constant(type: .tuple(types), payload: .elements(elements))
  }

  private mutating func elements(_ type: ValueType, length: Dimension) throws -> Constant {
    var elements: [Constant] = []
    let start = scanner.position
    let isInParentheses = scanner.peek(is: "(")
    try list(isInParentheses ? "(" : "[", isInParentheses ? ")" : "]") { elements.append(try $0.content(type)) }
    if case .fixed(let count) = length, count != elements.count {
      throw scanner.failure("a list of \(count) elements", at: start)
    }
    return Constant(type: .list(type, length: length), payload: .elements(elements))
  }

  private mutating func dictionary(key: ValueType, value: ValueType) throws -> Constant {
    var entries: [(key: Constant, value: Constant)] = []
    try list("{", "}") { parser in
      try parser.scanner.expect("{")
      let entryKey = try parser.content(key)
      try parser.scanner.expect(",")
      let entryValue = try parser.content(value)
      try parser.scanner.expect("}")
      entries.append((entryKey, entryValue))
    }
    return Constant(type: .dictionary(key: key, value: value), payload: .dictionary(entries))
  }

  private mutating func tensor(_ type: TensorType) throws -> Constant {
    if scanner.peekName() == "BLOBFILE" { return try blob(type) }
    let start = scanner.position
    var collector = ElementCollector(type.element)
    if !scanner.peek(is: ")") { try collect(into: &collector) }
    guard let filled = type.filled(elementCount: collector.count) else {
      throw scanner.failure(
        "\(type.elementCount.map(String.init) ?? "a number of") elements for the type \(type), there are \(collector.count)",
        at: start)
    }
    return Constant(type: .tensor(filled), payload: collector.payload)
  }

  /// A scalar, or elements in brackets, nested or not.
  private mutating func collect(into collector: inout ElementCollector) throws {
    guard scanner.peek(is: "[") else { return try collectScalar(into: &collector) }
    try nested { parser in try parser.list("[", "]") { try $0.collect(into: &collector) } }
  }

  private mutating func collectScalar(into collector: inout ElementCollector) throws {
    if scanner.peek(is: "\"") {
      guard collector.element == .string else { throw scanner.failure("a value of type \(collector.element)") }
      return collector.strings.append(try scanner.expectString())
    }
    let start = scanner.position
    let number = scanner.takeNumber()
    guard collector.append(number) else { throw scanner.failure("a value of type \(collector.element)", at: start) }
  }

  private mutating func blob(_ type: TensorType) throws -> Constant {
    let start = scanner.position
    _ = scanner.takeName()
    var path: String?
    var offset: UInt64?
    try list("(", ")") { parser in
      let name = try parser.scanner.expectName("path or offset")
      try parser.scanner.expect("=")
      let constant = try parser.literalOrValue()
      switch (name, constant.payload) {
      case ("path", .strings(let strings)): path = strings.first
      case ("offset", .bytes(let bytes)):
        offset = bytes.load(UInt64.self, at: 0) ?? bytes.load(UInt32.self, at: 0).map(UInt64.init)
      default: break
      }
    }
    guard let path, let offset else {
      throw scanner.failure("BLOBFILE(path = string(…), offset = uint64(…))", at: start)
    }
    guard let byteCount = type.byteCount else {
      throw scanner.failure("a tensor of numbers with a fixed shape, not \(type)", at: start)
    }
    return Constant(
      type: .tensor(type), payload: .bytes(try weights.data(fileName: path, offset: offset, byteCount: byteCount)))
  }
}

func isTypeName(_ word: String) -> Bool {
  ["tensor", "list", "tuple", "dict"].contains(word) || ElementType(name: word) != nil
}

/// The elements of one tensor as they are read from text.
private struct ElementCollector {
  let element: ElementType
  var strings: [String] = []
  private var encoder: ElementEncoder

  init(_ element: ElementType) {
    self.element = element
    encoder = ElementEncoder(element)
  }

  var count: Int { element == .string ? strings.count : encoder.count }
  var payload: Constant.Payload { element == .string ? .strings(strings) : .bytes(encoder.encoded()) }

  mutating func append(_ text: String) -> Bool {
    if element == .bool, text == "true" || text == "false" {
      return encoder.append(text == "true" ? Int64(1) : Int64(0))
    }
    if element.isFloat {
      if element == .float32, let value = Float(text) { return encoder.append(value) }
      return Double(text).map { encoder.append($0) } ?? false
    }
    if let integer = Int64(text) { return encoder.append(integer) }
    if let integer = UInt64(text) { return encoder.append(integer) }
    guard text.hasPrefix("0x"), let integer = UInt64(text.dropFirst(2), radix: 16) else { return false }
    return encoder.append(integer)
  }
}

extension TensorType {
  /// The type with its one unknown dimension, if it has one, as `elementCount` makes it; nil when they do not agree.
  fileprivate func filled(elementCount: Int) -> TensorType? {
    if let expected = self.elementCount { return expected == elementCount ? self : nil }
    guard !hasUnknownRank, shape.filter({ $0 == .unknown }).count == 1 else { return nil }
    let known = shape.compactMap { if case .fixed(let size) = $0 { size } else { nil } }
    guard let product = checkedProduct(known), product > 0, elementCount % product == 0 else { return nil }
    return TensorType(element, shape.map { $0 == .unknown ? .fixed(elementCount / product) : $0 })
  }
}
