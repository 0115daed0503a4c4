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
    for (name, spec) in [("x", x), ("weight", weight)] {
      guard [.float16, .float32, .int32].contains(spec.element) else { throw node.fail("\(name) has the element type \(spec.element.name), expected fp16, fp32 or int32") }
    }
    guard x.shape.last == weight.shape[1] else { throw node.fail("x has the shape \(x.shape), weight \(weight.shape): the last sizes differ") }
    if let bias = node.optional("bias"), bias.tensor.count != weight.shape[0], bias.tensor.count != 1 {
      throw node.fail("bias has \(bias.tensor.count) elements, expected \(weight.shape[0])")
    }
    return [try node.output(x.element, x.shape.dropLast() + [weight.shape[0]])]
  }

  private static func linearKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let weight = try node.tensor("weight")
    guard x.element.isFloat else { return try MatrixProduct(linear: node, x, weight).kernel(node, "weight", bias: "bias") }
    return try constantProduct(node, rows: x.shape.dropLast().reduce(1, *), weights: try node.value("weight"), columns: weight.shape[0], depth: weight.shape[1], columnStride: weight.shape[1], depthStride: 1)
  }

  /// x [rows, depth] · constant weights, packed once.
  private static func constantProduct(_ node: Node, rows: Int, weights: Value, columns: Int, depth: Int, columnStride: Int, depthStride: Int) throws -> Kernel {
    let x = try node.value("x")
    let output = node.outputs[0]
    let stored = try node.kernelType(weights.tensor, "weight")
    // Integers times floats are floats.
    let type = weights.tensor.element.isFloat ? stored : TLK_F32
    let byteCount = tlk_weights_packed_bytes(columns, 1, depth, type)
    guard byteCount >= 0 else { throw node.fail("weights of \(columns) × \(depth) are too large", .unsupported) }
    func pack(_ source: UnsafeRawPointer) throws -> OwnedBytes {
      let packed = OwnedBytes(byteCount: byteCount)
      var (source, wide) = (source, nil as OwnedBytes?)
      if type != stored {
        let numbers = OwnedBytes(floats: weights.tensor.count)
        try node.check(tlk_convert(source, stored, numbers.pointer, type, weights.tensor.count))
        (source, wide) = (UnsafeRawPointer(numbers.pointer), numbers)
      }
      var description = tlk_weights(data: source, dtype: type, columns: columns, taps: 1, channels: depth, column_stride: columnStride, tap_stride: 0, channel_stride: depthStride)
      try node.check(tlk_weights_pack(&description, packed.pointer, type))
      withExtendedLifetime(wide) {}
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
    return try product.kernel(node, "y")
  }
}
