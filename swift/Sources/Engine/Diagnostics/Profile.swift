import MIL

/// One step of a profiled function: an operation with what was fused into it.
public struct ProfiledOperation: Sendable {
  public let label: String
  public let outputs: [String]
  public let type: String
  public let fused: [FusedOperation]
  public let shape: [Int]
  public let element: ElementType?
  /// How the step is computed: the window of a convolution, the length of a chain; may be empty.
  public let kernel: String
  public let medianNanoseconds: UInt64
  public let minimumNanoseconds: UInt64
  /// Times that it ran in one run of the function: more than once in a loop.
  public let calls: Int
  public let floatingPointOperations: Int
  public let bytes: Int
}

/// Times of a function's steps over several runs.
public struct Profile: Sendable {
  public let operations: [ProfiledOperation]
  /// Whole runs, with what lies between the steps.
  public let medianNanoseconds: UInt64
  public let minimumNanoseconds: UInt64
  public let runs: Int

  /// Runs once unmeasured, then `repeats` times.
  public init(program: Program, functionName: String, inputs: DiagnosticInputs, repeats: Int) throws {
    let stopwatch = Stopwatch()
    var options = ExecutableOptions()
    options.observer = stopwatch
    let executable = try Executable(program: program, functionName: functionName, defaultShapes: inputs.shapes, options: options)
    var totals: [UInt64] = []
    for round in 0...max(repeats, 1) {
      let state = inputs.state(for: executable)
      let start = MonotonicClock.nanoseconds
      _ = try executable.run(inputs: inputs.values, state: state)
      let total = MonotonicClock.nanoseconds - start
      // The first run plans what only a run can know and touches every page for the first time.
      stopwatch.endRound(isMeasured: round > 0)
      if round > 0 { totals.append(total) }
    }
    operations = stopwatch.operations
    medianNanoseconds = median(totals)
    minimumNanoseconds = totals.min() ?? 0
    runs = totals.count
  }
}

private func median(_ times: [UInt64]) -> UInt64 {
  guard !times.isEmpty else { return 0 }
  let sorted = times.sorted()
  return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

/// Adds up the time of every node per run. Used by one run at a time.
private final class Stopwatch: StepObserver, @unchecked Sendable {
  private struct Entry {
    let node: Node
    let work: OperationWork
    var nanoseconds: UInt64 = 0
    var calls = 0
    var lastCalls = 0
    var rounds: [UInt64] = []
  }

  /// Not the node itself: what depends on contents is planned again in each run.
  private struct Key: Hashable {
    var label: String
    var type: String
    var shape: [Int]
  }

  private var entries: [Entry] = []
  private var indices: [Key: Int] = [:]

  func willRun(_ plan: Plan) {}

  func didRun(_ node: Node, _ frame: Frame, nanoseconds: UInt64) {
    let key = Key(label: node.label, type: node.type, shape: node.outputs.first?.tensor.shape ?? [])
    let index: Int
    if let known = indices[key] {
      index = known
    } else {
      index = entries.count
      indices[key] = index
      entries.append(Entry(node: node, work: OperationWork(node)))
    }
    entries[index].nanoseconds &+= nanoseconds
    entries[index].calls += 1
  }

  func endRound(isMeasured: Bool) {
    for index in entries.indices {
      if isMeasured, entries[index].calls > 0 {
        entries[index].rounds.append(entries[index].nanoseconds)
        entries[index].lastCalls = entries[index].calls
      }
      entries[index].nanoseconds = 0
      entries[index].calls = 0
    }
  }

  /// Steps that only pass memory on cost nothing and are left out.
  var operations: [ProfiledOperation] {
    entries.compactMap { entry in
      let node = entry.node
      guard !entry.rounds.isEmpty, !node.isView else { return nil }
      let spec = node.outputs.first.map(\.tensor)
      return ProfiledOperation(
        label: node.label, outputs: node.outputs.map(\.name), type: node.type, fused: node.fused, shape: node.declaredShapes.first ?? spec?.shape ?? [],
        element: spec?.element, kernel: node.kernelDescription, medianNanoseconds: median(entry.rounds), minimumNanoseconds: entry.rounds.min() ?? 0,
        calls: entry.lastCalls, floatingPointOperations: entry.work.operations &* entry.lastCalls, bytes: entry.work.bytes &* entry.lastCalls)
    }
  }
}

extension Node {
  var isView: Bool { type == "view" || OperationTable.all[type]?.view != nil }
}

