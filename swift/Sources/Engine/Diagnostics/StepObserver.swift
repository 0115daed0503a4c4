#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Sees the runs of an executable step by step. Steps inside loops are seen in every round; a step that only passes memory on is seen too.
protocol StepObserver: AnyObject, Sendable {
  /// A plan starts: a function, a block of it, or what was planned at run time.
  func willRun(_ plan: Plan) throws
  /// Outputs are in the frame; their memory is reused by later steps.
  func didRun(_ node: Node, _ frame: Frame, nanoseconds: UInt64) throws
}

enum MonotonicClock {
  static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
