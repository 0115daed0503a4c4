import Kernels
import MIL

extension OperationTable {
  static let normalizations: [OperationDefinition] = [
    OperationDefinition("batch_norm", infer: inferBatchNorm, kernel: batchNormKernel, layout: .channelsLast),
    OperationDefinition("layer_norm", infer: inferLayerNorm, kernel: layerNormKernel, layout: .custom(followLayerNorm)),
    OperationDefinition("softmax", infer: inferSoftmax, kernel: softmaxKernel, layout: .axes(["axis"])),
  ]

  private static func floatTensor(_ node: Node) throws -> TensorSpec {
    let x = try node.tensor("x")
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    return x
  }

  // ---- batch_norm -----------------------------------------------------------------------------------------------

  private static func inferBatchNorm(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x", rank: 3...5)
    _ = try floatTensor(node)
    _ = try BatchNorm.factors(node, channels: x.shape[1])
    return [.tensor(x)]
  }

  private static func batchNormKernel(_ node: Node) throws -> Kernel {
    let x = try floatTensor(node)
    let channels = x.shape[x.rank - 1]
    guard let (scale, shift) = try BatchNorm.factors(node, channels: channels) else { throw node.fail("mean and variance have to be constants", .unsupported) }
    let (scales, shifts) = (OwnedArray(scale), OwnedArray(shift))
    let type = try node.kernelType(x, "x")
    let rows = x.shape.dropLast().reduce(1, *)
    let epilogue = try EpilogueKernel(node, columns: channels)
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let pitches = (in: try node.value("x").pitch, out: node.outputs[0].pitch)
    return { frame in
      var fused = tlk_epilogue()
      epilogue.apply(&fused, frame)
      try node.check(tlk_scale_shift(frame[source], type, frame[target], type, rows, channels, pitches.in, pitches.out, scales.pointer, shifts.pointer, &fused.activation))
    }
  }

  // ---- layer_norm -------------------------------------------------------------------------------------------------

  private static func layerNormAxes(_ node: Node, rank: Int) throws -> [Int] {
    try (node.ints("axes") ?? Array(0..<rank)).map { try node.normalized($0, "axes", rank: rank) }
  }

  private static func inferLayerNorm(_ node: Node) throws -> [ValueSpec] {
    let x = try floatTensor(node)
    let axes = try layerNormAxes(node, rank: x.rank)
    let count = axes.reduce(1) { $0 * x.shape[$1] }
    for name in ["gamma", "beta"] {
      if let value = node.optional(name), value.tensor.count != count { throw node.fail("\(name) has the shape \(value.tensor.shape), expected \(axes.map { x.shape[$0] })") }
    }
    return [.tensor(x)]
  }

  /// Follows x where the normalised axes stay one parameter vector.
  private static func followLayerNorm(_ node: Node, _ order: [Int]) -> Bool {
    let inverse = LayoutPass.inverted(order)
    guard let axes = try? layerNormAxes(node, rank: order.count), axes.count == 1 else { return false }
    node.inputs["axes"] = [Value.ints("axes", axes.map { inverse[$0] })]
    return true
  }

  private static func layerNormKernel(_ node: Node) throws -> Kernel {
    let x = try floatTensor(node)
    let axes = try layerNormAxes(node, rank: x.rank)
    let epsilon = Float(try node.double("epsilon", default: 1e-5))
    func parameter(_ name: String) throws -> OwnedArray<Float>? {
      guard let value = node.optional(name) else { return nil }
      guard value.isFoldable, let numbers = value.numbers else { throw node.fail("\(name) has to be a constant", .unsupported) }
      return OwnedArray(numbers.map { Float($0) })
    }
    let (gamma, beta) = (try parameter("gamma"), try parameter("beta"))
    let type = try node.kernelType(x, "x")
    let columns = axes.reduce(1) { $0 * x.shape[$1] }
    let rows = columns == 0 ? 0 : x.count / columns
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    if axes.sorted() == Array((x.rank - axes.count)..<x.rank) {
      return { frame in
        try node.check(tlk_layer_norm(frame[source], type, nil, frame[target], type, rows, columns, gamma.map { UnsafePointer($0.pointer) }, beta.map { UnsafePointer($0.pointer) }, epsilon))
      }
    }
    // The normalised axes go last in a copy, and back.
    let order = (0..<x.rank).filter { !axes.contains($0) } + axes.sorted()
    let strides = x.strides
    let packed = TensorSpec(x.element, order.map { x.shape[$0] })
    let toPacked = StridedCopy(shape: packed.shape, from: order.map { strides[$0] }, to: packed.strides, element: x)
    let back = StridedCopy(shape: packed.shape, from: packed.strides, to: order.map { strides[$0] }, element: x)
    return { frame in
      let scratch = OwnedBytes(byteCount: packed.byteCount)
      try node.check(toPacked.run(frame[source], scratch.pointer))
      try node.check(tlk_layer_norm(scratch.pointer, type, nil, scratch.pointer, type, rows, columns, gamma.map { UnsafePointer($0.pointer) }, beta.map { UnsafePointer($0.pointer) }, epsilon))
      try node.check(back.run(scratch.pointer, frame[target]))
    }
  }

  // ---- softmax ------------------------------------------------------------------------------------------------------

  private static func inferSoftmax(_ node: Node) throws -> [ValueSpec] {
    let x = try floatTensor(node)
    guard x.rank > 0 else { throw node.fail("x is a scalar") }
    // Written out: the layout pass renumbers the axes that it finds, and -1 would mean another axis in another order.
    node.inputs["axis"] = [Value.ints("\(node.label).axis", [try node.axis("axis", rank: x.rank, default: -1)])]
    return [.tensor(x)]
  }

  private static func softmaxKernel(_ node: Node) throws -> Kernel {
    let x = try floatTensor(node)
    let axis = try node.axis("axis", rank: x.rank, default: -1)
    let type = try node.kernelType(x, "x")
    let (outer, inner) = (x.shape[..<axis].reduce(1, *), x.shape[(axis + 1)...].reduce(1, *))
    let size = x.shape[axis]
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    return { frame in try node.check(tlk_softmax(frame[source], type, frame[target], type, outer, size, inner)) }
  }
}

enum BatchNorm {
  /// y = x · scale + shift, one pair per channel; nil when the statistics are not constants.
  static func factors(_ node: Node, channels: Int) throws -> (scale: [Float], shift: [Float])? {
    func numbers(_ name: String, _ fallback: Double?) throws -> [Double]? {
      guard let value = node.optional(name) else {
        guard let fallback else { throw node.fail("parameter '\(name)' is missing") }
        return [Double](repeating: fallback, count: channels)
      }
      guard value.tensor.count == channels else { throw node.fail("\(name) has \(value.tensor.count) elements, expected one per channel (\(channels))") }
      return value.isFoldable ? value.numbers : nil
    }
    let epsilon = try node.double("epsilon", default: 1e-5)
    guard let mean = try numbers("mean", nil), let variance = try numbers("variance", nil), let gamma = try numbers("gamma", 1), let beta = try numbers("beta", 0) else { return nil }
    let scale = zip(gamma, variance).map { $0 / ($1 + epsilon).squareRoot() }
    let shift = channels == 0 ? [] : (0..<channels).map { beta[$0] - mean[$0] * scale[$0] }
    return (scale.map { Float($0) }, shift.map { Float($0) })
  }
}
