extension LayerKind {
  static let convolutions: [LayerKind] = [LayerKind(100, "convolution", one: planar), LayerKind(1471, "convolution3d", one: volumetric)]

  /// What both forms come to.
  private struct Geometry {
    var outputs: Int, groups: Int
    var kernel: [Int], strides: [Int], dilations: [Int]
    /// (before, after) per axis; nil = "same".
    var pads: [Int]?
    var isTopHeavy = false
    var isTransposed: Bool
    var outputShape: [Int]
  }

  private static func planar(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let isTransposed = try p.bool(60)
    var geometry = Geometry(
      outputs: try p.int(1), groups: max(try p.int(10), 1), kernel: try p.ints(20, count: 2, default: 3), strides: try p.ints(30, count: 2, default: 1),
      dilations: try p.ints(40, count: 2, default: 1), isTransposed: isTransposed, outputShape: try p.ints(100))
    if let same = try p.nested(51) { geometry.isTopHeavy = try same.int(1) == 1 } else { geometry.pads = try layer.borders(p.nested(50)?.nested(1)) }
    let channels = try p.int(2)
    guard geometry.outputs > 0, geometry.outputs % geometry.groups == 0 else { throw layer.fail("\(geometry.outputs) output channels in \(geometry.groups) groups") }
    let shape = isTransposed ? [channels, geometry.outputs / geometry.groups] + geometry.kernel : [geometry.outputs, channels] + geometry.kernel
    let weight = try layer.optional(1) ?? layer.weights(90, shape: shape, channelAxis: isTransposed ? 1 : 0, writer)
    let bias = try layer.optional(2) ?? (p.bool(70) ? layer.weights(91, shape: [geometry.outputs], writer) : nil)
    return try writer.withBatchedPlanes(layer.input(), layer) { try convolve($0, weight, bias, geometry, layer, writer) }
  }

  private static func volumetric(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let isTransposed = try p.bool(86)
    func triple(_ first: Int, default fallback: Int) throws -> [Int] { try (0..<3).map { let value = try p.int(first + $0); return value == 0 ? fallback : value } }
    var geometry = Geometry(
      outputs: try p.int(1), groups: max(try p.int(10), 1), kernel: try triple(20, default: 3), strides: try triple(31, default: 1),
      dilations: try triple(40, default: 1), isTransposed: isTransposed, outputShape: try p.ints(87))
    switch try p.int(70) {
    case 0: geometry.pads = try (80...85).map { try p.int($0) }
    case 1: geometry.pads = [0, 0, 0, 0, 0, 0]
    default: break
    }
    let channels = try p.int(2)
    guard geometry.outputs > 0, geometry.outputs % geometry.groups == 0 else { throw layer.fail("\(geometry.outputs) output channels in \(geometry.groups) groups") }
    let shape = isTransposed ? [channels, geometry.outputs / geometry.groups] + geometry.kernel : [geometry.outputs, channels / geometry.groups] + geometry.kernel
    let weight = try layer.weights(60, shape: shape, channelAxis: isTransposed ? 1 : 0, writer)
    let bias = try p.bool(50) ? layer.weights(61, shape: [geometry.outputs], writer) : nil
    return try convolve(layer.input(), weight, bias, geometry, layer, writer)
  }

  private static func convolve(
    _ x: NetworkTensor, _ weight: NetworkTensor, _ bias: NetworkTensor?, _ geometry: Geometry, _ layer: Layer, _ writer: GraphWriter
  ) throws -> NetworkTensor {
    guard geometry.strides.allSatisfy({ $0 > 0 && $0 < 1 << 24 }), geometry.dilations.allSatisfy({ $0 > 0 && $0 < 1 << 24 }), geometry.kernel.allSatisfy({ $0 > 0 && $0 < 1 << 24 }) else {
      throw layer.fail("kernel \(geometry.kernel), stride \(geometry.strides), dilation \(geometry.dilations): expected positive numbers")
    }
    var arguments: [String: Argument] = [
      "x": .tensor(x), "weight": .tensor(weight), "strides": .ints(geometry.strides), "dilations": .ints(geometry.dilations), "groups": .int(geometry.groups),
    ]
    if let bias { arguments["bias"] = .tensor(bias) }
    let spatial = geometry.kernel.indices.map { axis in x.shape.flatMap { $0.count == geometry.kernel.count + 2 ? $0[axis + 2] : nil } }
    let extents = zip(geometry.kernel, geometry.dilations).map { ($0 - 1) * $1 + 1 }
    let known = spatial.compactMap { $0 }
    var output = [Int?](repeating: nil, count: spatial.count)
    if known.count == spatial.count {
      let pads = geometry.isTransposed ? transposedPads(known, extents, geometry) : forwardPads(known, extents, geometry)
      guard geometry.isTransposed || pads.allSatisfy({ $0 >= 0 }) else { throw layer.fail("padding \(pads)") }
      output = known.indices.map { axis in
        let padding = pads[2 * axis] + pads[2 * axis + 1]
        if geometry.isTransposed { return (known[axis] - 1) * geometry.strides[axis] + extents[axis] - padding }
        return (known[axis] + padding - extents[axis]) / geometry.strides[axis] + 1
      }
      arguments["pad_type"] = "custom"
      arguments["pad"] = .ints(pads.map { max($0, 0) })
      if geometry.isTransposed, let sizes = Optional(output.compactMap { $0 }), pads.contains(where: { $0 < 0 }), let batch = x.shape?[0] {
        arguments["output_shape"] = .ints([batch, geometry.outputs] + sizes)
      }
    } else if let pads = geometry.pads {
      arguments["pad_type"] = "custom"
      arguments["pad"] = .ints(pads)
    } else {
      arguments["pad_type"] = geometry.isTopHeavy ? "same_lower" : "same"
    }
    let shape = x.shape.map { [$0.first ?? nil, geometry.outputs] + output }
    return writer.emit(geometry.isTransposed ? "conv_transpose" : "conv", arguments, shape)
  }

  private static func forwardPads(_ input: [Int], _ extents: [Int], _ geometry: Geometry) -> [Int] {
    if let pads = geometry.pads { return pads }
    return input.indices.flatMap { axis -> [Int] in
      let output = (input[axis] + geometry.strides[axis] - 1) / geometry.strides[axis]
      return split(max(0, (output - 1) * geometry.strides[axis] + extents[axis] - input[axis]), geometry.isTopHeavy)
    }
  }

  /// A given output shape decides over the padding that the layer names, except for where the padding starts.
  private static func transposedPads(_ input: [Int], _ extents: [Int], _ geometry: Geometry) -> [Int] {
    input.indices.flatMap { axis -> [Int] in
      let full = (input[axis] - 1) * geometry.strides[axis] + extents[axis]
      if geometry.outputShape.count == input.count {
        let total = full - geometry.outputShape[axis]
        guard let pads = geometry.pads, pads[2 * axis] + pads[2 * axis + 1] != 0 else { return split(total, geometry.isTopHeavy) }
        return [pads[2 * axis], total - pads[2 * axis]]
      }
      if let pads = geometry.pads { return [pads[2 * axis], pads[2 * axis + 1]] }
      return split(full - input[axis] * geometry.strides[axis], geometry.isTopHeavy)
    }
  }

  private static func split(_ total: Int, _ isTopHeavy: Bool) -> [Int] {
    if total < 0 { return [0, total] }
    return isTopHeavy ? [total - total / 2, total / 2] : [total / 2, total - total / 2]
  }
}

extension Layer {
  /// `BorderAmounts` as [top, bottom, left, right]; absent = zeros.
  func borders(_ parameters: LayerParameters?) throws -> [Int] {
    let edges = try parameters?.messages(10) ?? []
    if edges.isEmpty { return [0, 0, 0, 0] }
    guard edges.count == 2 else { throw fail("\(edges.count) border amounts, expected 2") }
    return try edges.flatMap { message -> [Int] in
      let edge = try LayerParameters(message)
      let pair = [try edge.int(1), try edge.int(2)]
      guard pair.allSatisfy({ $0 >= 0 && $0 < 1 << 32 }) else { throw fail("border amounts \(pair)") }
      return pair
    }
  }
}
