import Kernels
import MIL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Lets two runs of one function wait for each other at every operation, so that their results can be compared while both are in memory.
/// Each run has a thread: loops and plans made at run time are met wherever they are.
final class StepMeeting: @unchecked Sendable {
  enum Side: Int { case low = 0, reference = 1 }

  final class Observer: StepObserver, @unchecked Sendable {
    private unowned let meeting: StepMeeting
    private let side: Side
    init(_ meeting: StepMeeting, _ side: Side) {
      self.meeting = meeting
      self.side = side
    }
    func willRun(_ plan: Plan) { meeting.enter(plan.labels, side) }
    func didRun(_ node: Node, _ frame: Frame, nanoseconds: UInt64) { meeting.arrive(node, frame, side) }
  }

  private struct Arrival {
    let node: Node
    let frame: Frame
  }

  private let monitor = Monitor()
  private var arrivals: [Arrival?] = [nil, nil]
  private var labels: [Set<String>] = [[], []]
  /// Plans that each side has begun: the side with fewer is behind.
  private var planCounts = [0, 0]
  private var hasEnded = [false, false]
  private(set) var divergedAt: String?
  private var entries: [Entry] = []
  private var indices: [String: Int] = [:]

  private struct Entry {
    let node: Node
    let spec: TensorSpec
    var result: tlk_comparison
  }

  // ---- meeting --------------------------------------------------------------------------------------------------

  private func enter(_ labels: Set<String>, _ side: Side) {
    monitor.locked {
      self.labels[side.rawValue] = labels
      planCounts[side.rawValue] += 1
    }
  }

  /// Returns when the other side is at the same operation, has none of this label, or has ended.
  private func arrive(_ node: Node, _ frame: Frame, _ side: Side) {
    guard !node.isInserted else { return }
    monitor.locked {
      guard divergedAt == nil else { return }
      arrivals[side.rawValue] = Arrival(node: node, frame: frame)
      settle()
      while arrivals[side.rawValue] != nil { monitor.wait() }
    }
  }

  private func settle() {
    if let low = arrivals[0], let reference = arrivals[1] {
      if low.node.label == reference.node.label {
        compare(low, reference)
        arrivals = [nil, nil]
      } else if planCounts[0] <= planCounts[1], !labels[1].contains(low.node.label) {
        arrivals[0] = nil
      } else if planCounts[1] <= planCounts[0], !labels[0].contains(reference.node.label) {
        arrivals[1] = nil
      } else {
        divergedAt = low.node.label
        arrivals = [nil, nil]
      }
    } else if hasEnded[1], let low = arrivals[0] {
      divergedAt = divergedAt ?? low.node.label
      arrivals[0] = nil
    } else if hasEnded[0], let reference = arrivals[1] {
      divergedAt = divergedAt ?? reference.node.label
      arrivals[1] = nil
    }
    monitor.wakeAll()
  }

  private func end(_ side: Side) {
    monitor.locked {
      hasEnded[side.rawValue] = true
      settle()
    }
  }

  /// The reference runs on a thread of its own. The error of the f16 side, else of the reference, is thrown.
  func run(low: () throws -> Void, reference: @escaping () throws -> Void) throws {
    var failure: (any Error)?
    let thread = try EngineThread {
      do { try reference() } catch { failure = error }
      self.end(.reference)
    }
    defer { thread.join() }
    do {
      defer { end(.low) }
      try low()
    }
    thread.join()
    if let failure { throw failure }
  }

  // ---- statistics -------------------------------------------------------------------------------------------------

  private func compare(_ low: Arrival, _ reference: Arrival) {
    for (output, (value, other)) in zip(low.node.outputs, reference.node.outputs).enumerated() {
      guard case .tensor(let spec)? = value.spec, case .tensor(let otherSpec)? = other.spec, spec.shape == otherSpec.shape, spec.element.isFloat,
        let type = spec.element.kernelType, let otherType = otherSpec.element.kernelType
      else { continue }
      // Operations of several outputs are judged as one.
      let index = indices[low.node.label] ?? entries.count
      if index == entries.count {
        indices[low.node.label] = index
        let shape = output < low.node.declaredShapes.count ? low.node.declaredShapes[output] : spec.shape
        entries.append(Entry(node: low.node, spec: TensorSpec(spec.element, shape), result: tlk_comparison_empty()))
      }
      _ = tlk_compare(low.frame[value.slot], type, reference.frame[other.slot], otherType, spec.count, &entries[index].result)
    }
  }

  var operations: [ComparedOperation] {
    entries.map { entry in
      let result = entry.result
      return ComparedOperation(
        label: entry.node.label, type: entry.node.type, outputs: entry.node.outputs.map(\.name), shape: entry.spec.shape, element: entry.spec.element,
        minimum: result.min, maximum: result.max, absoluteMaximum: result.abs_max, absoluteMinimum: result.abs_min, count: result.count,
        infinite: result.infinite, nan: result.nan, flushed: result.flushed, notFinite: result.not_finite,
        drift: result.abs_max > 0 ? result.difference / result.abs_max : 0)
    }
  }
}
