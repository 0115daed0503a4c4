// Names of Foundation that `import CoreML` makes visible on Apple systems: the few that the bridge needs, so that the Linux
// dylib links no Foundation. test/native/stand-in-names.json lists every one.
@_exported import class Metal.NSObject
@_exported import protocol Metal.NSObjectProtocol

public struct URL: Hashable, Sendable {
  public let path: String
  public init(fileURLWithPath path: String) { self.path = path }
}

public struct NSRange: Hashable, Sendable {
  public var location: Int
  public var length: Int
  public init(location: Int, length: Int) {
    self.location = location
    self.length = length
  }
}

open class NSValue: NSObject {
  private let range: NSRange
  public init(range: NSRange) { self.range = range }
  open var rangeValue: NSRange { range }
}

/// A number that remembers whether it came as an integer.
public final class NSNumber: NSValue, CustomStringConvertible {
  private enum Storage: Hashable {
    case integer(Int64)
    case real(Double)
  }
  private let storage: Storage

  private init(_ storage: Storage) {
    self.storage = storage
    super.init(range: NSRange(location: 0, length: 0))
  }
  public convenience init(value: Int) { self.init(.integer(Int64(value))) }
  public convenience init(value: Int32) { self.init(.integer(Int64(value))) }
  public convenience init(value: Int64) { self.init(.integer(value)) }
  public convenience init(value: Float) { self.init(.real(Double(value))) }
  public convenience init(value: Double) { self.init(.real(value)) }

  public var int64Value: Int64 {
    switch storage {
    case .integer(let value): return value
    // NaN becomes 0 and what is too large the nearest Int64, as conversion instructions of the CPU do it.
    case .real(let value):
      return Int64(exactly: value.rounded(.towardZero)) ?? (value.isNaN ? 0 : value < 0 ? .min : .max)
    }
  }
  public var intValue: Int { Int(int64Value) }
  public var int32Value: Int32 { Int32(truncatingIfNeeded: int64Value) }
  public var doubleValue: Double {
    switch storage {
    case .integer(let value): return Double(value)
    case .real(let value): return value
    }
  }
  public var floatValue: Float { Float(doubleValue) }

  public var description: String {
    switch storage {
    case .integer(let value): return "\(value)"
    case .real(let value): return "\(value)"
    }
  }
  public override func isEqual(_ object: Any?) -> Bool { (object as? NSNumber)?.storage == storage }
  public override var hash: Int { storage.hashValue }
}

public let NSLocalizedDescriptionKey = "NSLocalizedDescription"

extension Error {
  /// What Foundation's bridge to NSError gives: the text that the error carries.
  public var localizedDescription: String {
    (self as? any CustomStringConvertible)?.description ?? "\(self)"
  }
}
