import Kernels
import MIL

extension OperationTable {
  static let gathers: [OperationDefinition] = [
    OperationDefinition("gather", infer: inferGather, kernel: gatherKernel),
    OperationDefinition("gather_along_axis", infer: inferGatherAlongAxis, kernel: gatherAlongAxisKernel),
    OperationDefinition("gather_nd", infer: inferGatherNd, kernel: gatherNdKernel),
  ]

  // ---- gather ---------------------------------------------------------------------------------------------------

  private static func gatherAxes(_ node: Node) throws -> (x: TensorSpec, indices: TensorSpec, axis: Int, batch: Int) {
    let (x, indices) = (try node.tensor("x"), try node.tensor("indices"))
    let axis = try node.axis("axis", rank: x.rank, default: 0)
    let batch = try node.int("batch_dims", default: 0)
    guard batch >= 0, batch <= indices.rank, batch <= axis, x.shape[..<batch] == indices.shape[..<batch] else {
      throw node.fail("batch_dims is \(batch), which does not fit x \(x.shape), indices \(indices.shape) and axis \(axis)")
    }
    return (x, indices, axis, batch)
  }

  private static func inferGather(_ node: Node) throws -> [ValueSpec] {
    let (x, indices, axis, batch) = try gatherAxes(node)
    _ = try IndexReader(node)
    return [try node.output(x.element, Array(x.shape[..<axis]) + indices.shape[batch...] + x.shape[(axis + 1)...])]
  }

  private static func gatherKernel(_ node: Node) throws -> Kernel {
    let (x, indices, axis, batch) = try gatherAxes(node)
    let batches = x.shape[..<batch].reduce(1, &*)
    let outer = x.shape[batch..<axis].reduce(1, &*)
    let size = x.shape[axis]
    let inner = x.shape[(axis + 1)...].reduce(1, &*)
    let rows = indices.shape[batch...].reduce(1, &*)
    let reader = try IndexReader(node)
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let width = x.byteWidth
    return { frame in
      let offsets = try reader.rows(frame, count: batches &* rows, sizes: [size], strides: [inner])
      for entry in 0..<(batches &* outer) {
        let from = frame[source] + entry &* size &* inner &* width
        let to = frame[target] + entry &* rows &* inner &* width
        try node.check(tlk_gather_blocks(from, to, offsets.pointer + (outer == 0 ? 0 : entry / outer) &* rows, rows, inner, width))
      }
    }
  }

  // ---- gather_along_axis ----------------------------------------------------------------------------------------

  private static func inferGatherAlongAxis(_ node: Node) throws -> [ValueSpec] {
    let (x, indices) = (try node.tensor("x"), try node.tensor("indices"))
    let axis = try node.axis("axis", rank: x.rank, default: 0)
    _ = try IndexReader(node)
    guard indices.rank == x.rank, x.shape.indices.allSatisfy({ $0 == axis || x.shape[$0] == indices.shape[$0] }) else {
      throw node.fail("indices has the shape \(indices.shape), x \(x.shape), expected the same sizes but for axis \(axis)")
    }
    return [try node.output(x.element, indices.shape)]
  }

  private static func gatherAlongAxisKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank, default: 0)
    let reader = try IndexReader(node)
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let width = x.byteWidth
    return { frame in
      let offsets = try reader.alongAxis(frame, axis, of: x.shape)
      try node.check(tlk_gather_blocks(frame[source], frame[target], offsets.pointer, reader.spec.count, 1, width))
    }
  }

  // ---- gather_nd ------------------------------------------------------------------------------------------------

  private static func gatherNdAxes(_ node: Node) throws -> (x: TensorSpec, indices: TensorSpec, batch: Int, depth: Int) {
    let (x, indices) = (try node.tensor("x"), try node.tensor("indices"))
    let batch = try node.int("batch_dims", default: 0)
    guard let depth = indices.shape.last, batch >= 0, batch < indices.rank, depth <= x.rank - batch, x.shape[..<batch] == indices.shape[..<batch] else {
      throw node.fail("indices has the shape \(indices.shape), which does not fit x \(x.shape) with batch_dims \(batch)")
    }
    return (x, indices, batch, depth)
  }

  private static func inferGatherNd(_ node: Node) throws -> [ValueSpec] {
    let (x, indices, batch, depth) = try gatherNdAxes(node)
    _ = try IndexReader(node)
    return [try node.output(x.element, Array(indices.shape.dropLast()) + x.shape[(batch + depth)...])]
  }

  private static func gatherNdKernel(_ node: Node) throws -> Kernel {
    let (x, indices, batch, depth) = try gatherNdAxes(node)
    let batches = x.shape[..<batch].reduce(1, &*)
    let rows = indices.shape[batch..<(indices.rank - 1)].reduce(1, &*)
    let block = x.shape[(batch + depth)...].reduce(1, &*)
    let entrySize = x.shape[batch...].reduce(1, &*)
    let sizes = Array(x.shape[batch..<(batch + depth)])
    let strides = Array(x.strides[batch..<(batch + depth)])
    let reader = try IndexReader(node)
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let width = x.byteWidth
    return { frame in
      let offsets = try reader.rows(frame, count: batches &* rows, sizes: sizes, strides: strides)
      for entry in 0..<batches {
        try node.check(
          tlk_gather_blocks(frame[source] + entry &* entrySize &* width, frame[target] + entry &* rows &* block &* width, offsets.pointer + entry &* rows, rows, block, width))
      }
    }
  }
}

/// The parameter `indices` of gathers and scatters as offsets that are inside the indexed tensor.
struct IndexReader {
  let spec: TensorSpec
  private let node: Node
  private let type: tlk_dtype
  private let isValidated: Bool
  private let slot: Int

  init(_ node: Node) throws {
    self.node = node
    spec = try node.tensor("indices")
    slot = try node.value("indices").slot
    type = try node.kernelType(spec, "indices")
    guard !spec.element.isFloat else { throw node.fail("indices has the element type \(spec.element.name), expected integers") }
    isValidated = try node.bool("validate_indices", default: false)
  }

  /// `count` rows of one index per size.
  func rows(_ frame: Frame, count: Int, sizes: [Int], strides: [Int]) throws -> Offsets {
    let offsets = Offsets(count: count)
    var bad = 0
    let status = tlk_index_offsets(frame[slot], type, count, sizes.count, sizes, strides, isValidated, offsets.pointer, &bad)
    try check(status, bad, sizes)
    return offsets
  }

  func alongAxis(_ frame: Frame, _ axis: Int, of shape: [Int]) throws -> Offsets {
    let offsets = Offsets(count: spec.count)
    var bad = 0
    let (outer, inner) = (spec.shape[..<axis].reduce(1, &*), spec.shape[(axis + 1)...].reduce(1, &*))
    let status = tlk_axis_offsets(frame[slot], type, outer, spec.shape[axis], inner, shape[axis], isValidated, offsets.pointer, &bad)
    try check(status, bad, [shape[axis]])
    return offsets
  }

  private func check(_ status: tlk_status, _ bad: Int, _ sizes: [Int]) throws {
    guard status == TLK_E_ARGUMENT else { return try node.check(status) }
    throw node.fail("index \(bad) is outside of an axis of the size \(sizes.count == 1 ? "\(sizes[0])" : "\(sizes)")", .argument)
  }
}

final class Offsets {
  let pointer: UnsafeMutablePointer<Int>
  init(count: Int) { pointer = .allocate(capacity: max(count, 1)) }
  deinit { pointer.deallocate() }
}
