import CTensorLogic
import Dispatch
import Kernels

typealias Completion = @convention(c) (UInt32, Int32) -> Void

/// Calls that go on after their export has returned, by the caller's token.
final class AsyncCalls: @unchecked Sendable {
  static let shared = AsyncCalls()

  private enum Call {
    case running
    /// The handle, or what went wrong.
    case finished(Result<UInt32, Failure>)
  }

  private let lock = Lock()
  private var calls: [UInt32: Call] = [:]
  private let callbackLock = Lock()
  private var callback: Completion?

  /// After it has returned, the former callback is not called any more.
  func setCallback(_ callback: Completion?) { callbackLock.withLock { self.callback = callback } }

  /// Runs `work` on a native thread; its handle is kept for `take`.
  func start(token: UInt32, _ work: @escaping @Sendable () throws -> UInt32) throws {
    try begin(token: token)
    handOff { [self] in finish(token: token, pooled { Result { try work() }.mapError { Failure($0) } }) }
  }

  /// On the thread that waits for calls; where it has one already, on another.
  private func handOff(_ work: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Work(work))
    let isTaken = tlk_hand_off(
      { context in if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() } }, box.toOpaque())
    if isTaken { return }
    DispatchQueue.global(qos: .userInitiated).async(execute: box.takeRetainedValue().body)
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// A call that something else carries out; `finish` is called once, on any thread.
  func begin(token: UInt32) throws {
    try lock.withLock {
      guard calls[token] == nil else {
        throw Failure(TL_E_ARGUMENT, "token: \(token) belongs to a call whose result has not been taken")
      }
      calls[token] = .running
    }
    Counters.shared.changeAsyncInFlight(by: 1)
  }

  func finish(token: UInt32, _ result: Result<UInt32, Failure>) {
    lock.withLock { calls[token] = .finished(result) }
    Counters.shared.changeAsyncInFlight(by: -1)
    let status: tl_status
    switch result {
    case .success: status = TL_OK
    case .failure(let failure): status = failure.status
    }
    // Held during the call, so that a caller that takes its callback back knows when nobody is inside.
    callbackLock.withLock { callback?(token, status.rawValue) }
  }

  func take(token: UInt32) throws -> UInt32 {
    let result: Result<UInt32, Failure> = try lock.withLock {
      switch calls[token] {
      case nil: throw Failure(TL_E_NOT_FOUND, "token: no call has the token \(token), or its result was taken")
      case .running?: throw Failure(TL_E_BUSY, "token: the call \(token) is still running")
      case .finished(let result)?:
        calls[token] = nil
        return result
      }
    }
    return try result.get()
  }
}

@_cdecl("tl_async_set_callback")
public func tl_async_set_callback(_ callback: (@convention(c) (UInt32, Int32) -> Void)?) -> Int32 {
  export { AsyncCalls.shared.setCallback(callback) }
}

@_cdecl("tl_async_result")
public func tl_async_result(_ token: UInt32, _ outHandle: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outHandle = try required(outHandle, "out_handle")
    outHandle.pointee = try AsyncCalls.shared.take(token: token)
  }
}
