import MIL

/// The plans of an executed node's blocks, one per block and sizes of what goes in: a loop whose variables keep their sizes has one plan
/// for its body, one that grows has one per size.
final class BlockPlans: @unchecked Sendable {
  private struct Key: Hashable {
    var block: Int
    var specs: [ValueSpec]
  }
  private var plans: [Key: Plan] = [:]
  private let lock = Lock()
  private unowned let node: Node

  /// Plans kept per node: a loop whose tensors grow would otherwise keep memory for every size that it ever had.
  private static let limit = 64

  init(_ node: Node) {
    self.node = node
    var names = Set<String>()
    for block in node.blocks {
      var inner = Set<String>()
      Continuation.collect(block, &inner)
      names.formUnion(inner.subtracting(block.inputs.map(\.name)))
    }
    node.captured = names.sorted().compactMap { name in node.scope[name].map { (name, $0) } }
  }

  /// `cells`: the block's inputs, then the captured values. `ownsLists`: the block may change the lists among its inputs.
  func plan(_ index: Int, _ cells: [Cell], _ context: PlanContext, ownsLists: Bool) throws -> Plan {
    let key = Key(block: index, specs: cells.map(\.spec))
    if let known = lock.withLock({ plans[key] }) { return known }
    let made = try context.withBuildLock { try make(node.blocks[index], cells, context, ownsLists) }
    lock.withLock {
      if plans.count >= BlockPlans.limit { plans.removeAll() }
      plans[key] = made
    }
    return made
  }

  private func make(_ block: Block, _ cells: [Cell], _ context: PlanContext, _ ownsLists: Bool) throws -> Plan {
    var scope = node.scope
    var inputs: [Value] = []
    for (index, cell) in cells.enumerated() {
      if index < block.inputs.count {
        let input = Value(block.inputs[index].name, spec: cell.spec)
        input.isShared = !ownsLists
        inputs.append(input)
        continue
      }
      let (name, value) = node.captured[index - block.inputs.count]
      // What is constant in the plan around the block is in it too, also where it follows from that plan's sizes.
      if value.isFoldable || value.isState {
        inputs.append(Value(name, spec: cell.spec))
        continue
      }
      let input = Value(name, spec: cell.spec)
      input.constant = value.constant
      input.isLive = value.isLive
      input.isShared = true
      inputs.append(input)
      scope[name] = input
    }
    for (index, input) in inputs.prefix(block.inputs.count).enumerated() { scope[block.inputs[index].name] = input }
    return try Plan(context, work: block.operations.map(Work.operation), scope: scope, inputs: inputs, outputs: block.outputs)
  }
}
