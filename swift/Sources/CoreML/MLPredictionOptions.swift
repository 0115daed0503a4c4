import Engine

open class MLPredictionOptions: NSObject {
  open var usesCPUOnly: Bool = false
  open var outputBackings: [String: Any] = [:] {
    didSet {
      lock.withLock {
        prepared = nil
        revision &+= 1
      }
    }
  }
  public override init() { super.init() }

  /// The last prediction with these options, ready to be repeated, and how often the backings have changed.
  private var prepared: PreparedPrediction?
  private var revision = 0
  private let lock = Lock()

  /// Takes it out, so that two threads never run the same one; the revision goes back with it.
  func takePrepared() -> (prediction: PreparedPrediction?, revision: Int) {
    lock.withLock {
      let taken = prepared
      prepared = nil
      return (taken, revision)
    }
  }

  /// Nothing is kept where the backings have changed in the meantime.
  func keepPrepared(_ prediction: PreparedPrediction?, revision: Int) {
    lock.withLock { if revision == self.revision { prepared = prediction } }
  }
}
