import MIL

/// The part of a function behind a point where planning had to stop: it is planned when a run gets there, with the sizes and values
/// that this run has, and kept for the next run that has the same.
final class Continuation {
  private let context: PlanContext
  private let work: [Work]
  private let scope: [String: Value]
  private let outputs: [String]
  private let pivot: Node?
  private let waitsFor: [Value]
  /// Values of the first part that the rest, or the pivot, reads.
  let liveValues: [Value]
  /// Lists among the pivot's operands that somebody else reads: it gets a copy that it may change.
  private let pivotCopies: [Bool]
  private var plans: [Key: Plan] = [:]
  private let lock = Lock()

  private struct Key: Hashable {
    var specs: [ValueSpec]
    var contents: [UInt8]
  }

  /// Contents up to this size distinguish cached plans; larger ones are planned again each time.
  private static let keyLimit = 4096
  private static let planLimit = 32

  init(_ context: PlanContext, builder: GraphBuilder, outputs: [String]) {
    self.context = context
    work = builder.remaining
    scope = builder.scope
    pivot = builder.pivot
    waitsFor = builder.waitsFor
    self.outputs = outputs
    var names = Set(outputs)
    for item in work { Continuation.collect(item, &names) }
    var live: [Value] = []
    var seen = Set(builder.pivot?.outputs.map { ObjectIdentifier($0) } ?? [])
    // A state has no memory of its own in a plan: its name in the scope is all that the rest needs.
    func add(_ value: Value) {
      if !value.isFoldable, !value.isState, seen.insert(ObjectIdentifier(value)).inserted { live.append(value) }
    }
    for name in names.sorted() {
      if let value = scope[name] { add(value) }
    }
    for value in builder.waitsFor { add(value) }
    if let pivot {
      let readLater = Set(live.map { ObjectIdentifier($0) })
      var before = readLater.union(pivot.captured.map { ObjectIdentifier($0.value) })
      pivotCopies = pivot.operandValues.map { value in
        value.isList && (value.isShared || !before.insert(ObjectIdentifier(value)).inserted)
      }
      for value in pivot.operandValues + pivot.captured.map(\.value) { add(value) }
    } else {
      pivotCopies = []
    }
    liveValues = live
  }

  private static func collect(_ item: Work, _ names: inout Set<String>) {
    switch item {
    case .bind(_, let inner): names.insert(inner)
    case .operation(let operation): collect(operation, &names)
    }
  }

  static func collect(_ block: Block, _ names: inout Set<String>) {
    for operation in block.operations { collect(operation, &names) }
    names.formUnion(block.outputs)
  }

  private static func collect(_ operation: Operation, _ names: inout Set<String>) {
    for bindings in operation.inputs.values {
      for case .name(let name) in bindings { names.insert(name) }
    }
    for block in operation.blocks { collect(block, &names) }
  }

  /// `slots`: where the live values are, in the order of `liveValues`.
  func run(_ frame: Frame, _ slots: [Int], outputs memory: [TensorMemory?], state: StateStorage?) throws -> [Cell] {
    var cells = zip(liveValues, slots).map { value, slot -> Cell in
      if let list = frame.objects[slot] as? ListBox { return Cell(list) }
      return Cell(value.spec ?? .text, address: frame[slot], owner: nil)
    }
    var inputs = liveValues
    if let pivot, let execute = OperationTable.all[pivot.type]?.execute {
      let byValue = Dictionary(zip(liveValues.map { ObjectIdentifier($0) }, cells), uniquingKeysWith: { first, _ in first })
      var operands = (pivot.operandValues + pivot.captured.map(\.value)).map { value in
        byValue[ObjectIdentifier(value)] ?? Cell(value.spec ?? .text, address: value.bytes?.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }, owner: nil)
      }
      for (index, isShared) in pivotCopies.enumerated() where isShared {
        if let list = operands[index].owner as? ListBox { operands[index] = Cell(ListBox(copying: list)) }
      }
      inputs += pivot.outputs
      cells += try execute(pivot, context, operands, state)
    }
    let waiting = Set(waitsFor.map { ObjectIdentifier($0) })
    var contents: [UInt8] = []
    var byteCount = 0
    for (value, cell) in zip(inputs, cells) where waiting.contains(ObjectIdentifier(value)) {
      guard let address = cell.address else { continue }
      byteCount += cell.tensor.byteCount
      if byteCount <= Continuation.keyLimit { contents += UnsafeRawBufferPointer(start: address, count: cell.tensor.byteCount) }
    }
    let key = Key(specs: cells.map(\.spec), contents: contents)
    let isCacheable = byteCount <= Continuation.keyLimit
    if isCacheable, let known = lock.withLock({ plans[key] }) { return try known.run(cells, outputs: memory, state: state) }
    let plan = try self.plan(inputs, cells, waiting, ownsContents: isCacheable)
    if isCacheable {
      lock.withLock {
        if plans.count >= Continuation.planLimit { plans.removeAll() }
        plans[key] = plan
      }
    }
    return try plan.run(cells, outputs: memory, state: state)
  }

  private func plan(_ inputs: [Value], _ cells: [Cell], _ waiting: Set<ObjectIdentifier>, ownsContents: Bool) throws -> Plan {
    var scope = scope
    var planInputs: [Value] = []
    var replaced: [ObjectIdentifier: Value] = [:]
    for (value, cell) in zip(inputs, cells) {
      let input = Value(value.name, spec: cell.spec)
      input.isShared = value.isShared
      // This plan belongs to one set of contents of what its beginning waited for.
      input.constant = value.constant
      input.isLive = value.isLive
      if waiting.contains(ObjectIdentifier(value)) {
        input.isLive = true
        if let address = cell.address {
          let bytes = UnsafeRawBufferPointer(start: address, count: cell.tensor.byteCount)
          let slice = ownsContents ? ByteSlice(copying: bytes) : ByteSlice(owner: cell.owner, bytes: bytes)
          input.constant = Constant(type: .tensor(TensorType(cell.tensor.element, sizes: cell.tensor.shape)), payload: .bytes(slice))
        }
      }
      replaced[ObjectIdentifier(value)] = input
      planInputs.append(input)
    }
    for (name, value) in scope {
      if let input = replaced[ObjectIdentifier(value)] { scope[name] = input }
    }
    return try context.withBuildLock { try Plan(context, work: work, scope: scope, inputs: planInputs, outputs: outputs) }
  }
}

extension Node {
  /// Parameters of an executed node in the order that it gets their cells.
  var operandValues: [Value] { inputs.keys.sorted().flatMap { inputs[$0] ?? [] } }
}
