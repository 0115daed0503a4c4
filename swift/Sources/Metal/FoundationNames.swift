// Names of Foundation that Apple's frameworks make visible. They are here, and not in Foundation, so that the Linux dylib
// links none of it. CoreML re-exports them; test/native/stand-in-names.json lists every one.

public protocol NSObjectProtocol: AnyObject {
  func isEqual(_ object: Any?) -> Bool
  var hash: Int { get }
}

open class NSObject: NSObjectProtocol, Hashable {
  public init() {}
  open func isEqual(_ object: Any?) -> Bool { (object as AnyObject?) === self }
  open var hash: Int { ObjectIdentifier(self).hashValue }

  public static func == (left: NSObject, right: NSObject) -> Bool { left.isEqual(right) }
  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
