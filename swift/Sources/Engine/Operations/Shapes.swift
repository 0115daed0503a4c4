import Kernels
import MIL

extension OperationTable {
  /// Operations that change a tensor's shape or the order of its axes.
  static let shapes: [OperationDefinition] = [
    OperationDefinition("reshape", infer: inferReshape, view: "x"),
    OperationDefinition("expand_dims", infer: inferExpandDims, view: "x"),
    OperationDefinition("squeeze", infer: inferSqueeze, view: "x"),
    OperationDefinition("flatten2d", infer: inferFlatten, view: "x"),
    OperationDefinition("reshape_like", infer: inferReshapeLike, view: "x"),
    OperationDefinition("shape", infer: { [try $0.output(.int32, [try $0.tensor("x").rank])] }, kernel: shapeKernel),
    OperationDefinition("transpose", infer: inferTranspose, kernel: transposeKernel, layout: .transpose),
  ]

  /// shape may hold one −1 (inferred) and zeros (the size of x at that place, or 1 where it has none).
  private static func inferReshape(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    guard var shape = try node.ints("shape") else { throw node.fail("parameter 'shape' is missing") }
    // Zeros are aligned from the right (iOS17); before it, the ranks had to be equal.
    for (index, size) in shape.enumerated() where size == 0 && x.count != 0 {
      let axis = index + x.rank - shape.count
      shape[index] = axis >= 0 ? x.shape[axis] : 1
    }
    let inferred = shape.indices.filter { shape[$0] == -1 }
    let known = shape.filter { $0 != -1 }
    guard inferred.count <= 1, known.allSatisfy({ $0 >= 0 }), let product = TensorSpec.checked(x.element, known)?.count else {
      throw node.fail("shape is \(shape), expected sizes with at most one -1")
    }
    if let axis = inferred.first { shape[axis] = product == 0 ? 0 : x.count / product }
    guard TensorSpec.checked(x.element, shape)?.count == x.count else { throw node.fail("x has the shape \(x.shape), which does not fit into \(shape)") }
    return [try node.output(x.element, shape)]
  }

  private static func inferExpandDims(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let axes = try node.ints("axes") ?? [try node.int("axis")]
    let rank = x.rank + axes.count
    let places = Set(try axes.map { try node.normalized($0, "axes", rank: rank) })
    guard places.count == axes.count else { throw node.fail("axes \(axes) repeat an axis") }
    var rest = x.shape.makeIterator()
    return [try node.output(x.element, (0..<rank).map { places.contains($0) ? 1 : rest.next() ?? 1 })]
  }

  private static func inferSqueeze(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    guard let axes = try node.ints("axes") else { return [try node.output(x.element, x.shape.filter { $0 != 1 })] }
    // As in PyTorch, axes of other sizes than 1 stay.
    let places = Set(try axes.map { try node.normalized($0, "axes", rank: x.rank) }).filter { x.shape[$0] == 1 }
    return [try node.output(x.element, x.shape.indices.filter { !places.contains($0) }.map { x.shape[$0] })]
  }

  private static func inferFlatten(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let axis = try node.int("axis", default: 1)
    guard axis >= -x.rank, axis <= x.rank else { throw node.fail("axis is \(axis), expected \(-x.rank) to \(x.rank)") }
    let split = axis < 0 ? axis + x.rank : axis
    return [try node.output(x.element, [x.shape[..<split].reduce(1, *), x.shape[split...].reduce(1, *)])]
  }

  /// The shape of x with axes begins[i] ..< ends[i] of ref_tensors[i] in place of its own.
  private static func inferReshapeLike(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let begins = try node.ints("begins", default: [])
    let ends = try node.ints("ends", default: [])
    let masks = try node.doubles("end_masks") ?? []
    let references = try node.values("ref_tensors")
    guard begins.count == references.count, ends.count == references.count else { throw node.fail("begins, ends and ref_tensors differ in length") }
    var shape: [Int] = []
    for (index, reference) in references.enumerated() {
      let spec = try node.tensor(of: reference, "ref_tensors")
      let begin = begins[index] < 0 ? begins[index] + spec.rank : begins[index]
      var end = ends[index] < 0 ? ends[index] + spec.rank : ends[index]
      if index < masks.count, masks[index] != 0 { end = spec.rank }
      guard begin >= 0, begin <= end, end <= spec.rank else { throw node.fail("begins \(begins), ends \(ends) do not fit ref_tensors[\(index)] of the shape \(spec.shape)") }
      shape += spec.shape[begin..<end]
    }
    guard TensorSpec.checked(x.element, shape)?.count == x.count else { throw node.fail("x has the shape \(x.shape), which does not fit into \(shape)") }
    return [try node.output(x.element, shape)]
  }

  private static func shapeKernel(_ node: Node) throws -> Kernel {
    let sizes = try node.tensor("x").shape.map { Int32(clamping: $0) }
    let target = node.outputs[0].slot
    return { frame in
      let out = frame[target].assumingMemoryBound(to: Int32.self)
      for (axis, size) in sizes.enumerated() { out[axis] = size }
    }
  }

  private static func permutation(_ node: Node, rank: Int) throws -> [Int] {
    let permutation = try node.ints("perm", default: [], count: rank).map { try node.normalized($0, "perm", rank: rank) }
    guard Set(permutation).count == rank else { throw node.fail("perm \(permutation) is not a permutation") }
    return permutation
  }

  private static func inferTranspose(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    return [try node.output(x.element, permutation(node, rank: x.rank).map { x.shape[$0] })]
  }

  private static func transposeKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let permutation = try permutation(node, rank: x.rank)
    let strides = x.strides
    return try StridedCopy(shape: permutation.map { x.shape[$0] }, from: permutation.map { strides[$0] }, to: node.outputs[0].tensor.strides, element: x).kernel(node, try node.value("x").slot, node.outputs[0].slot)
  }
}

/// A copy of a block between strided tensors, with the axes merged that can be.
struct StridedCopy {
  private let shape: [Int], from: [Int], to: [Int]
  private let fromOffset: Int, toOffset: Int
  private let elementSize: Int

  /// Strides and offsets in elements.
  init(shape: [Int], from: [Int], to: [Int], fromOffset: Int = 0, toOffset: Int = 0, element: TensorSpec) {
    let collapsed = ElementwiseExpression.collapse(shape, [from, to])
    self.shape = shape.contains(0) ? [0] : collapsed.shape
    self.from = shape.contains(0) ? [0] : collapsed.strides[0]
    self.to = shape.contains(0) ? [0] : collapsed.strides[1]
    self.fromOffset = fromOffset
    self.toOffset = toOffset
    elementSize = element.byteWidth
  }

  func kernel(_ node: Node, _ source: Int, _ target: Int) throws -> Kernel {
    return { frame in try node.check(run(frame[source], frame[target])) }
  }

  func run(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) -> tlk_status {
    let (source, target) = (source + fromOffset * elementSize, target + toOffset * elementSize)
    if shape.count <= Int(TLK_MAX_RANK) { return tlk_copy(source, from, target, to, shape, shape.count, elementSize) }
    return copy(source, target, axis: 0)
  }

  /// Axes beyond those that the kernel takes (tiles have two per axis) are loops here.
  private func copy(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, axis: Int) -> tlk_status {
    guard shape.count - axis > Int(TLK_MAX_RANK) else {
      return tlk_copy(source, Array(from[axis...]), target, Array(to[axis...]), Array(shape[axis...]), shape.count - axis, elementSize)
    }
    for index in 0..<shape[axis] {
      let status = copy(source + index * from[axis] * elementSize, target + index * to[axis] * elementSize, axis: axis + 1)
      guard status == TLK_OK else { return status }
    }
    return TLK_OK
  }
}
