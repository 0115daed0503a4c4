public protocol MTLDevice: NSObjectProtocol, Sendable {
  var name: String { get }
  var registryID: UInt64 { get }
  var hasUnifiedMemory: Bool { get }
  var isLowPower: Bool { get }
  var recommendedMaxWorkingSetSize: UInt64 { get }
  var maxBufferLength: Int { get }
  var currentAllocatedSize: Int { get }
  var maxThreadsPerThreadgroup: MTLSize { get }
  var maxThreadgroupMemoryLength: Int { get }
  func makeBuffer(length: Int, options: MTLResourceOptions) -> (any MTLBuffer)?
  func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int, options: MTLResourceOptions) -> (any MTLBuffer)?
  func makeBuffer(
    bytesNoCopy pointer: UnsafeMutableRawPointer, length: Int, options: MTLResourceOptions,
    deallocator: (@Sendable (UnsafeMutableRawPointer, Int) -> Void)?
  ) -> (any MTLBuffer)?
  func makeLibrary(source: String, options: MTLCompileOptions?) throws -> any MTLLibrary
  func makeComputePipelineState(function computeFunction: any MTLFunction) throws -> any MTLComputePipelineState
  func makeCommandQueue() -> (any MTLCommandQueue)?
  func makeEvent() -> (any MTLEvent)?
  func makeSharedEvent() -> (any MTLSharedEvent)?
}

// Swift protocols have no default arguments: the importer's `options: = []` becomes overloads here.
extension MTLDevice {
  public func makeBuffer(length: Int) -> (any MTLBuffer)? { makeBuffer(length: length, options: []) }
  public func makeBuffer(bytes pointer: UnsafeRawPointer, length: Int) -> (any MTLBuffer)? {
    makeBuffer(bytes: pointer, length: length, options: [])
  }
  public func makeBuffer(bytesNoCopy pointer: UnsafeMutableRawPointer, length: Int, options: MTLResourceOptions = [])
    -> (any MTLBuffer)?
  {
    makeBuffer(bytesNoCopy: pointer, length: length, options: options, deallocator: nil)
  }
}

public func MTLCreateSystemDefaultDevice() -> (any MTLDevice)? { PortableDevice.shared }
public func MTLCopyAllDevices() -> [any MTLDevice] { [PortableDevice.shared] }
