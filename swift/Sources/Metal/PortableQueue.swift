import Dispatch
import Glibc

/// Runs command buffers one after the other, in the order of their commits.
final class PortableQueue: NSObject, MTLCommandQueue, @unchecked Sendable {
  let device: any MTLDevice
  var label: String?
  private let mutex = Mutex()
  private var waiting: [PortableCommandBuffer] = []
  private var head = 0
  private var isRunning = false

  init(device: any MTLDevice) { self.device = device }

  func makeCommandBuffer() -> (any MTLCommandBuffer)? { PortableCommandBuffer(queue: self) }

  func append(_ buffer: PortableCommandBuffer) {
    let isIdle = mutex.locked {
      waiting.append(buffer)
      defer { isRunning = true }
      return !isRunning
    }
    if isIdle { proceed() }
  }

  private func proceed() { DispatchQueue.global(qos: .userInitiated).async { self.run() } }

  /// Until nothing is left, or an event has to come first: then the thread is given back and the event goes on.
  private func run() {
    while let buffer = mutex.locked({ next() }) {
      guard buffer.run(onEvent: { self.proceed() }) else { return }
      mutex.locked { head += 1 }
    }
  }

  private func next() -> PortableCommandBuffer? {
    if head < waiting.count { return waiting[head] }
    waiting.removeAll(keepingCapacity: true)
    head = 0
    isRunning = false
    return nil
  }
}

/// A lock whose critical sections are short.
final class Mutex: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  init() { pthread_mutex_init(mutex, nil) }
  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }
  func locked<R>(_ body: () throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}

final class PortableEvent: NSObject, MTLSharedEvent, @unchecked Sendable {
  let device: (any MTLDevice)?
  var label: String?
  private let mutex = Mutex()
  private var value: UInt64 = 0
  private var waiters: [(value: UInt64, body: @Sendable () -> Void)] = []

  init(device: any MTLDevice) { self.device = device }

  var signaledValue: UInt64 {
    get { mutex.locked { value } }
    set {
      let ready = mutex.locked { () -> [@Sendable () -> Void] in
        value = newValue
        let ready = waiters.filter { $0.value <= newValue }.map(\.body)
        waiters.removeAll { $0.value <= newValue }
        return ready
      }
      for body in ready { body() }
    }
  }

  /// True when the value is reached; else `body` is called once it is.
  func isReached(_ wanted: UInt64, else body: @escaping @Sendable () -> Void) -> Bool {
    mutex.locked {
      if value >= wanted { return true }
      waiters.append((wanted, body))
      return false
    }
  }
}
