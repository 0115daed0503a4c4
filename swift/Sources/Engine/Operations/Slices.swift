import Kernels
import MIL

extension OperationTable {
  /// Parts of a tensor, by strided copies.
  static let slices: [OperationDefinition] = [
    OperationDefinition("slice_by_index", infer: inferSliceByIndex, kernel: sliceByIndexKernel, layout: .custom(followSlice)),
    OperationDefinition("slice_by_size", infer: inferSliceBySize, kernel: sliceBySizeKernel),
    OperationDefinition("slice_update", infer: inferSliceUpdate, kernel: sliceUpdateKernel),
    OperationDefinition("crop", infer: inferCrop, kernel: cropKernel),
  ]

  // ---- slice_by_index -------------------------------------------------------------------------------------------

  private static func inferSliceByIndex(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let slice = try Slice(node, x.shape)
    return [try node.output(x.element, slice.squeezed)]
  }

  private static func sliceByIndexKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let slice = try Slice(node, x.shape)
    return try slice.reading(x).kernel(node, try node.value("x").slot, node.outputs[0].slot)
  }

  private static func followSlice(_ node: Node, _ order: [Int]) -> Bool {
    if let mask = try? node.ints("squeeze_mask"), mask.contains(where: { $0 != 0 }) { return false }
    for name in ["begin", "end", "stride", "begin_mask", "end_mask"] where node.inputs[name] != nil {
      guard let numbers = try? node.ints(name), numbers.count == order.count else { return false }
      node.inputs[name] = [Value.ints(name, order.map { numbers[$0] })]
    }
    return true
  }

  // ---- slice_update ---------------------------------------------------------------------------------------------

  private static func inferSliceUpdate(_ node: Node) throws -> [ValueSpec] {
    let (x, update) = (try node.tensor("x"), try node.tensor("update"))
    guard update.element == x.element else { throw node.fail("update is \(update.element.name), x is \(x.element.name), expected one element type") }
    return [.tensor(x)]
  }

  /// The bounds may differ from run to run: the output has the shape of x whatever they are.
  private static func sliceUpdateKernel(_ node: Node) throws -> Kernel {
    let (x, update) = (try node.tensor("x"), try node.tensor("update"))
    let (source, updates, target) = (try node.value("x").slot, try node.value("update").slot, node.outputs[0].slot)
    let (begin, end) = (try sliceBounds(node, "begin"), try sliceBounds(node, "end"))
    let masks = try SliceMasks(node, rank: x.rank)
    return { frame in
      let slice = try Slice(node, x.shape, begin: begin(frame), end: end(frame), masks)
      guard slice.squeezed == update.shape || slice.counts == update.shape else {
        throw node.fail("update has the shape \(update.shape), the slice has \(slice.squeezed)", .argument)
      }
      frame[target].copyMemory(from: frame[source], byteCount: x.byteCount)
      try node.check(slice.writing(x).run(frame[updates], frame[target]))
    }
  }

  private static func sliceBounds(_ node: Node, _ name: String) throws -> (Frame) throws -> [Int]? {
    guard node.inputs[name] != nil else { return { _ in nil } }
    let bounds = try node.runTimeInts(name)
    return { try bounds($0) }
  }

  // ---- slice_by_size --------------------------------------------------------------------------------------------

  private static func inferSliceBySize(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    var size = try node.ints("size", default: [], count: x.rank)
    if size.contains(-1) {
      let begin = try node.ints("begin", default: [], count: x.rank)
      for axis in size.indices where size[axis] == -1 {
        let start = begin[axis] < 0 ? begin[axis] &+ x.shape[axis] : begin[axis]
        guard start >= 0, start <= x.shape[axis] else { throw node.fail("begin is \(begin), outside of x with the shape \(x.shape)", .argument) }
        size[axis] = x.shape[axis] - start
      }
    }
    guard size.indices.allSatisfy({ size[$0] >= 0 && size[$0] <= x.shape[$0] }) else { throw node.fail("size is \(size), x has the shape \(x.shape)") }
    return [try node.output(x.element, size)]
  }

  private static func sliceBySizeKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let size = node.outputs[0].tensor.shape
    let begin = try node.runTimeInts("begin")
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in
      let starts = try begin(frame)
      guard starts.count == x.rank else { throw node.fail("begin has \(starts.count) values, expected \(x.rank)", .argument) }
      let first = x.shape.indices.map { starts[$0] < 0 ? starts[$0] &+ x.shape[$0] : starts[$0] }
      guard first.indices.allSatisfy({ first[$0] >= 0 && first[$0] <= x.shape[$0] - size[$0] }) else {
        throw node.fail("begin is \(starts) with size \(size), outside of x with the shape \(x.shape)", .argument)
      }
      try node.check(Slice(starts: first, counts: size).reading(x).run(frame[source], frame[target]))
    }
  }

  // ---- crop -----------------------------------------------------------------------------------------------------

  private static func crop(_ node: Node) throws -> Slice {
    let x = try node.tensor("x", rank: 2...8)
    let (height, width) = (try node.ints("crop_height", default: [], count: 2), try node.ints("crop_width", default: [], count: 2))
    var (starts, counts) = ([Int](repeating: 0, count: x.rank), x.shape)
    for (axis, amounts) in [(x.rank - 2, height), (x.rank - 1, width)] {
      guard amounts.allSatisfy({ $0 >= 0 && $0 <= x.shape[axis] }), amounts[0] + amounts[1] <= x.shape[axis] else {
        throw node.fail("crop_height \(height) and crop_width \(width) do not fit x with the shape \(x.shape)")
      }
      starts[axis] = amounts[0]
      counts[axis] = x.shape[axis] - amounts[0] - amounts[1]
    }
    return Slice(starts: starts, counts: counts)
  }

  private static func inferCrop(_ node: Node) throws -> [ValueSpec] { [try node.output(node.tensor("x").element, crop(node).counts)] }

  private static func cropKernel(_ node: Node) throws -> Kernel {
    try crop(node).reading(node.tensor("x")).kernel(node, node.value("x").slot, node.outputs[0].slot)
  }
}

/// Which bounds of a slice count, and its steps: what never changes between runs.
struct SliceMasks {
  var strides: [Int]
  var ignoresBegin: [Bool], ignoresEnd: [Bool], squeezes: [Bool]

  init(_ node: Node, rank: Int) throws {
    strides = try node.ints("stride", default: [Int](repeating: 1, count: rank), count: rank)
    guard !strides.contains(0) else { throw node.fail("stride is \(strides), expected no zero") }
    func mask(_ name: String) throws -> [Bool] {
      try node.ints(name, default: [Int](repeating: 0, count: rank), count: rank).map { $0 != 0 }
    }
    ignoresBegin = try mask("begin_mask")
    ignoresEnd = try mask("end_mask")
    squeezes = try mask("squeeze_mask")
  }
}

/// x[begin : end : stride] per axis, clamped to x as numpy does.
struct Slice {
  private(set) var starts: [Int]
  private(set) var counts: [Int]
  private var strides: [Int]
  private var squeezes: [Bool]

  init(starts: [Int], counts: [Int]) {
    self.starts = starts
    self.counts = counts
    strides = [Int](repeating: 1, count: starts.count)
    squeezes = [Bool](repeating: false, count: starts.count)
  }

  /// The parameters of slice_by_index, known while planning.
  init(_ node: Node, _ shape: [Int]) throws {
    try self.init(node, shape, begin: node.ints("begin"), end: node.ints("end"), SliceMasks(node, rank: shape.count))
  }

  /// Missing bounds are those of x.
  init(_ node: Node, _ shape: [Int], begin: [Int]?, end: [Int]?, _ masks: SliceMasks) throws {
    for (name, bounds) in [("begin", begin), ("end", end)] {
      if let bounds, bounds.count != shape.count { throw node.fail("\(name) has \(bounds.count) values \(bounds), expected \(shape.count) for x with the shape \(shape)") }
    }
    self.init(starts: shape, counts: shape)
    squeezes = masks.squeezes
    for (axis, size) in shape.enumerated() {
      let step = masks.strides[axis]
      func bound(_ given: [Int]?, _ isIgnored: Bool, _ fallback: Int) -> Int {
        guard let given, !isIgnored else { return fallback }
        let number = given[axis] < 0 ? given[axis] &+ size : given[axis]
        return step > 0 ? min(max(number, 0), size) : min(max(number, -1), size - 1)
      }
      if masks.squeezes[axis] {
        let given = masks.ignoresBegin[axis] ? 0 : begin?[axis] ?? 0
        let index = given < 0 ? given &+ size : given
        guard index >= 0, index < size else { throw node.fail("begin[\(axis)] is \(given), outside of x with the shape \(shape)", .argument) }
        (starts[axis], counts[axis], strides[axis]) = (index, 1, 1)
        continue
      }
      let start = bound(begin, masks.ignoresBegin[axis], step > 0 ? 0 : size - 1)
      let stop = bound(end, masks.ignoresEnd[axis], step > 0 ? size : -1)
      let distance = step > 0 ? stop - start : start - stop
      let stride = Int(step.magnitude)
      starts[axis] = start
      counts[axis] = distance <= 0 ? 0 : (distance - 1) / stride + 1
      // A step beyond the axis is taken never; kept small so that products with it stay in range.
      strides[axis] = counts[axis] <= 1 ? 1 : step
    }
  }

  /// The shape without the axes that were indexed.
  var squeezed: [Int] { counts.indices.filter { !squeezes[$0] }.map { counts[$0] } }

  private func offset(_ x: TensorSpec) -> Int {
    counts.contains(0) ? 0 : zip(starts, x.strides).reduce(0) { $0 &+ $1.0 &* $1.1 }
  }
  private func steps(_ x: TensorSpec) -> [Int] { zip(strides, x.strides).map { $0 &* $1 } }
  private var dense: [Int] { TensorSpec(.bool, counts).strides }

  func reading(_ x: TensorSpec) -> StridedCopy {
    StridedCopy(shape: counts, from: steps(x), to: dense, fromOffset: offset(x), element: x)
  }
  func writing(_ x: TensorSpec) -> StridedCopy {
    StridedCopy(shape: counts, from: dense, to: steps(x), toOffset: offset(x), element: x)
  }
}
