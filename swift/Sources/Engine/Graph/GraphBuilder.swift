import MIL

/// Operations that are still to be planned, in order.
enum Work {
  case operation(Operation)
  /// Names of an inlined block's results: outer name = inner name.
  case bind(String, to: String)
}

/// Turns MIL operations into nodes with concrete shapes, until the end or until something is known only by running.
struct GraphBuilder {
  let context: PlanContext
  private(set) var nodes: [Node] = []
  private(set) var scope: [String: Value]
  /// Work left when planning stopped, with the values whose contents or sizes it waits for.
  private(set) var remaining: [Work] = []
  private(set) var waitsFor: [Value] = []
  /// A node that has to be executed before its results' sizes are known.
  private(set) var pivot: Node?

  init(context: PlanContext, scope: [String: Value]) {
    self.context = context
    self.scope = scope
  }

  mutating func build(_ work: [Work]) throws {
    var queue = Array(work.reversed())
    while let item = queue.popLast() {
      switch item {
      case .bind(let name, let inner):
        guard let value = scope[inner] else { throw ModelError(.malformed, "block output '\(inner)' is not defined") }
        scope[name] = value
      case .operation(let operation):
        do {
          try add(operation, &queue)
        } catch let unresolved as Unresolved {
          guard !unresolved.values.contains(where: \.isLive) else {
            throw ModelError(.malformed, "\(operation.place): '\(unresolved.values.first { $0.isLive }?.name ?? "?")' does not have the contents that this operation needs")
          }
          queue.append(item)
          waitsFor = unresolved.values
          remaining = queue.reversed()
          return
        }
        if pivot != nil {
          remaining = queue.reversed()
          return
        }
      }
    }
  }

  private static func label(_ operation: Operation) -> String { operation.outputs.first?.name ?? operation.attributes["name"]?.text ?? "?" }

  static func unsupported(_ operation: Operation) -> ModelError {
    ModelError(.unsupported, "operation \(operation.type) '\(label(operation))' is not supported by the portable engine")
  }

  private mutating func add(_ operation: Operation, _ queue: inout [Work]) throws {
    let label = GraphBuilder.label(operation)
    if operation.type == "const" { return try addConstant(operation, label) }
    if operation.type == "cond" { return try inline(operation, label, &queue) }
    guard let definition = OperationTable.all[operation.type] else { throw GraphBuilder.unsupported(operation) }
    let node = Node(operation.type, label: label, inputs: [:])
    node.context = context
    for (parameter, bindings) in operation.inputs { node.inputs[parameter] = try bindings.map { try resolve($0, node, parameter) } }
    for (parameter, constant) in operation.attributes where parameter != "name" && node.inputs[parameter] == nil {
      node.inputs[parameter] = [context.value("\(label).\(parameter)", constant)]
    }
    node.blocks = operation.blocks
    if definition.execute != nil {
      node.scope = scope
      node.blockPlans = BlockPlans(node)
      node.outputs = operation.outputs.map { Value($0.name, spec: nil) }
      for value in node.operands where value.spec == nil { throw Unresolved(values: [value]) }
      pivot = node
      for output in node.outputs { scope[output.name] = output }
      return
    }
    let specs = try definition.infer(node)
    guard specs.count >= operation.outputs.count else {
      throw node.fail("has \(operation.outputs.count) outputs, expected at most \(specs.count)")
    }
    node.outputs = specs.enumerated().map { index, spec in
      Value(index < operation.outputs.count ? operation.outputs[index].name : "\(label).\(index)", spec: spec)
    }
    if definition.isPure, try fold(node, definition) { return bind(node) }
    node.declaredShapes = node.outputs.map(\.tensor.shape)
    nodes.append(node)
    bind(node)
  }

  private mutating func bind(_ node: Node) {
    for output in node.outputs { scope[output.name] = output }
  }

  private func resolve(_ binding: Binding, _ node: Node, _ parameter: String) throws -> Value {
    switch binding {
    case .constant(let constant): return context.value("\(node.label).\(parameter)", constant)
    case .name(let name):
      guard let value = scope[name] else { throw node.fail("parameter '\(parameter)' refers to '\(name)', which is not defined before it") }
      return value
    }
  }

  private mutating func addConstant(_ operation: Operation, _ label: String) throws {
    guard let constant = operation.attributes["val"] else { throw ModelError(.malformed, "const '\(label)' has no value") }
    scope[label] = context.value(label, constant)
  }

  /// A conditional becomes the branch that is taken: the predicate is known while planning, or planning waits for it.
  private mutating func inline(_ operation: Operation, _ label: String, _ queue: inout [Work]) throws {
    let node = Node("cond", label: label, inputs: [:])
    guard let binding = operation.inputs["pred"]?.first, operation.blocks.count == 2 else { throw node.fail("needs a predicate and two blocks") }
    let predicate = try resolve(binding, node, "pred")
    guard let taken = predicate.numbers?.first else { throw Unresolved(values: [predicate]) }
    let block = operation.blocks[taken != 0 ? 0 : 1]
    guard block.outputs.count >= operation.outputs.count else { throw node.fail("a block gives \(block.outputs.count) values, expected \(operation.outputs.count)") }
    for (outer, inner) in zip(operation.outputs, block.outputs).reversed() { queue.append(.bind(outer.name, to: inner)) }
    for inner in block.operations.reversed() { queue.append(.operation(inner)) }
  }

  /// Largest result that is computed while planning although it does not shrink: weights decompress at load, shapes fold,
  /// but a plan should not carry big tables that a kernel makes as fast as memory delivers them.
  private static let foldLimit = 64 << 20

  private func fold(_ node: Node, _ definition: OperationDefinition) throws -> Bool {
    let operands = node.operands
    // `shape` reads sizes only.
    guard node.type == "shape" || operands.allSatisfy(\.isFoldable), definition.kernel != nil || definition.view != nil || definition.elementwise != nil else { return false }
    var byteCount = 0
    for output in node.outputs {
      guard case .tensor(let spec)? = output.spec, spec.element != .string else { return false }
      byteCount &+= spec.byteCount
    }
    guard byteCount <= GraphBuilder.foldLimit || node.type.hasPrefix("constexpr_") else { return false }
    let isStable = node.type != "shape" && operands.allSatisfy(\.isStable)
    let key = PlanContext.FoldKey(label: node.label, operands: operands.map { $0.bytes?.baseAddress })
    if isStable, let stored = context.foldedConstants(key), stored.count == node.outputs.count {
      for (output, constant) in zip(node.outputs, stored) { output.constant = constant }
    } else {
      let cells = try Plan.evaluate(node, definition, context: context)
      for (output, cell) in zip(node.outputs, cells) {
        guard let address = cell.address else { return false }
        let spec = cell.tensor
        let bytes = UnsafeRawBufferPointer(start: address, count: spec.byteCount)
        output.constant = Constant(type: .tensor(TensorType(spec.element, sizes: spec.shape)), payload: .bytes(ByteSlice(owner: cell.owner, bytes: bytes)))
      }
      if isStable { context.storeFolded(key, node.outputs.compactMap(\.constant)) }
    }
    for output in node.outputs { output.isStable = isStable }
    return true
  }
}

extension Constant {
  var text: String? {
    if case .strings(let strings) = payload { return strings.first }
    return nil
  }
}
