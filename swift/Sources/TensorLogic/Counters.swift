import Kernels

/// What the library has done so far (tl_runtime_counters).
final class Counters: @unchecked Sendable {
  static let shared = Counters()

  private let lock = Lock()
  private var runs: UInt64 = 0
  private var asyncInFlight = 0
  private var loadedModels = 0

  func countRun() { lock.withLock { runs += 1 } }
  func changeAsyncInFlight(by delta: Int) { lock.withLock { asyncInFlight += delta } }
  func changeLoadedModels(by delta: Int) { lock.withLock { loadedModels += delta } }

  var snapshot: (runs: UInt64, asyncInFlight: Int, loadedModels: Int) {
    lock.withLock { (runs, asyncInFlight, loadedModels) }
  }

  /// One copy of tensor or pixel bytes that a caller could have avoided by another layout or element type.
  static func countCopy(_ byteCount: Int) { tlk_count_copy(byteCount) }
}
