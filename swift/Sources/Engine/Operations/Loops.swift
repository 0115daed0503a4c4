import MIL

extension OperationTable {
  static let loops: [OperationDefinition] = [
    OperationDefinition(
      "while_loop", infer: { throw $0.fail("is executed, not planned") }, isPure: false,
      execute: { node, context, cells, state in
        var loop = try WhileLoop(node, context, cells, state)
        return try loop.run()
      }),
  ]
}

/// One execution of a `while_loop`: blocks[0] of the variables says whether blocks[1] makes new ones of them once more.
private struct WhileLoop {
  private let node: Node
  private let context: PlanContext
  private let plans: BlockPlans
  private let state: StateStorage?
  private let body: Block
  /// The variables, then what the blocks capture.
  private var cells: [Cell]
  private let count: Int
  /// The plan that a block had last: rounds that change no size find it without hashing sizes.
  private var recent: [(specs: [ValueSpec], plan: Plan)?] = [nil, nil]
  /// The body gives the variable back as it is: no copy needed.
  private let isInvariant: [Bool]
  /// Memory that a variable was in before the last round; the next round writes there.
  private var spare: [OwnedBytes?]
  /// The variable is in memory that this loop made, not in that of its first value.
  private var isOwned: [Bool]

  init(_ node: Node, _ context: PlanContext, _ cells: [Cell], _ state: StateStorage?) throws {
    self.node = node
    self.context = context
    self.state = state
    let count = node.operandValues.count
    self.count = count
    guard let plans = node.blockPlans, node.blocks.count == 2, cells.count == count + node.captured.count else { throw node.fail("needs a condition and a body") }
    self.plans = plans
    body = node.blocks[1]
    guard node.blocks[0].inputs.count == count, node.blocks[0].outputs.count == 1, body.inputs.count == count, body.outputs.count == count, node.outputs.count == count else {
      throw node.fail("has \(count) variables and \(node.outputs.count) outputs; its condition takes \(node.blocks[0].inputs.count), its body takes \(body.inputs.count) and gives \(body.outputs.count)")
    }
    self.cells = cells
    isInvariant = zip(body.inputs, body.outputs).map { $0.name == $1 }
    spare = [OwnedBytes?](repeating: nil, count: count)
    isOwned = [Bool](repeating: false, count: count)
  }

  mutating func run() throws -> [Cell] {
    let answer = OwnedBytes(byteCount: 64)
    while try isTrue(answer) { try step() }
    return Array(cells.prefix(count))
  }

  private mutating func plan(_ block: Int) throws -> Plan {
    if let known = recent[block], zip(known.specs, cells).allSatisfy({ $0 == $1.spec }) { return known.plan }
    let plan = try plans.plan(block, cells, context, ownsLists: block == 1)
    recent[block] = (cells.map(\.spec), plan)
    return plan
  }

  private mutating func isTrue(_ answer: OwnedBytes) throws -> Bool {
    let plan = try self.plan(0)
    let memory = plan.resultSpecs.first.flatMap { spec -> TensorMemory? in
      guard case .tensor(let tensor)? = spec, tensor.byteCount <= answer.byteCount else { return nil }
      return TensorMemory(spec: tensor, address: answer.pointer, owner: answer)
    }
    let result = try plan.run(cells, outputs: [memory], state: state)
    guard let cell = result.first, let address = cell.address, let number = Scalars.read(UnsafeRawBufferPointer(start: address, count: cell.tensor.byteCount), cell.tensor)?.first else {
      throw node.fail("the condition gives no truth value", .runtime)
    }
    return number != 0
  }

  private mutating func step() throws {
    let plan = try self.plan(1)
    var memory = [TensorMemory?](repeating: nil, count: count)
    for (index, spec) in plan.resultSpecs.enumerated() where !isInvariant[index] {
      guard case .tensor(let tensor)? = spec else { continue }
      let known = spare[index]?.byteCount == tensor.byteCount ? spare[index] : nil
      let bytes = known ?? OwnedBytes(byteCount: tensor.byteCount)
      memory[index] = TensorMemory(spec: tensor, address: bytes.pointer, owner: bytes)
    }
    let results = try plan.run(cells, outputs: memory, state: state)
    guard results.count == count else { throw node.fail("the body gives \(results.count) values, expected \(count)", .runtime) }
    for (index, result) in results.enumerated() where !isInvariant[index] {
      spare[index] = isOwned[index] ? cells[index].owner as? OwnedBytes : nil
      isOwned[index] = true
      cells[index] = result
    }
  }
}
