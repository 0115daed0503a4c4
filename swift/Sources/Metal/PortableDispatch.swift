import Glibc
import Kernels
import Shaders

/// One dispatch with all that it needs.
struct PortableDispatch {
  enum Binding {
    case buffer(any MTLBuffer, offset: Int)
    case bytes(Bytes)
  }

  /// A copy of setBytes' bytes, aligned for any type.
  final class Bytes {
    let address: UnsafeMutableRawPointer
    init(_ source: UnsafeRawBufferPointer) {
      address = .allocate(byteCount: max(source.count, 16), alignment: 64)
      if let from = source.baseAddress { address.copyMemory(from: from, byteCount: source.count) }
    }
    deinit { address.deallocate() }
  }

  var pipeline: PortablePipeline?
  var bindings: [Int: Binding]
  var threadgroupMemory: [Int: Int]
  var grid: MTLSize
  var group: MTLSize

  /// Runs all groups on the engine's threads; answers what is wrong with the dispatch.
  func run() -> MTLCommandBufferError? {
    guard let pipeline else { return invalid("no pipeline is set") }
    let missing = pipeline.arguments.first { argument in
      argument.isThreadgroup ? threadgroupMemory[argument.index, default: 0] == 0 : bindings[argument.index] == nil
    }
    if let missing { return invalid("kernel \(pipeline.label ?? ""): nothing is bound to '\(missing.name)'") }
    guard let plan = GridPlan(grid: grid, group: group, limit: pipeline.maxTotalThreadsPerThreadgroup) else {
      return invalid("kernel \(pipeline.label ?? ""): a grid of \(grid) in groups of \(group) is not possible")
    }
    return run(pipeline, plan)
  }

  private func run(_ pipeline: PortablePipeline, _ plan: GridPlan) -> MTLCommandBufferError? {
    var template = tlm_group()
    for (index, binding) in bindings where index >= 0 && index < argumentLimit {
      let address: UnsafeMutableRawPointer
      switch binding {
      case .buffer(let buffer, let offset):
        guard offset >= 0, offset < buffer.length else { return invalid("buffer \(index): offset \(offset) is outside") }
        address = buffer.contents() + offset
      case .bytes(let bytes): address = bytes.address
      }
      withUnsafeMutableBytes(of: &template.buffers) {
        $0.bindMemory(to: UnsafeMutableRawPointer?.self)[index] = address
      }
    }
    template.full_size = plan.size
    template.grid = plan.grid
    template.groups = plan.groups
    let memory = threadgroupMemory.filter { $0.key >= 0 && $0.key < argumentLimit }.sorted { $0.key < $1.key }
    var failed = false
    parallel(plan.count, chunk: plan.chunk) { first, last in
      var group = template
      guard let scratch = ThreadgroupMemory(memory, &group) else {
        failed = true
        return
      }
      withExtendedLifetime(scratch) {
        for index in first..<last {
          plan.place(index, &group)
          if tlm_run_group(pipeline.kernel, &group) != 0 { failed = true }
        }
      }
    }
    withExtendedLifetime(bindings) {}
    return failed ? MTLCommandBufferError(.outOfMemory, "no memory for the threads of a group") : nil
  }

  private func invalid(_ text: String) -> MTLCommandBufferError { MTLCommandBufferError(.invalidResource, text) }
}

/// Dynamic threadgroup memory of one OS thread.
private final class ThreadgroupMemory {
  private var blocks: [UnsafeMutableRawPointer] = []
  init?(_ lengths: [(key: Int, value: Int)], _ group: inout tlm_group) {
    for (index, length) in lengths {
      var block: UnsafeMutableRawPointer?
      guard posix_memalign(&block, 64, max(length, 64)) == 0, let block else { return nil }
      memset(block, 0, max(length, 64))
      blocks.append(block)
      withUnsafeMutableBytes(of: &group.memory) {
        $0.bindMemory(to: UnsafeMutableRawPointer?.self)[index] = block
      }
    }
  }
  deinit { for block in blocks { free(block) } }
}

/// Calls `body` with ranges that cover 0..<count, on the engine's threads.
private func parallel(_ count: Int, chunk: Int, _ body: (Int, Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var call = ParallelCall(count: count, chunk: chunk, body: body)
    tlk_parallel(
      (count + chunk - 1) / chunk,
      { context, index in
        guard let call = context?.assumingMemoryBound(to: ParallelCall.self) else { return }
        let first = index * call.pointee.chunk
        call.pointee.body(first, min(first + call.pointee.chunk, call.pointee.count))
      }, &call)
  }
}

private struct ParallelCall {
  var count: Int
  var chunk: Int
  var body: (Int, Int) -> Void
}
