extension LayerKind {
  static let normalizations: [LayerKind] = [
    LayerKind(160, "batchnorm", one: batchNormalization),
    LayerKind(165, "mvn", one: { layer, writer in
      let x = try layer.input()
      let axes = try layer.parameters.bool(1) ? [-3, -2, -1] : [-2, -1]
      guard try layer.parameters.bool(2) else {
        return writer.binary("sub", x, writer.reduce("reduce_mean", x, axes, keepDims: true))
      }
      return writer.unary("layer_norm", x, ["axes": .ints(axes), "epsilon": .float(try layer.parameters.float(3, zeroMeans: 1e-6))])
    }),
    LayerKind(170, "l2normalize", one: { layer, writer in
      let x = try layer.input()
      let axes = Array((-min(try layer.rank(of: x), 3))..<0)
      let sum = writer.binary("add", writer.reduce("reduce_sum_square", x, axes, keepDims: true), try layer.parameters.float(1, zeroMeans: 1e-6))
      return writer.binary("real_div", x, writer.unary("sqrt", sum))
    }),
    LayerKind(180, "lrn", one: { layer, writer in
      let p = layer.parameters
      return try writer.withBatchedPlanes(layer.input(), layer) { x in
        writer.unary(
          "local_response_norm", x,
          ["size": .int(try p.int(3)), "alpha": .float(try p.float(1)), "beta": .float(try p.float(2)), "k": .float(try p.float(4, zeroMeans: 1))])
      }
    }),
    LayerKind(1350, "layerNormalization", one: { layer, writer in
      let shape = try layer.parameters.ints(1)
      let x = try layer.input()
      return writer.unary(
        "layer_norm", x,
        [
          "axes": .ints(Array((-shape.count)..<0)), "epsilon": .float(try layer.parameters.float(2)),
          "gamma": .tensor(try layer.weights(3, shape: shape, writer)), "beta": .tensor(try layer.weights(4, shape: shape, writer)),
        ])
    }),
  ]

  private static func batchNormalization(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let channels = try p.int(1)
    let epsilon = try p.float(10, zeroMeans: 1e-5)
    let (gamma, beta) = (try layer.weights(15, shape: [channels], writer), try layer.weights(16, shape: [channels], writer))
    let computes = try p.bool(5), perInstance = try p.bool(6)
    return try writer.withBatchedPlanes(layer.input(), layer) { x in
      if !computes {
        let statistics: [String: Argument] = ["mean": .tensor(try layer.weights(17, shape: [channels], writer)), "variance": .tensor(try layer.weights(18, shape: [channels], writer))]
        return writer.unary("batch_norm", x, statistics.merging(["gamma": .tensor(gamma), "beta": .tensor(beta), "epsilon": .float(epsilon)]) { $1 })
      }
      if perInstance { return writer.unary("instance_norm", x, ["gamma": .tensor(gamma), "beta": .tensor(beta), "epsilon": .float(epsilon)]) }
      let normal = writer.unary("layer_norm", writer.transpose(x, [1, 0, 2, 3]), ["axes": .ints([1, 2, 3]), "epsilon": .float(epsilon)])
      let scaled = writer.binary("mul", writer.transpose(normal, [1, 0, 2, 3]), writer.reshape(gamma, [channels, 1, 1]))
      return writer.binary("add", scaled, writer.reshape(beta, [channels, 1, 1]))
    }
  }
}
