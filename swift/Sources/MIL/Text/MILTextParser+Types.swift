extension MILTextParser {
  mutating func type() throws -> ValueType {
    try nested { parser in
      let start = parser.scanner.position
      let word = try parser.scanner.expectName("a type")
      switch word {
      case "tensor": return .tensor(try parser.tensorType())
      case "list":
        try parser.scanner.expect("<")
        let element = try parser.type()
        try parser.scanner.expect(",")
        let length = try parser.dimension()
        try parser.scanner.expect(">")
        return .list(element, length: length)
      case "tuple":
        var types: [ValueType] = []
        try parser.list("<", ">") { types.append(try $0.type()) }
        return .tuple(types)
      case "dict":
        try parser.scanner.expect("<")
        let key = try parser.type()
        try parser.scanner.expect(",")
        let value = try parser.type()
        try parser.scanner.expect(">")
        return .dictionary(key: key, value: value)
      case "state":
        try parser.scanner.expect("<")
        let wrapped = try parser.type()
        try parser.scanner.expect(">")
        return .state(wrapped)
      default:
        guard let element = ElementType(name: word) else { throw parser.scanner.failure("a type", at: start) }
        return .tensor(TensorType(element, []))
      }
    }
  }

  private mutating func tensorType() throws -> TensorType {
    try scanner.expect("<")
    let start = scanner.position
    guard let element = ElementType(name: try scanner.expectName("an element type")) else {
      throw scanner.failure("an element type such as fp16", at: start)
    }
    try scanner.expect(",")
    var type = TensorType(element, [])
    try list("[", "]") { parser in
      if parser.scanner.take("...") { type.hasUnknownRank = true } else { type.shape.append(try parser.dimension()) }
    }
    try scanner.expect(">")
    if type.hasUnknownRank { type.shape = [] }
    guard type.isAddressable else { throw scanner.failure("a shape of at most 2^48 elements", at: start) }
    return type
  }

  /// A size, or `?` or a symbol for one that is not known.
  private mutating func dimension() throws -> Dimension {
    if scanner.take("?") || scanner.takeName() != nil { return .unknown }
    let start = scanner.position
    guard let size = Int(scanner.takeNumber()), size >= 0 else {
      throw scanner.failure("a dimension: 0 or more, or ?", at: start)
    }
    return .fixed(size)
  }
}
