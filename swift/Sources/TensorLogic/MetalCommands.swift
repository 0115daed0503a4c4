import CTensorLogic
import Metal

/// A command buffer that is being filled, then runs once.
final class MetalCommands: Handled {
  static let handleKind = HandleKind.commands
  private let buffer: any MTLCommandBuffer
  private var encoder: (any MTLComputeCommandEncoder)?
  private var isCommitted = false
  private let lock = Lock()

  init(_ queue: MetalQueue) throws {
    guard let buffer = queue.queue.makeCommandBuffer() else {
      throw Failure(TL_E_MEMORY, "the command queue gives no more command buffers")
    }
    self.buffer = buffer
  }

  deinit { encoder?.endEncoding() }

  /// What has been checked is encoded as a whole.
  func add(_ dispatch: MetalDispatch) throws {
    try whileOpen {
      if encoder == nil { encoder = buffer.makeComputeCommandEncoder() }
      guard let encoder else { throw Failure(TL_E_MEMORY, "the command buffer gives no encoder") }
      dispatch.encode(encoder)
    }
  }

  func signal(_ event: MetalEvent, _ value: UInt64) throws {
    try whileOpen {
      endEncoding()
      buffer.encodeSignalEvent(event.event, value: value)
    }
  }

  func wait(_ event: MetalEvent, _ value: UInt64) throws {
    try whileOpen {
      endEncoding()
      buffer.encodeWaitForEvent(event.event, value: value)
    }
  }

  /// The completion goes to the caller's callback.
  func commit(token: UInt32) throws {
    try whileOpen {
      try AsyncCalls.shared.begin(token: token)
      isCommitted = true
      endEncoding()
      buffer.addCompletedHandler { done in
        let failure = done.error.map { Failure(TL_E_RUNTIME, Failure($0).message) }
        AsyncCalls.shared.finish(token: token, failure.map { .failure($0) } ?? .success(0))
      }
      buffer.commit()
    }
  }

  /// Seconds of the machine's clock, 0 before the end.
  var gpuTimes: (start: Double, end: Double) { (buffer.gpuStartTime, buffer.gpuEndTime) }

  private func endEncoding() {
    encoder?.endEncoding()
    encoder = nil
  }

  private func whileOpen(_ body: () throws -> Void) throws {
    try lock.withLock {
      guard !isCommitted else { throw Failure(TL_E_ARGUMENT, "the commands were committed: nothing can be added") }
      try body()
    }
  }
}

final class MetalQueue: Handled {
  static let handleKind = HandleKind.commandQueue
  let queue: any MTLCommandQueue
  init() throws {
    guard let queue = try metalDevice().makeCommandQueue() else { throw Failure(TL_E_MEMORY, "no command queue is left") }
    self.queue = queue
  }
}

final class MetalEvent: Handled {
  static let handleKind = HandleKind.event
  let event: any MTLSharedEvent
  init() throws {
    guard let event = try metalDevice().makeSharedEvent() else { throw Failure(TL_E_MEMORY, "no event is left") }
    self.event = event
  }
}
