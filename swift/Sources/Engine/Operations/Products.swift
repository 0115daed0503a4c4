import Kernels
import MIL

extension OperationTable {
  static let products: [OperationDefinition] = [
    OperationDefinition("linear", infer: inferLinear, kernel: linearKernel),
    OperationDefinition("matmul", infer: inferMatmul, kernel: matmulKernel),
  ]

  /// x [*, K] · weight [N, K]ᵀ + bias [N]
  private static func inferLinear(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x", rank: 1...6)
    let weight = try node.tensor("weight", rank: 2...2)
    guard x.element.isFloat else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    guard x.shape.last == weight.shape[1] else { throw node.fail("x has the shape \(x.shape), weight \(weight.shape): the last sizes differ") }
    if let bias = node.optional("bias"), bias.tensor.count != weight.shape[0], bias.tensor.count != 1 {
      throw node.fail("bias has \(bias.tensor.count) elements, expected \(weight.shape[0])")
    }
    return [try node.output(x.element, x.shape.dropLast() + [weight.shape[0]])]
  }

  private static func linearKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let weight = try node.tensor("weight")
    return try constantProduct(node, rows: x.shape.dropLast().reduce(1, *), weights: try node.value("weight"), columns: weight.shape[0], depth: weight.shape[1], columnStride: weight.shape[1], depthStride: 1)
  }

  /// x [rows, depth] · constant weights, packed once.
  private static func constantProduct(_ node: Node, rows: Int, weights: Value, columns: Int, depth: Int, columnStride: Int, depthStride: Int) throws -> Kernel {
    let x = try node.value("x")
    let output = node.outputs[0]
    let type = try node.kernelType(weights.tensor, "weight")
    let byteCount = tlk_weights_packed_bytes(columns, 1, depth, type)
    guard byteCount >= 0 else { throw node.fail("weights of \(columns) × \(depth) are too large", .unsupported) }
    func pack(_ source: UnsafeRawPointer) throws -> OwnedBytes {
      let packed = OwnedBytes(byteCount: byteCount)
      var description = tlk_weights(data: source, dtype: type, columns: columns, taps: 1, channels: depth, column_stride: columnStride, tap_stride: 0, channel_stride: depthStride)
      try node.check(tlk_weights_pack(&description, packed.pointer, type))
      return packed
    }
    var gemm = tlk_gemm()
    gemm.m = rows
    gemm.n = columns
    gemm.k = depth
    gemm.a_pitch = depth
    gemm.out_pitch = columns
    gemm.a_dtype = try node.kernelType(x.tensor, "x")
    gemm.w_dtype = type
    gemm.out_dtype = try node.kernelType(output.tensor, "output")
    let epilogue = try EpilogueKernel(node, columns: columns)
    let (source, target, fixed) = (x.slot, output.slot, gemm)
    let constant = weights.isFoldable ? weights.bytes?.baseAddress : nil
    let packed = try constant.map { address in try node.packed(weights, form: [2, columns, depth, columnStride, Int(type.rawValue)]) { try pack(address) } }
    let weightSlot = weights.slot
    return { frame in
      let packed = try packed ?? pack(frame[weightSlot])
      var gemm = fixed
      gemm.a = UnsafeRawPointer(frame[source])
      gemm.packed = UnsafeRawPointer(packed.pointer)
      gemm.out = frame[target]
      epilogue.apply(&gemm.epilogue, frame)
      try node.check(tlk_gemm_run(&gemm))
      withExtendedLifetime(packed) {}
    }
  }

  // ---- matmul -----------------------------------------------------------------------------------------------------

  private static func inferMatmul(_ node: Node) throws -> [ValueSpec] {
    let product = try MatrixProduct(node)
    return [try node.output(product.element, product.outputShape)]
  }

  private static func matmulKernel(_ node: Node) throws -> Kernel {
    let product = try MatrixProduct(node)
    let y = try node.value("y")
    if y.isFoldable, !product.transposeX, y.tensor.rank <= 2 || y.tensor.shape.dropLast(2).allSatisfy({ $0 == 1 }), product.element.isFloat {
      let (columnStride, depthStride) = product.transposeY ? (product.k, 1) : (1, product.n)
      return try constantProduct(node, rows: product.batchShape.reduce(product.m, *), weights: y, columns: product.n, depth: product.k, columnStride: columnStride, depthStride: depthStride)
    }
    return try product.kernel(node)
  }
}

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
    guard x.element == y.element else { throw node.fail("x is \(x.element.name), y is \(y.element.name), expected one element type") }
    element = x.element
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

  func kernel(_ node: Node) throws -> Kernel {
    let (x, y, output) = (try node.value("x"), try node.value("y"), node.outputs[0])
    var product = tlk_matmul()
    product.batch = batchShape.reduce(1, *)
    product.m = m
    product.n = n
    product.k = k
    product.transpose_a = transposeX
    product.transpose_b = transposeY
    product.a_pitch = transposeX ? m : k
    product.b_pitch = transposeY ? k : n
    product.out_pitch = n
    product.out_stride = m * n
    product.alpha = 1
    product.a_dtype = try node.kernelType(x.tensor, "x")
    product.b_dtype = try node.kernelType(y.tensor, "y")
    product.out_dtype = try node.kernelType(output.tensor, "output")
    let epilogue = try EpilogueKernel(node, columns: n)
    let aOffsets = OwnedArray(MatrixProduct.offsets(xBatch, batchShape, m * k))
    let bOffsets = OwnedArray(MatrixProduct.offsets(yBatch, batchShape, k * n))
    let (a, b, out, fixed) = (x.slot, y.slot, output.slot, product)
    let isInteger = [TLK_I32, TLK_U32].contains(product.a_dtype)
    return { frame in
      var product = fixed
      product.a = UnsafeRawPointer(frame[a])
      product.b = UnsafeRawPointer(frame[b])
      product.out = frame[out]
      product.a_offsets = UnsafePointer(aOffsets.pointer)
      product.b_offsets = UnsafePointer(bOffsets.pointer)
      if isInteger { return try node.check(tlk_matmul_i32(&product)) }
      epilogue.apply(&product.epilogue, frame)
      try node.check(tlk_matmul_run(&product))
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
