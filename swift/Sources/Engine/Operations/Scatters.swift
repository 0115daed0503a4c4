import Kernels
import MIL

extension OperationTable {
  static let scatters: [OperationDefinition] = [
    OperationDefinition("scatter", infer: inferScatter, kernel: scatterKernel),
    OperationDefinition("scatter_along_axis", infer: inferScatterAlongAxis, kernel: scatterAlongAxisKernel),
    OperationDefinition("scatter_nd", infer: inferScatterNd, kernel: scatterNdKernel),
  ]

  private static func operands(_ node: Node) throws -> (data: TensorSpec, indices: TensorSpec, updates: TensorSpec) {
    let (data, indices, updates) = (try node.tensor("data"), try node.tensor("indices"), try node.tensor("updates"))
    guard updates.element == data.element else { throw node.fail("updates is \(updates.element.name), data is \(data.element.name), expected one element type") }
    _ = try (IndexReader(node), Scatter.mode(node))
    return (data, indices, updates)
  }

  private static func expect(_ node: Node, _ updates: TensorSpec, _ shape: [Int]) throws {
    guard updates.shape == shape else { throw node.fail("updates has the shape \(updates.shape), expected \(shape)") }
  }

  // ---- scatter --------------------------------------------------------------------------------------------------

  private static func inferScatter(_ node: Node) throws -> [ValueSpec] {
    let (data, indices, updates) = try operands(node)
    let axis = try node.axis("axis", rank: data.rank, default: 0)
    try expect(node, updates, Array(data.shape[..<axis]) + indices.shape + Array(data.shape[(axis + 1)...]))
    return [.tensor(data)]
  }

  private static func scatterKernel(_ node: Node) throws -> Kernel {
    let (data, indices, _) = try operands(node)
    let axis = try node.axis("axis", rank: data.rank, default: 0)
    let (outer, size, inner) = (data.shape[..<axis].reduce(1, &*), data.shape[axis], data.shape[(axis + 1)...].reduce(1, &*))
    let (reader, rows) = (try IndexReader(node), indices.count)
    return try Scatter(node).kernel { frame, combine in
      let offsets = try reader.rows(frame, count: rows, sizes: [size], strides: [inner])
      for entry in 0..<outer { try combine(entry &* size &* inner, entry &* rows &* inner, offsets, rows, inner) }
    }
  }

  // ---- scatter_along_axis ---------------------------------------------------------------------------------------

  private static func inferScatterAlongAxis(_ node: Node) throws -> [ValueSpec] {
    let (data, indices, updates) = try operands(node)
    let axis = try node.axis("axis", rank: data.rank, default: 0)
    guard indices.rank == data.rank, data.shape.indices.allSatisfy({ $0 == axis || data.shape[$0] == indices.shape[$0] }) else {
      throw node.fail("indices has the shape \(indices.shape), data \(data.shape), expected the same sizes but for axis \(axis)")
    }
    try expect(node, updates, indices.shape)
    return [.tensor(data)]
  }

  private static func scatterAlongAxisKernel(_ node: Node) throws -> Kernel {
    let (data, indices, _) = try operands(node)
    let axis = try node.axis("axis", rank: data.rank, default: 0)
    let reader = try IndexReader(node)
    return try Scatter(node).kernel { frame, combine in
      try combine(0, 0, reader.alongAxis(frame, axis, of: data.shape), indices.count, 1)
    }
  }

  // ---- scatter_nd -----------------------------------------------------------------------------------------------

  private static func inferScatterNd(_ node: Node) throws -> [ValueSpec] {
    let (data, indices, updates) = try operands(node)
    guard let depth = indices.shape.last, depth <= data.rank else { throw node.fail("indices has the shape \(indices.shape), which does not fit data \(data.shape)") }
    try expect(node, updates, Array(indices.shape.dropLast()) + Array(data.shape[depth...]))
    return [.tensor(data)]
  }

  private static func scatterNdKernel(_ node: Node) throws -> Kernel {
    let (data, indices, _) = try operands(node)
    let depth = indices.shape.last ?? 0
    let rows = indices.shape.dropLast().reduce(1, &*)
    let block = data.shape[depth...].reduce(1, &*)
    let (sizes, strides) = (Array(data.shape[..<depth]), Array(data.strides[..<depth]))
    let reader = try IndexReader(node)
    return try Scatter(node).kernel { frame, combine in
      try combine(0, 0, reader.rows(frame, count: rows, sizes: sizes, strides: strides), rows, block)
    }
  }
}

/// data with blocks of updates worked in. Duplicate indices accumulate in f32 (i32 for integers), so that each value is rounded once.
private struct Scatter {
  /// (offset into data, offset into updates, places, how many, block)
  typealias Combine = (Int, Int, Offsets, Int, Int) throws -> Void
  private let node: Node
  private let data: TensorSpec, updates: TensorSpec
  private let mode: tlk_scatter_mode
  private let type: tlk_dtype

  init(_ node: Node) throws {
    self.node = node
    data = try node.tensor("data")
    updates = try node.tensor("updates")
    mode = try Scatter.mode(node)
    type = try node.kernelType(data, "data")
  }

  static func mode(_ node: Node) throws -> tlk_scatter_mode {
    switch try node.string("mode", default: "add") {
    case "update": return TLK_SCATTER_UPDATE
    case "add": return TLK_SCATTER_ADD
    case "sub": return TLK_SCATTER_SUB
    case "mul": return TLK_SCATTER_MUL
    case "div": return TLK_SCATTER_DIV
    case "max": return TLK_SCATTER_MAX
    case "min": return TLK_SCATTER_MIN
    case let other: throw node.fail("mode is '\(other)', expected add, div, max, min, mul, sub or update")
    }
  }

  func kernel(_ body: @escaping (Frame, Combine) throws -> Void) throws -> Kernel {
    let (source, given, target) = (try node.value("data").slot, try node.value("updates").slot, node.outputs[0].slot)
    let accumulator = data.element.isFloat ? TLK_F32 : TLK_I32
    let (mode, node, width) = (mode, node, data.byteWidth)
    if mode == TLK_SCATTER_UPDATE || type == accumulator {
      return { frame in
        let (out, from) = (frame[target], frame[given])
        out.copyMemory(from: frame[source], byteCount: data.byteCount)
        try body(frame) { to, at, offsets, count, block in
          let (out, from) = (out + to &* width, from + at &* width)
          if mode == TLK_SCATTER_UPDATE { return try node.check(tlk_scatter_update(out, from, offsets.pointer, count, block, width)) }
          try node.check(tlk_scatter_blocks(mode, accumulator, out, from, offsets.pointer, count, block))
        }
      }
    }
    return { frame in
      let (sums, terms) = (OwnedBytes(byteCount: data.count * 4), OwnedBytes(byteCount: updates.count * 4))
      try node.check(tlk_convert(frame[source], type, sums.pointer, accumulator, data.count))
      try node.check(tlk_convert(frame[given], type, terms.pointer, accumulator, updates.count))
      try body(frame) { to, at, offsets, count, block in
        try node.check(tlk_scatter_blocks(mode, accumulator, sums.pointer + to &* 4, terms.pointer + at &* 4, offsets.pointer, count, block))
      }
      try node.check(tlk_convert(sums.pointer, accumulator, frame[target], type, data.count))
    }
  }
}
