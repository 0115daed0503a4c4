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
  private let liveNames: [String]
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
    self.outputs = outputs
    var names = Set(outputs)
    for item in work { Continuation.collect(item, &names) }
    var live: [(name: String, value: Value)] = []
    let made = Set(builder.pivot?.outputs.map { ObjectIdentifier($0) } ?? [])
    for name in names.sorted() {
      guard let value = scope[name], !value.isFoldable, !made.contains(ObjectIdentifier(value)) else { continue }
      live.append((name, value))
    }
    for value in builder.waitsFor where !live.contains(where: { $0.value === value }) { live.append((value.name, value)) }
    if let pivot {
      var needed = Set<String>()
      for block in pivot.blocks { Continuation.collect(block, &needed) }
      let captured = needed.sorted().compactMap { pivot.scope[$0] }
      for value in pivot.operands + captured where !value.isFoldable && !live.contains(where: { $0.value === value }) { live.append((value.name, value)) }
    }
    liveValues = live.map(\.value)
    liveNames = live.map(\.name)
    // What an earlier part waited for is known here too; to wait for it again would never end.
    waitsFor = builder.waitsFor + liveValues.filter { value in value.isLive && !builder.waitsFor.contains { $0 === value } }
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
      if case .list? = value.spec { return Cell(value.spec ?? .text, address: nil, owner: frame.objects[slot]) }
      return Cell(value.spec ?? .text, address: frame[slot], owner: nil)
    }
    var inputs = liveValues
    var names = liveNames
    if let pivot, let execute = OperationTable.all[pivot.type]?.execute {
      let byValue = Dictionary(zip(liveValues.map { ObjectIdentifier($0) }, cells), uniquingKeysWith: { first, _ in first })
      let made = try execute(pivot, context, pivot.cells(byValue))
      for (output, cell) in zip(pivot.outputs, made) {
        inputs.append(output)
        names.append(output.name)
        cells.append(cell)
      }
    }
    let waiting = Set(waitsFor.map { ObjectIdentifier($0) })
    var contents: [UInt8] = []
    var byteCount = 0
    for (value, cell) in zip(inputs, cells) where waiting.contains(ObjectIdentifier(value)) {
      byteCount += cell.tensor.byteCount
      if byteCount <= Continuation.keyLimit { contents += UnsafeRawBufferPointer(start: cell.address, count: cell.tensor.byteCount) }
    }
    let key = Key(specs: cells.map(\.spec), contents: contents)
    let isCacheable = byteCount <= Continuation.keyLimit
    if isCacheable, let known = lock.withLock({ plans[key] }) { return try known.run(cells, outputs: memory, state: state) }
    let plan = try self.plan(inputs, names, cells, waiting, ownsContents: isCacheable)
    if isCacheable {
      lock.withLock {
        if plans.count >= Continuation.planLimit { plans.removeAll() }
        plans[key] = plan
      }
    }
    return try plan.run(cells, outputs: memory, state: state)
  }

  private func plan(_ inputs: [Value], _ names: [String], _ cells: [Cell], _ waiting: Set<ObjectIdentifier>, ownsContents: Bool) throws -> Plan {
    var scope = scope
    var planInputs: [Value] = []
    var replaced: [ObjectIdentifier: Value] = [:]
    for (value, cell) in zip(inputs, cells) {
      let input = Value(value.name, spec: cell.spec)
      if waiting.contains(ObjectIdentifier(value)), let address = cell.address {
        let bytes = UnsafeRawBufferPointer(start: address, count: cell.tensor.byteCount)
        let slice = ownsContents ? ByteSlice(copying: bytes) : ByteSlice(owner: cell.owner, bytes: bytes)
        input.constant = Constant(type: .tensor(TensorType(cell.tensor.element, sizes: cell.tensor.shape)), payload: .bytes(slice))
        input.isLive = true
      }
      replaced[ObjectIdentifier(value)] = input
      planInputs.append(input)
    }
    for (name, value) in scope {
      if let input = replaced[ObjectIdentifier(value)] { scope[name] = input }
    }
    for (name, value) in zip(names, planInputs) { scope[name] = value }
    return try context.withBuildLock { try Plan(context, work: work, scope: scope, inputs: planInputs, outputs: outputs) }
  }
}

extension Node {
  /// The cells of everything that an executed node reads: parameters in the order of `operandNames`, then what its blocks capture.
  func cells(_ known: [ObjectIdentifier: Cell]) -> [Cell] {
    (operandValues + capturedValues).map { value in
      if let cell = known[ObjectIdentifier(value)] { return cell }
      return Cell(value.spec ?? .text, address: value.bytes?.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }, owner: nil)
    }
  }

  var operandValues: [Value] { inputs.keys.sorted().flatMap { inputs[$0] ?? [] } }

  /// Values of the surrounding scope that the blocks read, by name.
  var capturedNames: [String] {
    var names = Set<String>()
    for block in blocks { Continuation.collect(block, &names) }
    return names.sorted().filter { scope[$0] != nil }
  }
  var capturedValues: [Value] { capturedNames.compactMap { scope[$0] } }
}
