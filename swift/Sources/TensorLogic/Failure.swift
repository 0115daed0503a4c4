import CTensorLogic
import CoreML
import MIL
import Metal

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// An error of a call: its status and one sentence for people.
struct Failure: Error {
  var status: tl_status
  var message: String
  init(_ status: tl_status, _ message: String) {
    self.status = status
    self.message = message
  }
}

extension Failure {
  /// Any error that a call can meet, as its status and text.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ModelError: self.init(error.code.status, error.message)
    case let error as MLModelError: self.init(error.code.status, describe(error))
    case let error as MTLLibraryError: self.init(error.code.status, describe(error))
    default: self.init(TL_E_RUNTIME, describe(error))
    }
  }
}

extension ModelError.Code {
  fileprivate var status: tl_status {
    switch self {
    case .notFound: return TL_E_NOT_FOUND
    case .malformed: return TL_E_FORMAT
    case .unsupported: return TL_E_UNSUPPORTED
    case .io: return TL_E_IO
    case .argument: return TL_E_FEATURE
    case .runtime: return TL_E_RUNTIME
    }
  }
}

extension MLModelError.Code {
  fileprivate var status: tl_status {
    switch self {
    case .featureType: return TL_E_FEATURE
    case .io: return TL_E_IO
    case .customLayer, .customModel: return TL_E_UNSUPPORTED
    case .parameters: return TL_E_ARGUMENT
    default: return TL_E_RUNTIME
    }
  }
}

extension MTLLibraryError.Code {
  fileprivate var status: tl_status {
    switch self {
    case .compileFailure, .compileWarning: return TL_E_FORMAT
    case .unsupported: return TL_E_UNSUPPORTED
    case .functionNotFound, .fileNotFound: return TL_E_NOT_FOUND
    default: return TL_E_RUNTIME
    }
  }
}

/// Core ML puts the cause in the underlying error; the top text alone often says only "failed".
private func describe(_ error: any Error) -> String {
  #if canImport(ObjectiveC)
    let outer = error as NSError
    var text = "\(outer.domain) \(outer.code): \(outer.localizedDescription)"
    if let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError {
      text += " (\(inner.domain) \(inner.code): \(inner.localizedDescription))"
    }
    return text
  #else
    return error.localizedDescription
  #endif
}

/// The text of the last error, one per thread.
enum LastError {
  private final class Text {
    var bytes: [UInt8] = []
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { release($0) }
    return key
  }()

  /// Takes the optional that Glibc hands over and Darwin does not.
  private static func release(_ text: UnsafeMutableRawPointer?) {
    if let text { Unmanaged<Text>.fromOpaque(text).release() }
  }

  private static var current: Text {
    if let known = pthread_getspecific(key) { return Unmanaged<Text>.fromOpaque(known).takeUnretainedValue() }
    let text = Text()
    pthread_setspecific(key, Unmanaged.passRetained(text).toOpaque())
    return text
  }

  static func set(_ message: String) { current.bytes = Array(message.utf8) }
  static var bytes: [UInt8] { current.bytes }
}
