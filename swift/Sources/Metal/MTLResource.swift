public struct MTLResourceOptions: OptionSet, Sendable {
  public let rawValue: UInt
  public init(rawValue: UInt) { self.rawValue = rawValue }
  public static var cpuCacheModeWriteCombined: MTLResourceOptions { MTLResourceOptions(rawValue: 1) }
  public static var storageModeShared: MTLResourceOptions { [] }
  public static var storageModeManaged: MTLResourceOptions { MTLResourceOptions(rawValue: 16) }
  public static var storageModePrivate: MTLResourceOptions { MTLResourceOptions(rawValue: 32) }
  public static var storageModeMemoryless: MTLResourceOptions { MTLResourceOptions(rawValue: 48) }
  public static var hazardTrackingModeUntracked: MTLResourceOptions { MTLResourceOptions(rawValue: 256) }
  public static var hazardTrackingModeTracked: MTLResourceOptions { MTLResourceOptions(rawValue: 512) }
}

public enum MTLStorageMode: UInt, Sendable { case shared = 0, managed = 1, `private` = 2, memoryless = 3 }
public enum MTLCPUCacheMode: UInt, Sendable { case defaultCache = 0, writeCombined = 1 }
public enum MTLHazardTrackingMode: UInt, Sendable { case `default` = 0, untracked = 1, tracked = 2 }

public protocol MTLAllocation: NSObjectProtocol {
  var allocatedSize: Int { get }
}

public protocol MTLResource: MTLAllocation {
  var label: String? { get set }
  var device: any MTLDevice { get }
  var storageMode: MTLStorageMode { get }
  var cpuCacheMode: MTLCPUCacheMode { get }
  var hazardTrackingMode: MTLHazardTrackingMode { get }
  var resourceOptions: MTLResourceOptions { get }
}

public protocol MTLBuffer: MTLResource {
  var length: Int { get }
  func contents() -> UnsafeMutableRawPointer
  func didModifyRange(_ range: Range<Int>)
  var gpuAddress: UInt64 { get }
}
