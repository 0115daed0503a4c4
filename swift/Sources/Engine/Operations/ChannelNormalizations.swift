import Kernels
import MIL

extension OperationTable {
  /// Normalisations over pixels or channels.
  static let channelNormalizations: [OperationDefinition] = [
    OperationDefinition("instance_norm", infer: inferInstanceNorm, kernel: instanceNormKernel, layout: .channelsLast),
    OperationDefinition("local_response_norm", infer: inferResponseNorm, kernel: responseNormKernel, layout: .channelsLast),
    // The sum is over three axes in any order.
    OperationDefinition("l2_norm", infer: inferL2Norm, kernel: l2NormKernel, layout: .custom { _, order in order.count <= 4 && order.prefix(order.count - 3) == [0][..<(order.count - 3)] }),
  ]

  private static func floatTensor(_ node: Node, rank: ClosedRange<Int>) throws -> TensorSpec {
    let x = try node.tensor("x", rank: rank)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    return x
  }

  // ---- instance_norm ------------------------------------------------------------------------------------------

  private static func inferInstanceNorm(_ node: Node) throws -> [ValueSpec] {
    let x = try floatTensor(node, rank: 3...5)
    for name in ["gamma", "beta"] {
      guard let value = node.optional(name) else { continue }
      let spec = try node.tensor(of: value, name)
      guard spec.count == x.shape[1], spec.element.isFloat else { throw node.fail("\(name) has the shape \(spec.shape), expected one number per channel (\(x.shape[1]))") }
    }
    _ = try node.double("epsilon", default: 1e-5)
    return [.tensor(x)]
  }

  private static func instanceNormKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let type = try node.kernelType(x, "x")
    let channels = x.shape[x.rank - 1]
    let pixels = x.shape[1..<(x.rank - 1)].reduce(1, &*)
    let (gamma, beta) = (try node.widened("gamma", count: channels), try node.widened("beta", count: channels))
    let epsilon = Float(try node.double("epsilon", default: 1e-5))
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in
      let (scale, shift) = (try gamma(frame), try beta(frame))
      try node.check(tlk_instance_norm(frame[source], type, frame[target], type, x.shape[0], pixels, channels, scale.map { UnsafePointer($0.floats) }, shift.map { UnsafePointer($0.floats) }, epsilon))
      withExtendedLifetime((scale, shift)) {}
    }
  }

  // ---- local_response_norm ------------------------------------------------------------------------------------

  private static func inferResponseNorm(_ node: Node) throws -> [ValueSpec] {
    let x = try floatTensor(node, rank: 3...5)
    let size = try node.int("size")
    guard size >= 1, size <= 1 << 24 else { throw node.fail("size is \(size), expected at least 1") }
    _ = try (node.double("alpha", default: 1e-4), node.double("beta", default: 0.75), node.double("k", default: 1))
    return [.tensor(x)]
  }

  private static func responseNormKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let type = try node.kernelType(x, "x")
    let channels = x.shape[x.rank - 1]
    let pixels = x.shape.dropLast().reduce(1, &*)
    let size = try node.int("size")
    let (alpha, beta, k) = (Float(try node.double("alpha", default: 1e-4)), Float(try node.double("beta", default: 0.75)), Float(try node.double("k", default: 1)))
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in try node.check(tlk_local_response_norm(frame[source], type, frame[target], type, pixels, channels, size, alpha, beta, k)) }
  }

  // ---- l2_norm ------------------------------------------------------------------------------------------------

  private static func inferL2Norm(_ node: Node) throws -> [ValueSpec] {
    let x = try floatTensor(node, rank: 3...8)
    _ = try node.double("epsilon", default: 1e-6)
    return [.tensor(x)]
  }

  private static func l2NormKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let type = try node.kernelType(x, "x")
    let (rows, columns) = (x.shape.dropLast(3).reduce(1, &*), x.shape.suffix(3).reduce(1, &*))
    let epsilon = Float(try node.double("epsilon", default: 1e-6))
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in try node.check(tlk_l2_norm(frame[source], type, frame[target], type, rows, columns, epsilon)) }
  }
}
