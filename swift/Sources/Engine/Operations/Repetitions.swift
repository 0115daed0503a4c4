import Kernels
import MIL

extension OperationTable {
  /// The elements of x in another order or several times, by strided copies.
  static let repetitions: [OperationDefinition] = [
    OperationDefinition("tile", infer: inferTile, kernel: tileKernel, layout: .custom(followTile)),
    OperationDefinition("reverse", infer: inferReverse, kernel: reverseKernel, layout: .axes(["axes"])),
    OperationDefinition("reverse_sequence", infer: inferReverseSequence, kernel: reverseSequenceKernel),
    OperationDefinition("sliding_windows", infer: inferSlidingWindows, kernel: slidingWindowsKernel),
  ]

  // ---- tile -----------------------------------------------------------------------------------------------------

  private static func inferTile(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let reps = try node.ints("reps", default: [], count: x.rank)
    guard reps.allSatisfy({ $0 >= 0 && $0 <= TensorSpec.maximumCount }) else { throw node.fail("reps is \(reps), expected numbers from 1") }
    return [try node.output(x.element, zip(x.shape, reps).map { $0.multipliedReportingOverflow(by: $1) }.map { $0.overflow ? -1 : $0.partialValue })]
  }

  private static func followTile(_ node: Node, _ order: [Int]) -> Bool {
    guard let reps = try? node.ints("reps"), reps.count == order.count else { return false }
    node.inputs["reps"] = [Value.ints("reps", order.map { reps[$0] })]
    return true
  }

  private static func tileKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let reps = try node.ints("reps", default: [], count: x.rank)
    let (from, to) = (x.strides, node.outputs[0].tensor.strides)
    // Each axis becomes [repetition, position].
    let shape = x.shape.indices.flatMap { [reps[$0], x.shape[$0]] }
    let copy = StridedCopy(shape: shape, from: from.flatMap { [0, $0] }, to: x.shape.indices.flatMap { [x.shape[$0] &* to[$0], to[$0]] }, element: x)
    return try copy.kernel(node, node.value("x").slot, node.outputs[0].slot)
  }

  // ---- reverse --------------------------------------------------------------------------------------------------

  private static func reversedAxes(_ node: Node, rank: Int) throws -> Set<Int> {
    Set(try node.ints("axes", default: Array(0..<rank)).map { try node.normalized($0, "axes", rank: rank) })
  }

  private static func inferReverse(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    _ = try reversedAxes(node, rank: x.rank)
    return [.tensor(x)]
  }

  private static func reverseKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    var from = x.strides
    var offset = 0
    for axis in try reversedAxes(node, rank: x.rank) {
      offset = offset &+ max(x.shape[axis] - 1, 0) &* from[axis]
      from[axis] = -from[axis]
    }
    return try StridedCopy(shape: x.shape, from: from, to: x.strides, fromOffset: offset, element: x).kernel(node, node.value("x").slot, node.outputs[0].slot)
  }

  private static func inferReverseSequence(_ node: Node) throws -> [ValueSpec] {
    let (x, lengths) = (try node.tensor("x"), try node.tensor("lengths"))
    let batch = try node.axis("batch_axis", rank: x.rank, default: 0)
    _ = try node.axis("seq_axis", rank: x.rank, default: 0)
    guard lengths.count == x.shape[batch] else { throw node.fail("lengths has the shape \(lengths.shape), expected one per entry of axis \(batch) (\(x.shape[batch]))") }
    return [.tensor(x)]
  }

  private static func reverseSequenceKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let batch = try node.axis("batch_axis", rank: x.rank, default: 0)
    let axis = try node.axis("seq_axis", rank: x.rank, default: 0)
    let strides = x.strides
    let lengths = try node.runTimeInts("lengths")
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in
      frame[target].copyMemory(from: frame[source], byteCount: x.byteCount)
      for (entry, length) in try lengths(frame).enumerated() {
        guard length >= 0, length <= x.shape[axis] else { throw node.fail("lengths[\(entry)] is \(length), expected 0 to \(x.shape[axis])", .argument) }
        guard length > 1, batch != axis else { continue }
        var (shape, from) = (x.shape, strides)
        shape[batch] = 1
        shape[axis] = length
        from[axis] = -strides[axis]
        let base = entry &* strides[batch]
        let reversed = StridedCopy(shape: shape, from: from, to: strides, fromOffset: base &+ (length - 1) &* strides[axis], toOffset: base, element: x)
        try node.check(reversed.run(frame[source], frame[target]))
      }
    }
  }

  // ---- sliding_windows ------------------------------------------------------------------------------------------

  private static func windows(_ node: Node) throws -> (axis: Int, size: Int, stride: Int, count: Int) {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank)
    let (size, stride) = (try node.int("size"), try node.int("stride", default: 1))
    guard size >= 1, stride >= 1, size <= x.shape[axis] else { throw node.fail("windows of \(size) with the stride \(stride) do not fit axis \(axis) of x with the shape \(x.shape)") }
    return (axis, size, stride, (x.shape[axis] - size) / stride + 1)
  }

  private static func inferSlidingWindows(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let windows = try windows(node)
    return [try node.output(x.element, Array(x.shape[..<windows.axis]) + [windows.count, windows.size] + x.shape[(windows.axis + 1)...])]
  }

  private static func slidingWindowsKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let windows = try windows(node)
    let output = node.outputs[0].tensor
    var from = x.strides
    let step = from[windows.axis]
    from.insert(windows.count == 1 ? step : windows.stride &* step, at: windows.axis)
    return try StridedCopy(shape: output.shape, from: from, to: output.strides, element: x).kernel(node, node.value("x").slot, node.outputs[0].slot)
  }
}
