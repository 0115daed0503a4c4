extension LayerKind {
  static let arithmetic: [LayerKind] =
    [
      LayerKind(230, "add", one: { layer, writer in try fold(layer, writer, "add", scalar: layer.parameters.float(1)) }),
      LayerKind(231, "multiply", one: { layer, writer in try fold(layer, writer, "mul", scalar: layer.parameters.float(1)) }),
      LayerKind(240, "average", one: { layer, writer in
        writer.binary("mul", try fold(layer, writer, "add", scalar: 0), 1 / Float(max(layer.inputs.count, 1)))
      }),
      LayerKind(260, "max", one: { layer, writer in try fold(layer, writer, "maximum", scalar: nil) }),
      LayerKind(261, "min", one: { layer, writer in try fold(layer, writer, "minimum", scalar: nil) }),
      LayerKind(250, "bias", one: { layer, writer in
        writer.binary("add", try layer.input(), try vector(layer, shape: 1, weights: 2, writer))
      }),
      LayerKind(245, "scale", one: { layer, writer in
        let scaled = writer.binary("mul", try layer.input(), try vector(layer, shape: 1, weights: 2, writer))
        guard try layer.parameters.bool(3) else { return scaled }
        return writer.binary("add", scaled, try vector(layer, shape: 4, weights: 5, writer))
      }),
      LayerKind(270, "dot", one: dotProduct),
      LayerKind(600, "copy", one: { layer, writer in writer.unary("identity", try layer.input()) }),
    ]
    + broadcastable.map { number, name, type in
      LayerKind(number, name, one: { layer, writer in writer.binary(type, try layer.input(0), try layer.input(1)) })
    }

  private static let broadcastable: [(Int, String, String)] = [
    (865, "modBroadcastable", "mod"), (870, "minBroadcastable", "minimum"), (875, "maxBroadcastable", "maximum"), (880, "addBroadcastable", "add"),
    (885, "powBroadcastable", "pow"), (890, "divideBroadcastable", "real_div"), (895, "floorDivBroadcastable", "floor_div"),
    (900, "multiplyBroadcastable", "mul"), (905, "subtractBroadcastable", "sub"),
  ]

  /// All inputs together, or a single input with the layer's number.
  private static func fold(_ layer: Layer, _ writer: GraphWriter, _ type: String, scalar: Float?) throws -> NetworkTensor {
    let first = try layer.input()
    guard layer.inputs.count > 1 else { return scalar.map { writer.binary(type, first, $0) } ?? writer.unary("identity", first) }
    return layer.inputs.dropFirst().reduce(first) { writer.binary(type, $0, $1) }
  }

  /// Weights of the shapes [1], [C], [1, H, W] or [C, H, W].
  private static func vector(_ layer: Layer, shape field: Int, weights: Int, _ writer: GraphWriter) throws -> NetworkTensor {
    let shape = try layer.parameters.ints(field)
    return try layer.weights(weights, shape: shape.count == 1 ? [shape[0], 1, 1] : shape, writer)
  }

  private static func dotProduct(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let (x, y) = (try layer.input(0), try layer.input(1))
    let axis = max(try layer.rank(of: x) - 3, 0)
    let dot = writer.reduce("reduce_sum", writer.binary("mul", x, y), [axis], keepDims: true)
    guard try layer.parameters.bool(1) else { return dot }
    let lengths = writer.binary(
      "mul", writer.reduce("reduce_l2_norm", x, [axis], keepDims: true), writer.reduce("reduce_l2_norm", y, [axis], keepDims: true))
    return writer.binary("real_div", dot, lengths)
  }
}
