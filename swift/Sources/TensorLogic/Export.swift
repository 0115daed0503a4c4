import CTensorLogic
import CoreML

/// The body of every export: runs it, turns an error into the status and the thread's last error.
@inline(__always)
func export(_ body: () throws -> Void) -> Int32 {
  do {
    try pooled(body)
    return TL_OK.rawValue
  } catch {
    let failure = Failure(error)
    LastError.set(failure.message)
    return failure.status.rawValue
  }
}

#if canImport(ObjectiveC)
  /// The host process has no autorelease pool: without one, Core ML's temporaries pile up until exit.
  @inline(__always)
  func pooled<R>(_ body: () throws -> R) rethrows -> R { try autoreleasepool(invoking: body) }
#else
  @inline(__always)
  func pooled<R>(_ body: () throws -> R) rethrows -> R { try body() }
#endif

/// The pointer of an out_ parameter.
@inline(__always)
func required<T>(_ pointer: UnsafeMutablePointer<T>?, _ name: StaticString) throws -> UnsafeMutablePointer<T> {
  guard let pointer else { throw Failure(TL_E_ARGUMENT, "\(name): the pointer is null") }
  return pointer
}

@inline(__always)
func required<T>(_ pointer: UnsafePointer<T>?, _ name: StaticString) throws -> UnsafePointer<T> {
  guard let pointer else { throw Failure(TL_E_ARGUMENT, "\(name): the pointer is null") }
  return pointer
}

@inline(__always)
func required(_ pointer: UnsafeMutableRawPointer?, _ name: StaticString) throws -> UnsafeMutableRawPointer {
  guard let pointer else { throw Failure(TL_E_ARGUMENT, "\(name): the pointer is null") }
  return pointer
}

@inline(__always)
func required(_ pointer: UnsafeRawPointer?, _ name: StaticString) throws -> UnsafeRawPointer {
  guard let pointer else { throw Failure(TL_E_ARGUMENT, "\(name): the pointer is null") }
  return pointer
}

/// Text of the caller: UTF-8, read during the call.
func text(_ bytes: UnsafePointer<UInt8>?, _ byteLength: UInt32, _ name: StaticString) throws -> String {
  guard byteLength > 0 else { return "" }
  let bytes = UnsafeBufferPointer(start: try required(bytes, name), count: Int(byteLength))
  guard let text = String(validating: bytes) else {
    throw Failure(TL_E_ARGUMENT, "\(name): the \(byteLength) bytes are not UTF-8")
  }
  return text
}

extension String {
  /// The text, or nil where the bytes are not UTF-8. (`String(validating:as:)` needs macOS 15.)
  fileprivate init?(validating bytes: UnsafeBufferPointer<UInt8>) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.elementsEqual(bytes) else { return nil }
    self = text
  }
}
