/// What holds for every program whatever file it came from: names are defined once and before their use, and
/// constants are of their declared type.
enum ProgramValidation {
  static func check(_ function: Function, file: String) throws {
    var scope = Scope(file: file)
    try within("function '\(function.name)'") {
      for input in function.inputs { try scope.define(input.name, what: "input") }
      try scope.check(function.block)
    }
  }

  /// Names visible at one place; a nested block sees those around it.
  private struct Scope {
    let file: String
    var names: Set<String> = []
    /// Names of this block alone: a nested block may reuse an outer name, one block may not use a name twice.
    var own: Set<String> = []

    init(file: String) { self.file = file }

    func malformed(_ what: String) -> ModelError { ModelError(.malformed, "\(file): \(what)") }

    mutating func define(_ name: String, what: String) throws {
      guard own.insert(name).inserted else { throw malformed("\(what) '\(name)' has the name of an earlier value") }
      names.insert(name)
    }

    mutating func check(_ block: Block) throws {
      for input in block.inputs { try define(input.name, what: "block input") }
      for operation in block.operations { try within(operation.place) { try check(operation) } }
      for output in block.outputs where !names.contains(output) { throw malformed("output '\(output)' is not defined") }
    }

    mutating func check(_ operation: Operation) throws {
      for (parameter, bindings) in operation.inputs {
        for case .name(let name) in bindings where !names.contains(name) {
          throw malformed("parameter '\(parameter)' uses '\(name)', which is not defined before it")
        }
      }
      for block in operation.blocks {
        var inner = self
        inner.own = []
        try inner.check(block)
      }
      if operation.type == "const" { try checkConstant(operation) }
      for output in operation.outputs { try define(output.name, what: "output") }
    }

    func checkConstant(_ operation: Operation) throws {
      guard operation.outputs.count == 1, let output = operation.outputs.first else {
        throw malformed("a const has \(operation.outputs.count) outputs, expected 1")
      }
      guard let value = operation.attributes["val"] else { throw malformed("a const without its value 'val'") }
      guard agree(value.type, output.type) else {
        throw malformed("a const of type \(output.type) has a value of type \(value.type)")
      }
    }

    func agree(_ value: ValueType, _ declared: ValueType) -> Bool {
      guard case .tensor(let value) = value, case .tensor(let declared) = declared else { return true }
      if value.element == declared.element && (value.hasUnknownRank || declared.hasUnknownRank) { return true }
      return value.element == declared.element && value.shape.count == declared.shape.count
        && zip(value.shape, declared.shape).allSatisfy { $0 == $1 || $0 == .unknown || $1 == .unknown }
    }
  }
}
