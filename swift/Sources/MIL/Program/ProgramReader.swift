/// MIL.proto program → `Program`.
struct ProgramReader {
  /// Deeper nesting of `cond` and `while_loop` than any model has; bounds the stack of whoever walks the graph.
  static let maximumBlockDepth = 32

  private let values: ValueReader

  init(weights: WeightFiles) { values = ValueReader(weights: weights) }

  func program(_ message: ProtobufMessage) throws -> Program {
    var program = Program(version: 0, functions: [:])
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: program.version = Int(truncatingIfNeeded: try field.int64())
      case 2:
        let (name, content) = try field.mapEntry()
        guard program.functions[name] == nil else { throw field.malformed("function '\(name)' is there twice") }
        program.functions[name] = try within("function '\(name)'") { try function(name, content) }
      case 4:
        let (name, value) = try field.mapEntry()
        program.attributes[name] = try within("program attribute '\(name)'") { try values.constant(value) }
      default: break
      }
    }
    guard program.version == 1 else {
      throw ModelError(.unsupported, "\(message.name): program version \(program.version), expected 1")
    }
    guard !program.functions.isEmpty else { throw message.malformed("the program has no function") }
    for function in program.functions.values { try ProgramValidation.check(function, file: message.name) }
    return program
  }

  private func function(_ name: String, _ message: ProtobufMessage) throws -> Function {
    var function = Function(name: name, opset: "", inputs: [], block: Block(outputs: [], operations: []))
    var blocks: [String: ProtobufMessage] = [:]
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: function.inputs.append(try namedType(field.message()))
      case 2: function.opset = try field.string()
      case 3:
        let (opset, block) = try field.mapEntry()
        blocks[opset] = block
      default: break
      }
    }
    guard let block = blocks[function.opset] else {
      throw message.malformed(
        "no block for the function's opset '\(function.opset)'; there are blocks for: \(blocks.keys.sorted().joined(separator: ", "))"
      )
    }
    function.block = try self.block(block, depth: 0)
    return function
  }

  private func block(_ message: ProtobufMessage, depth: Int) throws -> Block {
    guard depth < ProgramReader.maximumBlockDepth else {
      throw message.malformed("expected at most \(ProgramReader.maximumBlockDepth) nested blocks")
    }
    var block = Block(outputs: [], operations: [])
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: block.inputs.append(try namedType(field.message()))
      case 2: block.outputs.append(try field.string())
      case 3: block.operations.append(try operation(field.message(), depth: depth))
      default: break
      }
    }
    return block
  }

  private func operation(_ message: ProtobufMessage, depth: Int) throws -> Operation {
    var operation = Operation("", inputs: [:], outputs: [])
    // The signature first: it names the operation in errors about the rest.
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: operation.type = try field.string()
      case 3: operation.outputs.append(try namedType(field.message()))
      default: break
      }
    }
    guard !operation.type.isEmpty else { throw message.malformed("an operation has no type") }
    return try within(operation.place) {
      fields = message.fields()
      while let field = try fields.next() {
        switch field.number {
        case 2:
          let (name, argument) = try field.mapEntry()
          operation.inputs[name] = try within("parameter '\(name)'") { try bindings(argument) }
        case 4: operation.blocks.append(try block(field.message(), depth: depth + 1))
        case 5:
          let (name, value) = try field.mapEntry()
          operation.attributes[name] = try within("attribute '\(name)'") { try values.constant(value) }
        default: break
        }
      }
      return operation
    }
  }

  private func bindings(_ message: ProtobufMessage) throws -> [Binding] {
    var bindings: [Binding] = []
    try message.forEach(field: 1) { element in
      var binding: Binding?
      var fields = try element.message().fields()
      while let field = try fields.next() {
        switch field.number {
        case 1: binding = .name(try field.string())
        case 2: binding = .constant(try values.constant(field.message()))
        default: break
        }
      }
      guard let binding else { throw element.malformed("an argument has neither a name nor a value") }
      bindings.append(binding)
    }
    return bindings
  }

  private func namedType(_ message: ProtobufMessage) throws -> NamedType {
    var name = ""
    var type: ValueType?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2: type = try within("'\(name)'") { try TypeReader.valueType(field.message()) }
      default: break
      }
    }
    guard !name.isEmpty else { throw message.malformed("an input or output has no name") }
    guard let type else { throw message.malformed("'\(name)' has no type") }
    return NamedType(name, type)
  }
}

extension Operation {
  /// How messages name an operation: by its type and its first output.
  public var place: String {
    guard let output = outputs.first else { return "operation \(type)" }
    return "operation \(type) ('\(output.name)')"
  }
}
