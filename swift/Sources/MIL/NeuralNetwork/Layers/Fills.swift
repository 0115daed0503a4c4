extension LayerKind {
  static let fills: [LayerKind] = [
    [
      LayerKind(1070, "loadConstantND", one: { layer, writer in try layer.weights(2, shape: layer.parameters.ints(1), writer) }),
      LayerKind(635, "rangeStatic", one: rangeStatic), LayerKind(640, "rangeDynamic", one: rangeDynamic),
      LayerKind(1230, "categoricalDistribution", one: categorical),
    ],
    filled(1080, "fillLike", 1085, "fillStatic", shapeField: 2, 1090, "fillDynamic", type: "fill", fillValue),
    filled(1170, "randomNormalLike", 1175, "randomNormalStatic", shapeField: 4, 1180, "randomNormalDynamic", type: "random_normal", normal),
    filled(1190, "randomUniformLike", 1195, "randomUniformStatic", shapeField: 4, 1200, "randomUniformDynamic", type: "random_uniform", uniform),
    filled(1210, "randomBernoulliLike", 1215, "randomBernoulliStatic", shapeField: 3, 1220, "randomBernoulliDynamic", type: "random_bernoulli", bernoulli),
  ].flatMap { $0 }

  private static func fillValue(_ p: LayerParameters) throws -> [String: Argument] { ["value": .float(try p.float(1))] }

  private static func normal(_ p: LayerParameters) throws -> [String: Argument] {
    ["mean": .float(try p.float(2)), "stddev": .float(try p.float(3)), "seed": .int(try p.int(1))]
  }

  private static func uniform(_ p: LayerParameters) throws -> [String: Argument] {
    ["low": .float(try p.float(2)), "high": .float(try p.float(3)), "seed": .int(try p.int(1))]
  }

  private static func bernoulli(_ p: LayerParameters) throws -> [String: Argument] { ["prob": .float(try p.float(2)), "seed": .int(try p.int(1))] }

  private static func rangeStatic(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let (end, start, step) = (try p.float(1), try p.float(2), try p.float(3, zeroMeans: 1))
    let count: Float = ((end - start) / step).rounded(.up)
    guard count.isFinite, count < 0x1p24 else { throw layer.fail("a range from \(start) to \(end) by \(step)") }
    let values = (0..<max(Int(count), 0)).map { index -> Float in start + Float(index) * step }
    return writer.constant(values, [values.count])
  }

  private static func rangeDynamic(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let start = try layer.optional(1).map(Argument.tensor) ?? .float(p.float(2))
    let step = try layer.optional(2).map(Argument.tensor) ?? .float(p.float(3, zeroMeans: 1))
    return writer.emit("range_1d", ["end": .tensor(try layer.input()), "start": start, "step": step], [nil])
  }

  private static func categorical(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let x = try layer.input()
    let temperature = try p.float(5, zeroMeans: 1)
    let isLogits = try p.bool(3)
    let scaled = isLogits && temperature != 1 ? writer.binary("real_div", x, temperature) : x
    let count = max(try p.int(2), 1)
    let arguments: [String: Argument] = ["x": .tensor(scaled), "mode": .text(isLogits ? "logits" : "probs"), "size": .int(count), "seed": .int(try p.int(1))]
    return writer.emit("random_categorical", arguments, x.shape.map { Array($0.dropLast()) + [count] })
  }

  /// The three forms of a layer that makes a tensor: of the shape of its input, of a fixed shape, of the shape that its input holds.
  private static func filled(
    _ like: Int, _ likeName: String, _ fixed: Int, _ fixedName: String, shapeField: Int, _ dynamic: Int, _ dynamicName: String, type: String,
    _ more: @escaping (LayerParameters) throws -> [String: Argument]
  ) -> [LayerKind] {
    func make(_ layer: Layer, _ shape: Argument, _ known: [Int?]?, _ writer: GraphWriter) throws -> NetworkTensor {
      writer.emit(type, try more(layer.parameters).merging(["shape": shape]) { $1 }, known)
    }
    return [
      LayerKind(like, likeName, one: { layer, writer in
        let x = try layer.input()
        return try make(layer, .tensor(writer.shape(of: x)), x.shape, writer)
      }),
      LayerKind(fixed, fixedName, one: { layer, writer in
        let shape = try layer.parameters.ints(shapeField)
        return try make(layer, .ints(shape), shape, writer)
      }),
      LayerKind(dynamic, dynamicName, one: { layer, writer in
        let shape = try layer.input()
        return try make(layer, .tensor(writer.ints(shape)), unknownShape(layer, from: shape), writer)
      }),
    ]
  }
}
