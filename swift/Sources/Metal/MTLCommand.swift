public typealias CFTimeInterval = Double
public typealias MTLCommandBufferHandler = @Sendable (any MTLCommandBuffer) -> Void

public enum MTLCommandBufferStatus: UInt, Sendable {
  case notEnqueued = 0
  case enqueued = 1
  case committed = 2
  case scheduled = 3
  case completed = 4
  case error = 5
}

public protocol MTLCommandQueue: NSObjectProtocol, Sendable {
  var label: String? { get set }
  var device: any MTLDevice { get }
  func makeCommandBuffer() -> (any MTLCommandBuffer)?
}

public protocol MTLCommandBuffer: NSObjectProtocol {
  var device: any MTLDevice { get }
  var commandQueue: any MTLCommandQueue { get }
  var label: String? { get set }
  var status: MTLCommandBufferStatus { get }
  var error: (any Error)? { get }
  var gpuStartTime: CFTimeInterval { get }
  var gpuEndTime: CFTimeInterval { get }
  func commit()
  func waitUntilCompleted()
  func addCompletedHandler(_ block: @escaping MTLCommandBufferHandler)
  func makeComputeCommandEncoder() -> (any MTLComputeCommandEncoder)?
  func encodeWaitForEvent(_ event: any MTLEvent, value: UInt64)
  func encodeSignalEvent(_ event: any MTLEvent, value: UInt64)
}

public protocol MTLCommandEncoder: NSObjectProtocol {
  var device: any MTLDevice { get }
  var label: String? { get set }
  func endEncoding()
}

public protocol MTLComputeCommandEncoder: MTLCommandEncoder {
  func setComputePipelineState(_ state: any MTLComputePipelineState)
  func setBytes(_ bytes: UnsafeRawPointer, length: Int, index: Int)
  func setBuffer(_ buffer: (any MTLBuffer)?, offset: Int, index: Int)
  func setBufferOffset(_ offset: Int, index: Int)
  func setThreadgroupMemoryLength(_ length: Int, index: Int)
  func dispatchThreads(_ threadsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize)
  func dispatchThreadgroups(_ threadgroupsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize)
}

public struct MTLCommandBufferError: Error, Sendable, CustomStringConvertible {
  public enum Code: UInt, Sendable {
    case none = 0
    case `internal` = 1
    case timeout = 2
    case pageFault = 3
    case accessRevoked = 4
    case notPermitted = 7
    case outOfMemory = 8
    case invalidResource = 9
    case memoryless = 10
    case deviceRemoved = 11
    case stackOverflow = 12
  }
  public let code: Code
  private let text: String

  init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }
  public var description: String { text }
}

public protocol MTLEvent: NSObjectProtocol, Sendable {
  var device: (any MTLDevice)? { get }
  var label: String? { get set }
}

public protocol MTLSharedEvent: MTLEvent {
  var signaledValue: UInt64 { get set }
}
