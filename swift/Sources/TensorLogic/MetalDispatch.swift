import CTensorLogic

#if canImport(ObjectiveC)
  import Metal
#else
  @_spi(Portable) import Metal
#endif

/// One checked dispatch. `tl_binding` of the header is five numbers: kind, index, buffer or offset into the bytes, byte offset, byte length.
struct MetalDispatch {
  enum Binding {
    case buffer(any MTLBuffer, offset: Int)
    case bytes(UnsafeRawBufferPointer)
    case threadgroupMemory(Int)
  }

  let pipeline: Pipeline
  let grid: MTLSize
  let threadgroup: MTLSize
  private(set) var bindings: [(index: Int, binding: Binding)] = []

  private static let argumentLimit = 31
  /// Apple's limit of setBytes.
  private static let bytesLimit: UInt64 = 4096

  init(_ pipeline: Pipeline, sizes: UnsafeBufferPointer<UInt32>) throws {
    self.pipeline = pipeline
    let size = { (at: Int) in MTLSize(width: Int(sizes[at]), height: Int(sizes[at + 1]), depth: Int(sizes[at + 2])) }
    grid = size(0)
    threadgroup = size(3)
    try checkSizes()
  }

  private func checkSizes() throws {
    let names = ["x", "y", "z"]
    let most = try metalDevice().maxThreadsPerThreadgroup
    for (axis, total) in [grid.width, grid.height, grid.depth].enumerated() where total < 1 {
      throw wrong("grid.\(names[axis]) is \(total), expected at least 1")
    }
    let limits = [most.width, most.height, most.depth]
    for (axis, count) in [threadgroup.width, threadgroup.height, threadgroup.depth].enumerated()
    where count < 1 || count > limits[axis] {
      throw wrong("threadgroup.\(names[axis]) is \(count), expected 1 to \(limits[axis])")
    }
    // Each is at most a few thousand here, so the product cannot overflow.
    let threads = threadgroup.width * threadgroup.height * threadgroup.depth
    let limit = pipeline.state.maxTotalThreadsPerThreadgroup
    guard threads <= limit else {
      throw wrong("the threadgroup has \(threads) threads, this pipeline allows \(limit)")
    }
  }

  mutating func bind(_ entry: UnsafeBufferPointer<UInt64>, bytes: UnsafeRawBufferPointer) throws {
    guard let index = Int(exactly: entry[1]), index < MetalDispatch.argumentLimit else {
      throw wrong("index \(entry[1]) is outside 0..<\(MetalDispatch.argumentLimit)")
    }
    let binding: Binding
    switch entry[0] {
    case 0: binding = try buffer(entry, index)
    case 1: binding = try inlineBytes(entry, index, bytes)
    case 2: binding = try threadgroupMemory(entry[4], index)
    default: throw wrong("binding kind \(entry[0]) is none of 0, 1, 2")
    }
    bindings.append((index, binding))
  }

  private func buffer(_ entry: UnsafeBufferPointer<UInt64>, _ index: Int) throws -> Binding {
    guard let handle = UInt32(exactly: entry[2]) else { throw wrong("buffer \(index): \(entry[2]) is not a handle") }
    let buffer = try HandleTable.shared.get(handle, as: Buffer.self)
    guard entry[3] < UInt64(max(buffer.byteLength, 1)) else {
      throw wrong("buffer \(index): offset \(entry[3]) is outside its \(buffer.byteLength) bytes")
    }
    guard let metal = buffer.metal else {
      throw wrong(
        "buffer \(index): Metal uses whole pages of memory in place, and this memory (a view of a JavaScript array, or an "
          + "array of Core ML) is none: use a tensor of Tensor.zeros or Tensor.from, or copy() it")
    }
    return .buffer(metal, offset: Int(entry[3]))
  }

  private func inlineBytes(
    _ entry: UnsafeBufferPointer<UInt64>, _ index: Int, _ bytes: UnsafeRawBufferPointer
  ) throws -> Binding {
    let offset = entry[2], length = entry[4]
    guard length > 0, length <= MetalDispatch.bytesLimit else {
      throw wrong("bytes \(index): \(length) bytes, expected 1 to \(MetalDispatch.bytesLimit); use a tensor for more")
    }
    guard offset <= UInt64(bytes.count), length <= UInt64(bytes.count) - offset else {
      throw wrong("bytes \(index): \(length) bytes at \(offset) are outside the \(bytes.count) bytes given")
    }
    return .bytes(UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset + length)]))
  }

  private func threadgroupMemory(_ length: UInt64, _ index: Int) throws -> Binding {
    let limit = try metalDevice().maxThreadgroupMemoryLength
    let used = bindings.reduce(0) { sum, entry in
      if case .threadgroupMemory(let length) = entry.binding { return sum + length }
      return sum
    }
    guard length > 0, length % 16 == 0, length <= UInt64(limit - used) else {
      throw wrong("threadgroupMemory \(index): \(length) bytes, expected a multiple of 16; all together at most \(limit)")
    }
    return .threadgroupMemory(Int(length))
  }

  /// A kernel must not read an address that nobody gave.
  func checkComplete() throws {
    #if !canImport(ObjectiveC)
      var buffers = Set<Int>(), memory = Set<Int>()
      for (index, binding) in bindings {
        if case .threadgroupMemory = binding { memory.insert(index) } else { buffers.insert(index) }
      }
      for (name, index, isThreadgroup) in pipeline.state.argumentTable
      where !(isThreadgroup ? memory : buffers).contains(index) {
        throw wrong("nothing is bound to '\(name)' [[\(isThreadgroup ? "threadgroup" : "buffer")(\(index))]]")
      }
    #endif
  }

  func encode(_ encoder: any MTLComputeCommandEncoder) {
    encoder.setComputePipelineState(pipeline.state)
    for (index, binding) in bindings {
      switch binding {
      case .buffer(let buffer, let offset): encoder.setBuffer(buffer, offset: offset, index: index)
      case .bytes(let bytes):
        if let address = bytes.baseAddress { encoder.setBytes(address, length: bytes.count, index: index) }
      case .threadgroupMemory(let length): encoder.setThreadgroupMemoryLength(length, index: index)
      }
    }
    encoder.dispatchThreads(grid, threadsPerThreadgroup: threadgroup)
  }

  private func wrong(_ text: String) -> Failure { Failure(TL_E_ARGUMENT, "kernel \(pipeline.name): \(text)") }
}
