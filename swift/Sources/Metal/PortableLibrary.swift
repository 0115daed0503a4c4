import Shaders

final class PortableLibrary: NSObject, MTLLibrary, @unchecked Sendable {
  let device: any MTLDevice
  private let kernels: [PortableFunction]

  init(device: any MTLDevice, source: String) throws {
    self.device = device
    let table = try ShaderCompiler.load(source)
    kernels = UnsafeBufferPointer(start: table.pointee.kernels, count: Int(table.pointee.kernel_count)).indices.map {
      PortableFunction(device: device, kernel: table.pointee.kernels + $0)
    }
  }

  var functionNames: [String] { kernels.map(\.name) }
  func makeFunction(name functionName: String) -> (any MTLFunction)? { kernels.first { $0.name == functionName } }
}

final class PortableFunction: NSObject, MTLFunction, @unchecked Sendable {
  let device: any MTLDevice
  let name: String
  /// Part of code that stays loaded.
  let kernel: UnsafePointer<tlm_kernel>

  init(device: any MTLDevice, kernel: UnsafePointer<tlm_kernel>) {
    self.device = device
    self.kernel = kernel
    name = String(cString: kernel.pointee.name)
  }
}

final class PortablePipeline: NSObject, MTLComputePipelineState, @unchecked Sendable {
  /// An argument that a dispatch has to bind.
  struct Argument {
    var name: String
    var index: Int
    var isThreadgroup: Bool
  }

  let device: any MTLDevice
  let label: String?
  let kernel: UnsafePointer<tlm_kernel>
  let arguments: [Argument]
  let allocatedSize = 0
  let threadExecutionWidth = Int(TLM_SIMD_WIDTH)
  var maxTotalThreadsPerThreadgroup: Int {
    let limit = Int(kernel.pointee.max_threads)
    return limit > 0 ? min(limit, PortableDevice.maximumThreads) : PortableDevice.maximumThreads
  }

  init(_ function: PortableFunction) {
    device = function.device
    label = function.name
    kernel = function.kernel
    arguments = UnsafeBufferPointer(start: kernel.pointee.arguments, count: Int(kernel.pointee.argument_count)).map {
      Argument(name: String(cString: $0.name), index: Int($0.index), isThreadgroup: $0.is_threadgroup)
    }
  }
}

extension MTLComputePipelineState {
  /// Name, index and whether it is threadgroup memory, of all that a dispatch has to bind: Apple's drivers find a missing buffer out on the GPU, here it can be told before.
  @_spi(Portable) public var argumentTable: [(String, Int, Bool)] {
    (self as? PortablePipeline)?.arguments.map { ($0.name, $0.index, $0.isThreadgroup) } ?? []
  }
}
