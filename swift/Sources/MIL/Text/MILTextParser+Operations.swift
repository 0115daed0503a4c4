extension MILTextParser {
  /// `{ operations } -> (names)`
  mutating func block(inputs: [NamedType]) throws -> Block {
    try nested { parser in
      try parser.scanner.expect("{")
      var operations: [Operation] = []
      while !parser.scanner.take("}") { operations.append(try parser.operation()) }
      try parser.scanner.expect("->")
      var outputs: [String] = []
      try parser.list("(", ")") { outputs.append(try $0.scanner.expectName("the name of a block's output")) }
      return Block(inputs: inputs, outputs: outputs, operations: operations)
    }
  }

  private mutating func operation() throws -> Operation {
    let outputs = try outputs()
    let type = try scanner.expectName("an operation")
    var operation = Operation(type, inputs: [:], outputs: outputs)
    return try within(operation.place) {
      try list("(", ")") { parser in
        let name = try parser.scanner.expectName("a parameter's name")
        try parser.scanner.expect("=")
        operation.inputs[name] = try parser.argument()
      }
      while !scanner.take(";") {
        if scanner.peek(is: "[") {
          operation.attributes.merge(try attributes()) { $1 }
        } else {
          operation.blocks.append(try nestedBlock())
        }
      }
      return operation
    }
  }

  /// `type name, type name =`, or nothing for an operation without outputs: that has '(' after its first word.
  private mutating func outputs() throws -> [NamedType] {
    let start = scanner.position
    _ = try scanner.expectName("an operation or '}'")
    let hasOutputs = !scanner.peek(is: "(")
    scanner.rewind(to: start)
    guard hasOutputs else { return [] }
    var outputs: [NamedType] = []
    repeat { outputs.append(try namedType()) } while scanner.take(",")
    try scanner.expect("=")
    return outputs
  }

  /// How the compiler prints the blocks of `cond` and `while_loop` is not documented: an optional word and label, an
  /// optional list of inputs, and the block are taken, with or without commas between blocks.
  private mutating func nestedBlock() throws -> Block {
    _ = scanner.take(",")
    while scanner.takeName() != nil {}
    let inputs = scanner.peek(is: "(") ? try parameters() : []
    return try block(inputs: inputs)
  }

  private mutating func argument() throws -> [Binding] {
    guard scanner.peek(is: "(") else { return [try binding()] }
    var bindings: [Binding] = []
    try list("(", ")") { bindings.append(try $0.binding()) }
    return bindings
  }

  private mutating func binding() throws -> Binding {
    let start = scanner.position
    if let name = scanner.takeName() {
      let isName = !scanner.peek(is: "<") && !scanner.peek(is: "(") && name != "true" && name != "false"
      if isName { return .name(name) }
      scanner.rewind(to: start)
    }
    return .constant(try literalOrValue())
  }
}
