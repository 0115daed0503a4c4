import MIL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A thread with a stack as large as a main thread's.
final class EngineThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private static let stackByteCount = 8 << 20
  private var thread: pthread_t?

  init(_ run: @escaping () -> Void) throws {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, EngineThread.stackByteCount)
    defer { pthread_attr_destroy(&attributes) }
    let body = Unmanaged.passRetained(Body(run))
    #if canImport(Darwin)
    var made: pthread_t?
    let status = pthread_create(&made, &attributes, { pointer in EngineThread.start(pointer) }, body.toOpaque())
    #else
    var made = pthread_t()
    let status = pthread_create(&made, &attributes, { pointer in EngineThread.start(pointer) }, body.toOpaque())
    #endif
    guard status == 0 else {
      body.release()
      throw ModelError(.runtime, "no thread for a second run (error \(status))")
    }
    thread = made
  }

  /// Takes the optional that Glibc hands over and Darwin does not.
  private static func start(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
    return nil
  }

  func join() {
    guard let thread else { return }
    pthread_join(thread, nil)
    self.thread = nil
  }
}

/// A mutex with a condition.
final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func locked<R>(_ body: () throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Inside `locked` only.
  func wait() { pthread_cond_wait(condition, mutex) }
  func wakeAll() { pthread_cond_broadcast(condition) }
}
