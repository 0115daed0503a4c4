import Kernels
import MIL

/// `matmul` with its broadcasting: [*, M, K] · [*, K, N], vectors as in numpy.
struct MatrixProduct {
  let element: ElementType
  let transposeX: Bool, transposeY: Bool
  let m: Int, n: Int, k: Int
  let batchShape: [Int]
  let outputShape: [Int]
  private let xBatch: [Int], yBatch: [Int]

  init(_ node: Node) throws {
    let x = try node.tensor("x", rank: 1...6)
    let y = try node.tensor("y", rank: 1...6)
    element = try MatrixProduct.resultElement(node, x.element, y.element)
    transposeX = try node.bool("transpose_x", default: false)
    transposeY = try node.bool("transpose_y", default: false)
    let xs = x.rank == 1 ? (transposeX ? [x.shape[0], 1] : [1, x.shape[0]]) : x.shape
    let ys = y.rank == 1 ? (transposeY ? [1, y.shape[0]] : [y.shape[0], 1]) : y.shape
    m = transposeX ? xs[xs.count - 1] : xs[xs.count - 2]
    k = transposeX ? xs[xs.count - 2] : xs[xs.count - 1]
    n = transposeY ? ys[ys.count - 2] : ys[ys.count - 1]
    let depth = transposeY ? ys[ys.count - 1] : ys[ys.count - 2]
    guard depth == k else { throw node.fail("x has the shape \(x.shape), y \(y.shape): the inner sizes \(k) and \(depth) differ") }
    xBatch = Array(xs.dropLast(2))
    yBatch = Array(ys.dropLast(2))
    batchShape = try OperationTable.broadcast(node, xBatch, yBatch)
    outputShape = batchShape + (x.rank == 1 ? [] : [m]) + (y.rank == 1 ? [] : [n])
  }

  /// x [*, K] · weight [N, K]ᵀ as one product.
  init(linear node: Node, _ x: TensorSpec, _ weight: TensorSpec) throws {
    element = x.element
    (transposeX, transposeY) = (false, true)
    (n, k) = (weight.shape[0], weight.shape[1])
    m = x.shape.dropLast().reduce(1, &*)
    (batchShape, xBatch, yBatch) = ([], [], [])
    outputShape = x.shape.dropLast() + [n]
  }

  /// Since iOS17 a constant may have another element type than what it is multiplied with, which decides on the result's.
  private static func resultElement(_ node: Node, _ x: ElementType, _ y: ElementType) throws -> ElementType {
    if x == y { return x }
    let areConstant = try (node.value("x").isFoldable, node.value("y").isFoldable)
    guard areConstant.0 != areConstant.1 else { throw node.fail("x is \(x.name), y is \(y.name), expected one element type") }
    for (name, element) in [("x", x), ("y", y)] {
      guard [.float16, .float32, .int32].contains(element) else { throw node.fail("\(name) has the element type \(element.name), expected fp16, fp32 or int32") }
    }
    return areConstant.0 ? y : x
  }

  /// `y` and `bias` are names of parameters.
  func kernel(_ node: Node, _ y: String, bias: String? = nil) throws -> Kernel {
    let output = node.outputs[0]
    var product = tlk_matmul()
    product.batch = batchShape.reduce(1, *)
    (product.m, product.n, product.k) = (m, n, k)
    (product.transpose_a, product.transpose_b) = (transposeX, transposeY)
    product.a_pitch = transposeX ? m : k
    product.b_pitch = transposeY ? k : n
    product.out_pitch = n
    product.out_stride = m * n
    product.alpha = 1
    let isInteger = try [node.tensor("x"), node.tensor(y)].allSatisfy { !$0.element.isFloat }
    let (left, right) = (try operand(node, "x", isInteger), try operand(node, y, isInteger))
    let outputType = try node.kernelType(output.tensor, "output")
    (product.a_dtype, product.b_dtype) = (left.type, right.type)
    product.out_dtype = isInteger || output.tensor.element.isFloat ? outputType : TLK_F32
    let aOffsets = OwnedArray(MatrixProduct.offsets(xBatch, batchShape, m * k))
    let bOffsets = OwnedArray(MatrixProduct.offsets(yBatch, batchShape, k * n))
    if isInteger || product.out_dtype != outputType {
      return try integerKernel(node, product, left, right, aOffsets, bOffsets, isInteger: isInteger, bias: bias)
    }
    let epilogue = try EpilogueKernel(node, columns: n)
    let (out, fixed) = (output.slot, product)
    return { frame in
      var product = fixed
      let (a, b) = (try left.read(frame), try right.read(frame))
      product.a = a.address
      product.b = b.address
      product.out = frame[out]
      product.a_offsets = UnsafePointer(aOffsets.pointer)
      product.b_offsets = UnsafePointer(bOffsets.pointer)
      epilogue.apply(&product.epilogue, frame)
      try node.check(tlk_matmul_run(&product))
      withExtendedLifetime((a.owner, b.owner)) {}
    }
  }

  /// Results that are integers: of integers, which wrap, or of an integer and a constant that has fractions, whose sums are rounded
  /// toward zero.
  private func integerKernel(
    _ node: Node, _ fixed: tlk_matmul, _ left: Operand, _ right: Operand, _ aOffsets: OwnedArray<Int>, _ bOffsets: OwnedArray<Int>, isInteger: Bool, bias: String?
  ) throws -> Kernel {
    let output = node.outputs[0]
    let count = output.tensor.count
    let addend = try bias.flatMap { try node.optional($0) == nil ? nil : node.widened($0, count: n) }
    let outputType = try node.kernelType(output.tensor, "output")
    guard [TLK_I32, TLK_U32].contains(outputType) else { throw node.fail("the output has the element type \(output.tensor.element.name), expected int32") }
    return { frame in
      var product = fixed
      let (a, b) = (try left.read(frame), try right.read(frame))
      let sums = isInteger ? nil : OwnedBytes(floats: count)
      product.a = a.address
      product.b = b.address
      product.out = sums?.pointer ?? frame[output.slot]
      product.a_offsets = UnsafePointer(aOffsets.pointer)
      product.b_offsets = UnsafePointer(bOffsets.pointer)
      try node.check(isInteger ? tlk_matmul_i32(&product) : tlk_matmul_run(&product))
      let numbers = try addend?(frame)
      if let sums {
        if let numbers { for index in 0..<count { sums.floats[index] += numbers.floats[index % n] } }
        try node.check(tlk_convert(sums.pointer, TLK_F32, frame[output.slot], outputType, count))
      } else if let numbers {
        let results = frame[output.slot].assumingMemoryBound(to: Int32.self)
        for index in 0..<count { results[index] &+= Int32(exactly: numbers.floats[index % n].rounded(.towardZero)) ?? 0 }
      }
      withExtendedLifetime((a.owner, b.owner)) {}
    }
  }

  private struct Operand {
    var type: tlk_dtype
    var read: (Frame) throws -> (address: UnsafeRawPointer, owner: OwnedBytes?)
  }

  /// As it lies in memory, or in f32 where integers meet floats.
  private func operand(_ node: Node, _ name: String, _ isInteger: Bool) throws -> Operand {
    let value = try node.value(name)
    let (type, slot, count) = (try node.kernelType(value.tensor, name), value.slot, value.tensor.count)
    if isInteger || value.tensor.element.isFloat { return Operand(type: type) { frame in (UnsafeRawPointer(frame[slot]), nil) } }
    return Operand(type: TLK_F32) { frame in
      let wide = OwnedBytes(floats: count)
      try node.check(tlk_convert(frame[slot], type, wide.pointer, TLK_F32, count))
      return (UnsafeRawPointer(wide.pointer), wide)
    }
  }

  /// Element offset of each batch entry of an operand, 0 along axes that it repeats.
  private static func offsets(_ own: [Int], _ batch: [Int], _ size: Int) -> [Int] {
    let strides = ElementwiseExpression.broadcastStrides(own, to: batch)
    var offsets = [0]
    for axis in batch.indices {
      offsets = offsets.flatMap { base in (0..<batch[axis]).map { base + $0 * strides[axis] * size } }
    }
    return offsets
  }
}
