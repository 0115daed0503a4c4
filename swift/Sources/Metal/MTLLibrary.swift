public struct MTLSize: Sendable {
  public var width: Int
  public var height: Int
  public var depth: Int
  public init() {
    width = 0
    height = 0
    depth = 0
  }
  public init(width: Int, height: Int, depth: Int) {
    self.width = width
    self.height = height
    self.depth = depth
  }
}

public func MTLSizeMake(_ width: Int, _ height: Int, _ depth: Int) -> MTLSize {
  MTLSize(width: width, height: height, depth: depth)
}

public enum MTLMathMode: Int, Sendable { case safe = 0, relaxed = 1, fast = 2 }

open class MTLCompileOptions: NSObject {
  open var fastMathEnabled = true
  open var mathMode = MTLMathMode.fast
}

public protocol MTLLibrary: NSObjectProtocol, Sendable {
  var functionNames: [String] { get }
  var device: any MTLDevice { get }
  func makeFunction(name functionName: String) -> (any MTLFunction)?
}

public protocol MTLFunction: NSObjectProtocol, Sendable {
  var name: String { get }
  var device: any MTLDevice { get }
}

public protocol MTLComputePipelineState: MTLAllocation, Sendable {
  var device: any MTLDevice { get }
  var label: String? { get }
  var maxTotalThreadsPerThreadgroup: Int { get }
  var threadExecutionWidth: Int { get }
}

public struct MTLLibraryError: Error, Sendable, CustomStringConvertible {
  public enum Code: UInt, Sendable {
    case unsupported = 1
    case `internal` = 2
    case compileFailure = 3
    case compileWarning = 4
    case functionNotFound = 5
    case fileNotFound = 6
  }
  public let code: Code
  private let text: String

  init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }
  public var description: String { text }
}
