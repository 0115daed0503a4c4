extension LayerKind {
  static let activations: [LayerKind] = [
    LayerKind(130, "activation", one: { layer, writer in try activation(layer, layer.input(), writer) }),
    LayerKind(1460, "clampedReLU", one: { layer, writer in
      writer.unary("clamped_relu", try layer.input(), ["alpha": .float(try layer.parameters.float(1)), "beta": .float(try layer.parameters.float(2))])
    }),
    LayerKind(795, "gelu", one: { layer, writer in
      let modes = ["EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION"]
      let mode = try layer.parameters.int(1)
      guard modes.indices.contains(mode) else { throw layer.fail("mode \(mode), expected 0 to 2") }
      return writer.unary("gelu", try layer.input(), ["mode": .text(modes[mode])])
    }),
    LayerKind(175, "softmax", one: { layer, writer in
      let x = try layer.input()
      return writer.unary("softmax", x, ["axis": .int(try layer.rank(of: x) < 3 ? 0 : -3)])
    }),
    LayerKind(950, "softmaxND", one: { layer, writer in writer.unary("softmax", try layer.input(), ["axis": .int(try layer.parameters.int(1))]) }),
  ]

  private static func activation(_ layer: Layer, _ x: NetworkTensor, _ writer: GraphWriter) throws -> NetworkTensor {
    func apply(_ type: String, _ field: Int, alpha: Bool = false, beta: Bool = false) throws -> NetworkTensor {
      let nested = try layer.parameters.nested(field)
      var more: [String: Argument] = [:]
      if alpha { more["alpha"] = .float(try nested?.float(1) ?? 0) }
      if beta { more["beta"] = .float(try nested?.float(2) ?? 0) }
      return writer.unary(type, x, more)
    }
    let parameters = layer.parameters
    if parameters.has(5) {
      let linear = try parameters.nested(5)
      let isNegation = try linear?.float(1) == -1 && linear?.float(2) == 0
      if isNegation, let limited = limited(x, writer) { return limited }
      let result = try apply("linear_activation", 5, alpha: true, beta: true)
      if isNegation { writer.origins[result.name] = .negative(of: x) }
      return result
    }
    if parameters.has(10) {
      let result = try apply("relu", 10)
      writer.origins[result.name] = .relu(of: x)
      return result
    }
    if parameters.has(15) { return try apply("leaky_relu", 15, alpha: true) }
    if parameters.has(20) { return try apply("thresholded_relu", 20, alpha: true) }
    if parameters.has(25) { return try parametricReLU(layer, x, writer) }
    if parameters.has(30) { return try apply("tanh", 30) }
    if parameters.has(31) { return try apply("scaled_tanh", 31, alpha: true, beta: true) }
    if parameters.has(40) { return try apply("sigmoid", 40) }
    if parameters.has(41) { return try apply("sigmoid_hard", 41, alpha: true, beta: true) }
    if parameters.has(50) { return try apply("elu", 50, alpha: true) }
    if parameters.has(60) { return try apply("softsign", 60) }
    if parameters.has(70) { return try apply("softplus", 70) }
    if parameters.has(71) { return try parametricSoftplus(layer, x, writer) }
    throw layer.fail("has no activation that is known", .unsupported)
  }

  /// −max(−u, c) = min(u, −c), which convolutions take into themselves where u is a ReLU.
  private static func limited(_ x: NetworkTensor, _ writer: GraphWriter) -> NetworkTensor? {
    guard case .negativeAbove(let floor, let u)? = writer.origins[x.name] else { return nil }
    guard case .relu(let source)? = writer.origins[u.name], floor < 0 else { return writer.binary("minimum", u, -floor) }
    return floor == -6 ? writer.unary("relu6", source) : writer.unary("clip", source, ["alpha": 0.0, "beta": .float(-floor)])
  }

  /// One slope, or one per channel (axis −3).
  private static func slopes(_ layer: Layer, _ parameters: LayerParameters?, _ field: Int, _ x: NetworkTensor, _ writer: GraphWriter) throws -> NetworkTensor {
    guard let parameters, let message = try parameters.messages(field).last else { throw layer.fail("has no slopes") }
    let rank = try layer.rank(of: x)
    let channels = rank >= 3 ? x.shape?[rank - 3] : nil
    // The message says nothing of its length: one value for all channels, or one each.
    if let channels, channels != 1, let each = try? layer.constant(message, shape: [channels, 1, 1], writer) { return writer.constant(each, [channels, 1, 1], .float32) }
    return writer.constant(try layer.constant(message, shape: [1], writer), [1], .float32)
  }

  /// x above 0, α·x below. `prelu` of MIL has its channels on axis 1, this layer on axis −3.
  private static func parametricReLU(_ layer: Layer, _ x: NetworkTensor, _ writer: GraphWriter) throws -> NetworkTensor {
    let alpha = try slopes(layer, layer.parameters.nested(25), 1, x, writer)
    if alpha.rank == 3 {
      let slopes: [String: Argument] = ["alpha": .tensor(writer.reshape(alpha, [-1]))]
      if x.rank == 4 { return writer.unary("prelu", x, slopes) }
      if let plane = writer.lowered(x) { return writer.raised(writer.unary("prelu", plane, slopes)) }
    }
    return writer.binary("add", writer.unary("relu", x), writer.binary("mul", writer.binary("minimum", x, 0), alpha))
  }

  private static func parametricSoftplus(_ layer: Layer, _ x: NetworkTensor, _ writer: GraphWriter) throws -> NetworkTensor {
    let parameters = try layer.parameters.nested(71)
    let alpha = try slopes(layer, parameters, 1, x, writer)
    let beta = try slopes(layer, parameters, 2, x, writer)
    return writer.binary("mul", alpha, writer.unary("softplus", writer.binary("mul", beta, x)))
  }
}
