import Kernels
import MIL

extension OperationTable {
  /// Operations that sort, search or count.
  static let selections: [OperationDefinition] = [
    OperationDefinition("topk", infer: inferTopK, kernel: { try topKKernel($0, TopK($0)) }, layout: .axes(["axis"])),
    OperationDefinition("argsort", infer: inferArgumentSort, kernel: { try topKKernel($0, TopK(sorting: $0)) }, layout: .axes(["axis"])),
    OperationDefinition("non_zero", infer: inferNonZero, kernel: nonZeroKernel),
  ]

  // ---- topk, argsort --------------------------------------------------------------------------------------------

  private static func inferTopK(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let search = try TopK(node)
    node.inputs["axis"] = [Value.ints("axis", [search.axis])]
    var shape = x.shape
    shape[search.axis] = search.count
    let values = try node.output(x.element, shape)
    guard try node.bool("return_indices", default: true) else { return [values] }
    return [values, try node.output(indexType(node, "output_indices_dtype"), shape)]
  }

  private static func inferArgumentSort(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    node.inputs["axis"] = [Value.ints("axis", [try TopK(sorting: node).axis])]
    return [try node.output(.int32, x.shape)]
  }

  private static func topKKernel(_ node: Node, _ search: TopK) throws -> Kernel {
    let x = try node.tensor("x")
    let type = try node.kernelType(x, "x")
    let source = try node.value("x").slot
    let valueSlot = search.givesValues ? node.outputs[0].slot : nil
    let indexOutput = try search.givesIndices ? IndexOutput(node, search.givesValues ? 1 : 0) : nil
    let (outer, size, inner) = (x.shape[..<search.axis].reduce(1, &*), x.shape[search.axis], x.shape[(search.axis + 1)...].reduce(1, &*))
    let count = search.count
    let rows = outer &* inner
    func run(_ x: UnsafeRawPointer, _ values: UnsafeMutableRawPointer?, _ indices: UnsafeMutablePointer<Int32>?) throws {
      try node.check(tlk_top_k(!search.isAscending, x, type, values, indices, rows, size, count))
    }
    if inner == 1 {
      return { frame in
        let values = valueSlot.map { frame[$0] }
        guard let indexOutput else { return try run(frame[source], values, nil) }
        try indexOutput.write(frame) { try run(frame[source], values, $0) }
      }
    }
    // The searched axis goes last in a copy, and back.
    let gather = StridedCopy(shape: [outer, inner, size], from: [size &* inner, 1, inner], to: [size &* inner, size, 1], element: x)
    func back(_ element: ElementType) -> StridedCopy {
      StridedCopy(shape: [outer, inner, count], from: [count &* inner, count, 1], to: [count &* inner, 1, inner], element: TensorSpec(element, []))
    }
    let (valuesBack, indicesBack) = (back(x.element), back(.int32))
    return { frame in
      let packed = OwnedBytes(byteCount: x.byteCount)
      let values = OwnedBytes(byteCount: rows &* count &* x.byteWidth)
      let indices = OwnedBytes(byteCount: rows &* count &* 4)
      try node.check(gather.run(frame[source], packed.pointer))
      try run(packed.pointer, values.pointer, indices.pointer.bindMemory(to: Int32.self, capacity: rows &* count))
      if let valueSlot { try node.check(valuesBack.run(values.pointer, frame[valueSlot])) }
      try indexOutput?.write(frame) { try node.check(indicesBack.run(indices.pointer, $0)) }
    }
  }

  // ---- non_zero -------------------------------------------------------------------------------------------------

  /// How many rows there are depends on the contents of x: planned when a run knows them.
  private static func inferNonZero(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    return [try node.output(.int32, [nonZeroPlaces(node).count, x.rank])]
  }

  private static func nonZeroPlaces(_ node: Node) throws -> [Int] {
    let value = try node.value("x")
    guard value.constant != nil else { throw Unresolved(values: [value]) }
    guard let numbers = value.numbers else { throw node.fail("x has the element type \(value.tensor.element.name), which this operation does not take", .unsupported) }
    return numbers.indices.filter { numbers[$0] != 0 }
  }

  private static func nonZeroKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let strides = x.strides
    let places = try nonZeroPlaces(node)
    let target = node.outputs[0].slot
    return { frame in
      let out = frame[target].assumingMemoryBound(to: Int32.self)
      for (row, place) in places.enumerated() {
        var rest = place
        for (axis, stride) in strides.enumerated() {
          out[row &* strides.count &+ axis] = Int32(clamping: rest / stride)
          rest %= stride
        }
      }
    }
  }
}

/// What topk and argsort look for.
private struct TopK {
  let axis: Int, count: Int
  let isAscending: Bool
  let givesValues: Bool, givesIndices: Bool

  init(_ node: Node) throws {
    let x = try node.tensor("x")
    axis = try node.axis("axis", rank: x.rank, default: -1)
    let k = try node.int("k", default: 1)
    guard k >= -1, k <= x.shape[axis] else { throw node.fail("k is \(k), expected at most the size \(x.shape[axis]) of axis \(axis)") }
    count = k == -1 ? x.shape[axis] : k
    isAscending = try node.bool("ascending", default: false)
    givesValues = true
    givesIndices = try node.bool("return_indices", default: true)
  }

  init(sorting node: Node) throws {
    let x = try node.tensor("x")
    axis = try node.axis("axis", rank: x.rank, default: -1)
    count = x.shape[axis]
    isAscending = try node.bool("ascending", default: false)
    (givesValues, givesIndices) = (false, true)
  }
}
