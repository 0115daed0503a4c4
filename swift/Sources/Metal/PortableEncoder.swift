/// Collects the arguments of dispatches.
final class PortableEncoder: NSObject, MTLComputeCommandEncoder {
  let buffer: PortableCommandBuffer
  var label: String?
  private var pipeline: PortablePipeline?
  private var bindings: [Int: PortableDispatch.Binding] = [:]
  private var threadgroupMemory: [Int: Int] = [:]

  init(buffer: PortableCommandBuffer) { self.buffer = buffer }

  var device: any MTLDevice { buffer.device }
  func endEncoding() {}

  func setComputePipelineState(_ state: any MTLComputePipelineState) { pipeline = state as? PortablePipeline }

  func setBytes(_ bytes: UnsafeRawPointer, length: Int, index: Int) {
    bindings[index] = .bytes(PortableDispatch.Bytes(UnsafeRawBufferPointer(start: bytes, count: max(length, 0))))
  }

  func setBuffer(_ buffer: (any MTLBuffer)?, offset: Int, index: Int) {
    bindings[index] = buffer.map { .buffer($0, offset: offset) }
  }

  func setBufferOffset(_ offset: Int, index: Int) {
    if case .buffer(let buffer, _)? = bindings[index] { bindings[index] = .buffer(buffer, offset: offset) }
  }

  func setThreadgroupMemoryLength(_ length: Int, index: Int) { threadgroupMemory[index] = max(length, 0) }

  func dispatchThreads(_ threadsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize) {
    add(grid: threadsPerGrid, threadsPerThreadgroup)
  }

  func dispatchThreadgroups(_ threadgroupsPerGrid: MTLSize, threadsPerThreadgroup: MTLSize) {
    let product = { (groups: Int, threads: Int) in
      let (result, overflow) = groups.multipliedReportingOverflow(by: threads)
      return overflow ? Int.max : result
    }
    let grid = MTLSize(
      width: product(threadgroupsPerGrid.width, threadsPerThreadgroup.width),
      height: product(threadgroupsPerGrid.height, threadsPerThreadgroup.height),
      depth: product(threadgroupsPerGrid.depth, threadsPerThreadgroup.depth))
    add(grid: grid, threadsPerThreadgroup)
  }

  private func add(grid: MTLSize, _ group: MTLSize) {
    buffer.append(
      .dispatch(
        PortableDispatch(
          pipeline: pipeline, bindings: bindings, threadgroupMemory: threadgroupMemory, grid: grid, group: group)))
  }
}
