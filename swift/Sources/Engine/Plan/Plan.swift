import Kernels
import MIL

/// A function, a block or the rest of one, specialised for concrete input sizes: kernels in order and the memory that they work in.
/// What only a run can tell (data-dependent sizes, loops) ends a plan; the rest is planned when the run gets there and cached.
final class Plan {
  let context: PlanContext
  private let inputs: [Value]
  private let results: [Value]
  private var steps: [Step] = []
  private var memory = MemoryPlan()
  private let continuation: Continuation?
  private var idle: [Frame] = []
  private var lastBinding: UInt64 = 0
  /// Told of every step; nil for all runs but those of diagnostics.
  private var observer: (any StepObserver)?
  private let lock = Lock()

  struct Step {
    var kernel: Kernel
    var node: Node
  }

  /// Plans `work`; `inputs` are in `scope` with their specs. `outputs` are names.
  convenience init(_ context: PlanContext, work: [Work], scope: [String: Value], inputs: [Value], outputs: [String]) throws {
    var builder = GraphBuilder(context: context, scope: scope)
    try builder.build(work)
    var results: [Value] = []
    var continuation: Continuation?
    if builder.pivot != nil || !builder.waitsFor.isEmpty {
      let rest = Continuation(context, builder: builder, outputs: outputs)
      results = rest.liveValues
      continuation = rest
    } else {
      results = try outputs.map { name in
        guard let value = builder.scope[name] else { throw ModelError(.malformed, "function output '\(name)' is not defined") }
        return value
      }
    }
    try self.init(context, Graph(nodes: builder.nodes, inputs: inputs, results: results), continuation)
  }

  private init(_ context: PlanContext, _ graph: Graph, _ continuation: Continuation?) throws {
    var graph = graph
    graph.removeDeadNodes()
    try LayoutPass.run(&graph)
    graph.removeDeadNodes()
    try FusionPass.run(&graph, joins: context.options.fusesOperations)
    if context.options.fusesOperations { ConcatPass.run(graph) }
    graph.findListOwners()
    self.context = context
    self.continuation = continuation
    observer = context.options.observer
    inputs = graph.inputs
    results = graph.results
    memory = MemoryPlan(graph, ownsResults: continuation == nil)
    try MemoryLimit.check(arena: memory.arenaByteCount, results: continuation == nil ? results : [])
    for node in graph.nodes {
      node.context = context
      if let kernel = try Plan.kernel(node, memory) {
        steps.append(Step(kernel: kernel, node: node))
      } else if observer != nil {
        steps.append(Step(kernel: { _ in }, node: node))
      }
    }
  }

  private static func kernel(_ node: Node, _ memory: MemoryPlan) throws -> Kernel? {
    if node.type == "view" || OperationTable.all[node.type]?.view != nil, let x = memory.source(of: node) {
      if x.isList { return OperationTable.passList(node, x) }
      if memory.isSameMemory(x, node.outputs[0]) { return nil }
      let (from, to, byteCount) = (x.slot, node.outputs[0].slot, node.outputs[0].tensor.byteCount)
      return { frame in frame[to].copyMemory(from: frame[from], byteCount: byteCount) }
    }
    if let expression = node.expression { return try expression.kernel(node, output: node.outputs[0]) }
    guard let make = OperationTable.all[node.type]?.kernel else { throw node.fail("has no kernel", .unsupported) }
    return try make(node)
  }

  // ---- running ------------------------------------------------------------------------------------------------

  /// `outputs`: memory to write results to; nil entries (and a short array) get memory of their own, and so does a result of another
  /// element type or shape than the memory's: which it has, only the plan knows.
  func run(_ cells: [Cell], outputs: [TensorMemory?] = [], state: StateStorage? = nil) throws -> [Cell] {
    let frame = lock.withLock { idle.popLast() } ?? memory.makeFrame(context)
    defer {
      frame.objects.removeAll()
      frame.state = nil
      lock.withLock { idle.append(frame) }
    }
    frame.state = state
    frame.binding = 0
    for index in inputs.indices where index < cells.count { memory.bind(index, cells[index], frame) }
    var owners: [AnyObject?] = []
    if continuation == nil {
      for (index, value) in results.enumerated() {
        var owner: AnyObject?
        if case .tensor(let spec)? = value.spec {
          if index < outputs.count, let given = outputs[index], given.spec == spec {
            owner = given.owner
            memory.bindResult(index, given.address, frame)
          } else {
            let own = OwnedBytes(byteCount: spec.byteCount)
            owner = own
            memory.bindResult(index, own.pointer, frame)
          }
        }
        owners.append(owner)
      }
    }
    if let observer {
      try run(frame, observedBy: observer)
    } else {
      try runSteps(frame)
    }
    if let continuation { return try continuation.run(frame, memory.resultSlots, outputs: outputs, state: state) }
    memory.copyResults(frame)
    let cellsOut = results.indices.map { index -> Cell in
      let value = results[index]
      if case .tensor? = value.spec { return Cell(value.spec ?? .text, address: memory.resultAddress(index, frame), owner: owners[index]) }
      guard let list = frame.objects[memory.resultSlots[index]] as? ListBox else { return Cell(value.spec ?? .text, address: nil, owner: nil) }
      // The receiver may change its lists: one that is given twice is given as two.
      return Cell(results[..<index].contains { $0 === value } ? ListBox(copying: list) : list)
    }
    return cellsOut
  }

  // ---- repeated runs --------------------------------------------------------------------------------------------

  /// Whether a run needs nothing but memory for inputs and results.
  var isRepeatable: Bool { continuation == nil && observer == nil && inputs.allSatisfy { !$0.isList } }

  func makeBinding() -> UInt64 {
    lock.withLock {
      lastBinding += 1
      return lastBinding
    }
  }

  func run(_ prepared: PreparedRun, _ state: StateStorage?) throws {
    let frame = lock.withLock { idle.popLast() } ?? memory.makeFrame(context)
    defer {
      if !frame.objects.isEmpty { frame.objects.removeAll() }
      frame.state = nil
      lock.withLock { idle.append(frame) }
    }
    frame.state = state
    // The frame of the run before is on top of the others: with one request at work, it is bound already.
    if frame.binding != prepared.binding {
      for (index, cell) in prepared.cells.enumerated() { memory.bind(index, cell, frame) }
      for (index, output) in prepared.outputs.enumerated() { memory.bindResult(index, output.address, frame) }
      frame.binding = prepared.binding
    }
    try runSteps(frame)
    memory.copyResults(frame)
  }

  private func runSteps(_ frame: Frame) throws {
    guard context.options.fastProducts else {
      for step in steps { try step.kernel(frame) }
      return
    }
    let before = tlk_fast_products()
    tlk_set_fast_products(true)
    defer { tlk_set_fast_products(before) }
    for step in steps { try step.kernel(frame) }
  }

  private func run(_ frame: Frame, observedBy observer: any StepObserver) throws {
    try observer.willRun(self)
    for step in steps {
      let start = MonotonicClock.nanoseconds
      try step.kernel(frame)
      try observer.didRun(step.node, frame, nanoseconds: MonotonicClock.nanoseconds - start)
    }
  }

  /// Labels of the file's operations that have a step here.
  private(set) lazy var labels = Set(steps.lazy.filter { !$0.node.isInserted }.map(\.node.label))

  // ---- constants --------------------------------------------------------------------------------------------------

  /// Runs one node whose inputs are all constants.
  static func evaluate(_ node: Node, _ definition: OperationDefinition, context: PlanContext) throws -> [Cell] {
    let copy = Node(node.type, label: node.label, inputs: node.inputs)
    copy.outputs = node.outputs.map { Value($0.name, spec: $0.spec) }
    let plan = try Plan(context, Graph(nodes: [copy], inputs: [], results: copy.outputs), nil)
    // What is computed once, while planning, is no step of a run.
    plan.observer = nil
    return try plan.run([])
  }

  /// The constant that a node made by a pass gives; the node needs no passes of its own.
  static func foldConstant(_ node: Node, _ definition: OperationDefinition) throws -> Value {
    let output = node.outputs[0]
    let graph = Graph(nodes: [node], inputs: [], results: [output])
    let memory = MemoryPlan(graph, ownsResults: true)
    let context = PlanContext(functionName: "", options: ExecutableOptions())
    let frame = memory.makeFrame(context)
    let bytes = OwnedBytes(byteCount: output.tensor.byteCount)
    memory.bindResult(0, bytes.pointer, frame)
    try Plan.kernel(node, memory)?(frame)
    memory.copyResults(frame)
    let slice = ByteSlice(owner: bytes, bytes: UnsafeRawBufferPointer(start: bytes.pointer, count: output.tensor.byteCount))
    let value = Value(output.name, spec: output.spec, constant: Constant(type: .tensor(TensorType(output.tensor.element, sizes: output.tensor.shape)), payload: .bytes(slice)))
    return value
  }

  /// Specs of what a run gives; nil where only a run can tell.
  var resultSpecs: [ValueSpec?] { continuation == nil ? results.map(\.spec) : [] }
}
