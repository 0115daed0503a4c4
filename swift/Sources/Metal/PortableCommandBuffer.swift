import Dispatch
import Glibc

final class PortableCommandBuffer: NSObject, MTLCommandBuffer, @unchecked Sendable {
  enum Command {
    case dispatch(PortableDispatch)
    case wait(PortableEvent, UInt64)
    case signal(PortableEvent, UInt64)
  }

  let queue: PortableQueue
  var label: String?
  private let mutex = Mutex()
  private let finished = DispatchSemaphore(value: 0)
  private var commands: [Command] = []
  /// The next command to run.
  private var position = 0
  private var handlers: [MTLCommandBufferHandler] = []
  private var state = MTLCommandBufferStatus.notEnqueued
  private var failure: MTLCommandBufferError?
  private var times = (start: 0.0, end: 0.0)

  init(queue: PortableQueue) { self.queue = queue }

  var device: any MTLDevice { queue.device }
  var commandQueue: any MTLCommandQueue { queue }
  var status: MTLCommandBufferStatus { mutex.locked { state } }
  var error: (any Error)? { mutex.locked { failure } }
  var gpuStartTime: CFTimeInterval { mutex.locked { times.start } }
  var gpuEndTime: CFTimeInterval { mutex.locked { times.end } }

  func addCompletedHandler(_ block: @escaping MTLCommandBufferHandler) { mutex.locked { handlers.append(block) } }

  func makeComputeCommandEncoder() -> (any MTLComputeCommandEncoder)? { PortableEncoder(buffer: self) }

  func encodeWaitForEvent(_ event: any MTLEvent, value: UInt64) {
    if let event = event as? PortableEvent { append(.wait(event, value)) }
  }
  func encodeSignalEvent(_ event: any MTLEvent, value: UInt64) {
    if let event = event as? PortableEvent { append(.signal(event, value)) }
  }

  func append(_ command: Command) { mutex.locked { commands.append(command) } }

  func commit() {
    let isFirst = mutex.locked {
      defer { state = .committed }
      return state == .notEnqueued
    }
    if isFirst { queue.append(self) }
  }

  func waitUntilCompleted() {
    finished.wait()
    // For whoever else waits.
    finished.signal()
  }

  /// Runs on the queue's thread. False when an event has to come first; `onEvent` is called when it has.
  func run(onEvent: @escaping @Sendable () -> Void) -> Bool {
    if position == 0 { mutex.locked { times.start = now() } }
    while position < commands.count {
      switch commands[position] {
      case .wait(let event, let value):
        guard event.isReached(value, else: onEvent) else { return false }
      case .signal(let event, let value): event.signaledValue = value
      case .dispatch(let dispatch):
        // As on a GPU, what follows an error does not run; signals do, so that nobody waits for ever.
        if failure == nil, let error = dispatch.run() { mutex.locked { failure = error } }
      }
      position += 1
    }
    complete()
    return true
  }

  private func complete() {
    let blocks = mutex.locked { () -> [MTLCommandBufferHandler] in
      times.end = now()
      state = failure == nil ? .completed : .error
      commands = []
      position = 0
      defer { handlers = [] }
      return handlers
    }
    for block in blocks { block(self) }
    finished.signal()
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
