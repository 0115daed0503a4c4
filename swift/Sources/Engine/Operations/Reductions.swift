import Kernels
import MIL

extension OperationTable {
  static let reductions: [OperationDefinition] = [
    reduction("reduce_sum", TLK_REDUCE_SUM), reduction("reduce_mean", TLK_REDUCE_MEAN), reduction("reduce_min", TLK_REDUCE_MIN),
    reduction("reduce_max", TLK_REDUCE_MAX), reduction("reduce_prod", TLK_REDUCE_PROD), reduction("reduce_l1_norm", TLK_REDUCE_L1),
    reduction("reduce_l2_norm", TLK_REDUCE_L2), reduction("reduce_sum_square", TLK_REDUCE_SUM_SQUARE),
    reduction("reduce_log_sum", TLK_REDUCE_LOG_SUM), reduction("reduce_log_sum_exp", TLK_REDUCE_LOG_SUM_EXP),
    argument("reduce_argmax", isMaximum: true), argument("reduce_argmin", isMaximum: false),
    OperationDefinition("cumsum", infer: inferCumulativeSum, kernel: cumulativeSumKernel, layout: .axes(["axis"])),
  ]

  // ---- over several axes ------------------------------------------------------------------------------------------

  private static func reduction(_ name: String, _ kind: tlk_reduce_kind) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x")
        let axes = try reducedAxes(node, rank: x.rank)
        _ = try node.kernelType(x, "x")
        return [try node.output(x.element, reducedShape(x.shape, axes, keepsDims: node.bool("keep_dims", default: false)))]
      }, kernel: { try reductionKernel($0, kind) }, layout: .axes(["axes"]))
  }

  /// No axes: all of them.
  private static func reducedAxes(_ node: Node, rank: Int) throws -> Set<Int> {
    Set(try node.ints("axes", default: Array(0..<rank)).map { try node.normalized($0, "axes", rank: rank) })
  }

  private static func reducedShape(_ shape: [Int], _ axes: Set<Int>, keepsDims: Bool) -> [Int] {
    shape.indices.compactMap { axes.contains($0) ? (keepsDims ? 1 : nil) : shape[$0] }
  }

  private static func reductionKernel(_ node: Node, _ kind: tlk_reduce_kind) throws -> Kernel {
    let x = try node.tensor("x")
    let axes = try reducedAxes(node, rank: x.rank)
    let type = try node.kernelType(x, "x")
    let block = ReducedBlock(x, axes)
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let run: (UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void
    let needsFloats = kind == TLK_REDUCE_L2 || kind == TLK_REDUCE_LOG_SUM || kind == TLK_REDUCE_LOG_SUM_EXP
    if needsFloats, !x.element.isFloat {
      run = { source, target in
        let (wide, sums) = (OwnedBytes(byteCount: x.count * 4), OwnedBytes(byteCount: block.outer * block.inner * 4))
        try node.check(tlk_convert(source, type, wide.pointer, TLK_F32, x.count))
        try node.check(tlk_reduce(kind, wide.pointer, TLK_F32, sums.pointer, TLK_F32, block.outer, block.axis, block.inner))
        try node.check(tlk_convert(sums.pointer, TLK_F32, target, type, block.outer * block.inner))
      }
    } else {
      run = { source, target in try node.check(tlk_reduce(kind, source, type, target, type, block.outer, block.axis, block.inner)) }
    }
    guard let gathered = block.gathered else { return { frame in try run(frame[source], frame[target]) } }
    return { frame in
      let scratch = OwnedBytes(byteCount: x.byteCount)
      try node.check(gathered.run(frame[source], scratch.pointer))
      try run(scratch.pointer, frame[target])
    }
  }

  // ---- argmax, argmin ---------------------------------------------------------------------------------------------

  private static func argument(_ name: String, isMaximum: Bool) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x")
        let axis = try node.axis("axis", rank: x.rank, default: -1)
        // Explicit, so that the layout pass renumbers it.
        node.inputs["axis"] = [Value.ints("axis", [axis])]
        guard x.shape[axis] > 0 else { throw node.fail("x has the shape \(x.shape), nothing to choose from on axis \(axis)") }
        return [try node.output(indexType(node, "output_dtype"), reducedShape(x.shape, [axis], keepsDims: node.bool("keep_dims", default: false)))]
      },
      kernel: { node in
        let x = try node.tensor("x")
        let axis = try node.axis("axis", rank: x.rank, default: -1)
        let type = try node.kernelType(x, "x")
        let (outer, inner) = (x.shape[..<axis].reduce(1, &*), x.shape[(axis + 1)...].reduce(1, &*))
        let size = x.shape[axis]
        let source = try node.value("x").slot
        return try IndexOutput(node, 0).kernel { frame, indices in
          try node.check(tlk_arg_reduce(isMaximum, frame[source], type, indices, outer, size, inner))
        }
      }, layout: .axes(["axis"]))
  }

  /// The element type that an operation's indices have: int32 unless it says otherwise.
  static func indexType(_ node: Node, _ name: String) throws -> ElementType {
    switch try node.string(name, default: "int32").lowercased() {
    case "int32": return .int32
    case "uint16": return .uint16
    case let other: throw node.fail("\(name) is '\(other)', expected int32 or uint16")
    }
  }

  // ---- cumsum -----------------------------------------------------------------------------------------------------

  private static func inferCumulativeSum(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank, default: 0)
    node.inputs["axis"] = [Value.ints("axis", [axis])]
    _ = try (node.bool("exclusive", default: false), node.bool("reverse", default: false))
    return [.tensor(x)]
  }

  private static func cumulativeSumKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank, default: 0)
    let (exclusive, reverse) = (try node.bool("exclusive", default: false), try node.bool("reverse", default: false))
    let type = try node.kernelType(x, "x")
    let (outer, inner) = (x.shape[..<axis].reduce(1, &*), x.shape[(axis + 1)...].reduce(1, &*))
    let size = x.shape[axis]
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in try node.check(tlk_cumulative_sum(frame[source], frame[target], type, outer, size, inner, exclusive, reverse)) }
  }
}

/// Reduced axes side by side: [outer][axis][inner].
private struct ReducedBlock {
  var outer = 1, axis = 1, inner = 1
  /// Brings the reduced axes together, behind the others, where they are not in memory.
  var gathered: StridedCopy?

  init(_ x: TensorSpec, _ axes: Set<Int>) {
    let reduced = x.shape.indices.filter { axes.contains($0) && x.shape[$0] != 1 }
    axis = reduced.reduce(1) { $0 &* x.shape[$1] }
    guard let first = reduced.first, let last = reduced.last else {
      outer = x.count
      return
    }
    let kept = x.shape.indices.filter { !axes.contains($0) }
    if kept.allSatisfy({ $0 < first || $0 > last || x.shape[$0] == 1 }) {
      outer = x.shape[..<first].reduce(1, &*)
      inner = x.shape[(last + 1)...].reduce(1, &*)
    } else {
      outer = kept.reduce(1) { $0 &* x.shape[$1] }
      let order = kept + reduced
      let strides = x.strides
      let shape = order.map { x.shape[$0] }
      gathered = StridedCopy(shape: shape, from: order.map { strides[$0] }, to: TensorSpec(x.element, shape).strides, element: x)
    }
  }
}

/// An output of indices, which kernels write as i32 and MIL may want as uint16.
struct IndexOutput {
  private let node: Node
  private let slot: Int
  private let spec: TensorSpec

  init(_ node: Node, _ index: Int) throws {
    self.node = node
    slot = node.outputs[index].slot
    spec = node.outputs[index].tensor
  }

  func write(_ frame: Frame, _ body: (UnsafeMutablePointer<Int32>) throws -> Void) throws {
    if spec.element == .int32 { return try body(frame[slot].assumingMemoryBound(to: Int32.self)) }
    let wide = OwnedBytes(byteCount: spec.count * 4)
    try body(wide.pointer.bindMemory(to: Int32.self, capacity: max(spec.count, 1)))
    try node.check(tlk_convert(wide.pointer, TLK_I32, frame[slot], node.kernelType(spec, "indices"), spec.count))
  }

  func kernel(_ body: @escaping (Frame, UnsafeMutablePointer<Int32>) throws -> Void) -> Kernel {
    return { frame in try write(frame) { try body(frame, $0) } }
  }
}
