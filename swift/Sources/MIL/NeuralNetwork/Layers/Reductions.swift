extension LayerKind {
  static let reductions: [LayerKind] =
    [
      LayerKind(280, "reduce", one: legacy),
      LayerKind(1020, "argMin", one: { layer, writer in try argument(layer, "reduce_argmin", writer) }),
      LayerKind(1025, "argMax", one: { layer, writer in try argument(layer, "reduce_argmax", writer) }),
      LayerKind(1455, "cumSum", one: { layer, writer in
        let axis = try layer.optional(1).map { Argument.tensor(writer.ints($0)) } ?? .int(layer.parameters.int(1))
        return writer.unary("cumsum", try layer.input(), ["axis": axis, "exclusive": .bool(try layer.parameters.bool(2)), "reverse": .bool(try layer.parameters.bool(3))])
      }),
    ]
    + general.map { number, name, type in
      LayerKind(number, name, one: { layer, writer in
        let x = try layer.input()
        let rank = try layer.rank(of: x)
        let given = try layer.parameters.ints(1)
        let all = try layer.parameters.bool(3) || given.isEmpty
        let axes = try all ? Array(0..<rank) : given.map { try layer.axis($0, rank: rank) }
        return writer.reduce(type, x, axes, keepDims: try layer.parameters.bool(2))
      })
    }

  private static let general: [(Int, String, String)] = [
    (1250, "reduceL1", "reduce_l1_norm"), (1255, "reduceL2", "reduce_l2_norm"), (1260, "reduceMax", "reduce_max"), (1265, "reduceMin", "reduce_min"),
    (1270, "reduceSum", "reduce_sum"), (1275, "reduceProd", "reduce_prod"), (1280, "reduceMean", "reduce_mean"), (1285, "reduceLogSum", "reduce_log_sum"),
    (1290, "reduceSumSquare", "reduce_sum_square"), (1295, "reduceLogSumExp", "reduce_log_sum_exp"),
  ]

  private static func legacy(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let axes: [[Int]] = [[-3, -2, -1], [-2, -1], [-3], [-2], [-1]]
    let place = try layer.parameters.int(3)
    guard axes.indices.contains(place) else { throw layer.fail("axis \(place), expected 0 to 4") }
    switch try layer.parameters.int(1) {
    case 0: return writer.reduce("reduce_sum", x, axes[place], keepDims: true)
    case 1: return writer.reduce("reduce_mean", x, axes[place], keepDims: true)
    case 2: return writer.reduce("reduce_prod", x, axes[place], keepDims: true)
    case 3:
      // The sum of logarithms, not the logarithm of the sum.
      let shifted = writer.binary("add", x, try layer.parameters.float(2, zeroMeans: 1e-6))
      return writer.reduce("reduce_sum", writer.unary("log", shifted), axes[place], keepDims: true)
    case 4: return writer.reduce("reduce_sum_square", x, axes[place], keepDims: true)
    case 5: return writer.reduce("reduce_l1_norm", x, axes[place], keepDims: true)
    case 6: return writer.reduce("reduce_l2_norm", x, axes[place], keepDims: true)
    case 7: return writer.reduce("reduce_max", x, axes[place], keepDims: true)
    case 8: return writer.reduce("reduce_min", x, axes[place], keepDims: true)
    case 9:
      guard place >= 2 else { throw layer.fail("the place of the maximum needs one axis") }
      return try argument(layer, x, "reduce_argmax", axes[place][0], keepDims: true, writer)
    case let mode: throw layer.fail("mode \(mode), expected 0 to 9")
    }
  }

  private static func argument(_ layer: Layer, _ type: String, _ writer: GraphWriter) throws -> NetworkTensor {
    try argument(layer, layer.input(), type, layer.parameters.int(1), keepDims: !layer.parameters.bool(2), writer)
  }

  private static func argument(_ layer: Layer, _ x: NetworkTensor, _ type: String, _ given: Int, keepDims: Bool, _ writer: GraphWriter) throws -> NetworkTensor {
    let axis = try layer.axis(given, rank: layer.rank(of: x))
    var shape = x.shape
    if keepDims { shape?[axis] = 1 } else { shape?.remove(at: axis) }
    return writer.floats(writer.emit(type, ["x": .tensor(x), "axis": .int(axis), "keep_dims": .bool(keepDims)], shape, .int32))
  }
}
