import Kernels
import MIL

extension OperationTable {
  static let contractions: [OperationDefinition] = [
    OperationDefinition("einsum", infer: { try Contraction($0).outputs }, kernel: { try Contraction($0).kernel() })
  ]
}

/// A product of two tensors by an equation such as "nchw,nwhu->nchu", as one batched matrix product: labels of both operands and of the
/// result are the batch, labels that the result lacks are summed. Sizes of 1 are repeated.
private struct Contraction {
  private let node: Node
  private let x: Value, y: Value
  private let labels: (x: [Character], y: [Character], result: [Character])
  private let batch: [Character], rows: [Character], columns: [Character], summed: [Character]
  private let sizes: [Character: Int]
  let outputs: [ValueSpec]

  init(_ node: Node) throws {
    self.node = node
    let values = try node.values("values")
    guard values.count == 2 else { throw node.fail("has \(values.count) operands, expected 2", .unsupported) }
    (x, y) = (values[0], values[1])
    let specs = try values.map { try node.tensor(of: $0, "values") }
    guard specs[0].element == specs[1].element, specs[0].element == .float16 || specs[0].element == .float32 else {
      throw node.fail("values are \(specs[0].element.name) and \(specs[1].element.name), expected fp16 or fp32 twice")
    }
    let equation = try node.string("equation").filter { $0 != " " }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let operands = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0].hasSuffix("-"), operands.count == 2, equation.filter({ !$0.isLetter }).count == 3 else {
      throw node.fail("equation is '\(equation)', expected two operands and a result: 'ij,jk->ik'", .unsupported)
    }
    labels = (Array(operands[0]), Array(operands[1]), Array(sides[1]))
    guard labels.x.count == specs[0].rank, labels.y.count == specs[1].rank else {
      throw node.fail("equation is '\(equation)', the values have the shapes \(specs[0].shape) and \(specs[1].shape)")
    }
    var sizes: [Character: Int] = [:]
    for (label, size) in Array(zip(labels.x, specs[0].shape)) + Array(zip(labels.y, specs[1].shape)) {
      let known = sizes[label] ?? 1
      guard known == size || known == 1 || size == 1 else { throw node.fail("equation is '\(equation)': '\(label)' is \(known) and \(size)") }
      sizes[label] = known == 1 ? size : known
    }
    self.sizes = sizes
    let (inX, inY, inResult) = (Set(labels.x), Set(labels.y), Set(labels.result))
    guard inResult.count == labels.result.count, inResult.isSubset(of: inX.union(inY)) else { throw node.fail("equation is '\(equation)': the result repeats a label, or has one of its own") }
    batch = labels.result.filter { inX.contains($0) && inY.contains($0) }
    rows = labels.result.filter { inX.contains($0) && !inY.contains($0) }
    columns = labels.result.filter { !inX.contains($0) && inY.contains($0) }
    summed = inX.union(inY).subtracting(inResult).sorted()
    outputs = [try node.output(specs[0].element, labels.result.map { sizes[$0] ?? 1 })]
  }

  private func count(_ labels: [Character]) -> Int { labels.reduce(1) { $0 &* (sizes[$1] ?? 1) } }

  /// Strides of an operand along `order`; 0 where it is repeated. A label twice in an operand is its diagonal.
  private func strides(_ own: [Character], _ spec: TensorSpec, along order: [Character]) -> [Int] {
    let steps = spec.strides
    return order.map { label in own.indices.reduce(0) { own[$1] == label && spec.shape[$1] != 1 ? $0 + steps[$1] : $0 } }
  }

  func kernel() throws -> Kernel {
    try inPlace() ?? gathered()
  }

  // ---- operands where they lie ----------------------------------------------------------------------------------

  /// The step of a group of labels that lie behind one another in a tensor, as if they were one axis; nil when they do not.
  private func step(_ group: [Character], _ own: [Character], _ spec: TensorSpec) -> Int? {
    let steps = strides(own, spec, along: group)
    var expected: Int?
    var last = 1
    for (label, step) in zip(group, steps).reversed() {
      let size = sizes[label] ?? 1
      if size == 1 { continue }
      guard step > 0, expected.map({ $0 == step }) ?? true else { return nil }
      if expected == nil { last = step }
      expected = step &* size
    }
    return last
  }

  /// One matrix product per batch entry without a copy, where rows and columns lie as the kernel wants them: always so for the two
  /// equations that coremltools writes, "nchw,nwhu->nchu" and "chw,whr->chr".
  private func inPlace() throws -> Kernel? {
    let (output, left, right) = (node.outputs[0], x.tensor, y.tensor)
    let (m, n, k) = (count(rows), count(columns), count(summed))
    guard let aRow = step(rows, labels.x, left), let aColumn = step(summed, labels.x, left), aColumn == 1 || k == 1,
      let bRow = step(summed, labels.y, right), let bColumn = step(columns, labels.y, right), bColumn == 1 || n == 1,
      let outRow = step(rows, labels.result, output.tensor), let outColumn = step(columns, labels.result, output.tensor), outColumn == 1 || n == 1
    else { return nil }
    var matmul = tlk_matmul()
    (matmul.m, matmul.n, matmul.k, matmul.alpha) = (m, n, k, 1)
    // The step of an axis of one entry says nothing.
    (matmul.a_pitch, matmul.b_pitch, matmul.out_pitch) = (m == 1 ? k : aRow, k == 1 ? n : bRow, m == 1 ? n : outRow)
    guard matmul.a_pitch >= k, matmul.b_pitch >= n, matmul.out_pitch >= n else { return nil }
    matmul.batch = count(batch)
    let offsets = [(labels.x, left), (labels.y, right), (labels.result, output.tensor)].map { own, spec in
      OwnedArray(batchOffsets(strides(own, spec, along: batch)))
    }
    let type = try node.kernelType(output.tensor, "values")
    (matmul.a_dtype, matmul.b_dtype, matmul.out_dtype) = (type, type, type)
    let (node, fixed, a, b) = (node, matmul, x.slot, y.slot)
    return { frame in
      var matmul = fixed
      matmul.a = UnsafeRawPointer(frame[a])
      matmul.b = UnsafeRawPointer(frame[b])
      matmul.out = frame[output.slot]
      (matmul.a_offsets, matmul.b_offsets) = (UnsafePointer(offsets[0].pointer), UnsafePointer(offsets[1].pointer))
      matmul.out_offsets = UnsafePointer(offsets[2].pointer)
      try node.check(tlk_matmul_run(&matmul))
      withExtendedLifetime(offsets) {}
    }
  }

  private func batchOffsets(_ steps: [Int]) -> [Int] {
    zip(batch, steps).reduce([0]) { offsets, axis in
      offsets.flatMap { base in (0..<(sizes[axis.0] ?? 1)).map { base + $0 * axis.1 } }
    }
  }

  // ---- copies in the order of a product -------------------------------------------------------------------------

  private func gathered() throws -> Kernel {
    let (node, x, y) = (node, x, y)
    let output = node.outputs[0]
    func arranged(_ own: [Character], _ value: Value, _ order: [Character]) throws -> (copy: StridedCopy, spec: TensorSpec) {
      guard let spec = TensorSpec.checked(value.tensor.element, order.map { sizes[$0] ?? 1 }) else { throw node.fail("an operand of \(order.map { sizes[$0] ?? 1 }) is too large") }
      return (StridedCopy(shape: spec.shape, from: strides(own, value.tensor, along: order), to: spec.strides, element: spec), spec)
    }
    let left = try arranged(labels.x, x, batch + rows + summed)
    let right = try arranged(labels.y, y, batch + summed + columns)
    let made = batch + rows + columns
    let product = TensorSpec(output.tensor.element, made.map { sizes[$0] ?? 1 })
    let back = StridedCopy(shape: labels.result.map { sizes[$0] ?? 1 }, from: strides(made, product, along: labels.result), to: output.tensor.strides, element: product)
    var matmul = tlk_matmul()
    (matmul.batch, matmul.m, matmul.n, matmul.k) = (count(batch), count(rows), count(columns), count(summed))
    (matmul.a_pitch, matmul.b_pitch, matmul.out_pitch) = (matmul.k, matmul.n, matmul.n)
    (matmul.a_stride, matmul.b_stride, matmul.out_stride) = (matmul.m * matmul.k, matmul.k * matmul.n, matmul.m * matmul.n)
    matmul.alpha = 1
    let type = try node.kernelType(product, "values")
    (matmul.a_dtype, matmul.b_dtype, matmul.out_dtype) = (type, type, type)
    let (fixed, isInOrder) = (matmul, made == labels.result)
    return { frame in
      let (a, b) = (OwnedBytes(byteCount: left.spec.byteCount), OwnedBytes(byteCount: right.spec.byteCount))
      try node.check(left.copy.run(frame[x.slot], a.pointer))
      try node.check(right.copy.run(frame[y.slot], b.pointer))
      let result = isInOrder ? nil : OwnedBytes(byteCount: product.byteCount)
      var matmul = fixed
      matmul.a = UnsafeRawPointer(a.pointer)
      matmul.b = UnsafeRawPointer(b.pointer)
      matmul.out = result?.pointer ?? frame[output.slot]
      try node.check(tlk_matmul_run(&matmul))
      if let result { try node.check(back.run(result.pointer, frame[output.slot])) }
      withExtendedLifetime((a, b)) {}
    }
  }
}
