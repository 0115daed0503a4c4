extension LayerKind {
  static let shapes: [LayerKind] = [
    LayerKind(985, "transpose", one: { layer, writer in
      let x = try layer.input()
      let axes = try layer.parameters.ints(1)
      let rank = x.rank ?? axes.count
      guard axes.count == rank, Set(axes) == Set(0..<rank) else { throw layer.fail("axes \(axes) are no permutation of an input of rank \(rank)") }
      return writer.transpose(x, axes)
    }),
    LayerKind(1120, "squeeze", one: { layer, writer in
      let x = try layer.input()
      if try layer.parameters.bool(2) {
        guard let shape = x.shape, !shape.contains(nil) else { return writer.emit("squeeze", ["x": .tensor(x)], nil) }
        return writer.squeeze(x, shape.indices.filter { shape[$0] == 1 })
      }
      let axes = try layer.parameters.ints(1).map { try layer.axis($0, rank: layer.rank(of: x)) }
      return writer.squeeze(x, axes)
    }),
    LayerKind(1125, "expandDims", one: { layer, writer in
      let x = try layer.input()
      let axes = try layer.parameters.ints(1)
      let rank = try layer.rank(of: x) + axes.count
      let places = try axes.map { try layer.axis($0, rank: rank) }
      guard Set(places).count == places.count else { throw layer.fail("axes \(axes) name one axis twice") }
      return writer.expandDims(x, places.sorted())
    }),
    LayerKind(1130, "flattenTo2D", one: { layer, writer in
      let x = try layer.input()
      let rank = try layer.rank(of: x)
      let given = try layer.parameters.int(1)
      let axis = given == rank ? rank : try layer.axis(given, rank: rank)
      guard let sizes = x.sizes, let rows = elementCount(Array(sizes.prefix(axis))), let columns = elementCount(Array(sizes.dropFirst(axis))) else {
        return writer.emit("flatten2d", ["x": .tensor(x), "axis": .int(axis)], [nil, nil])
      }
      return writer.reshape(x, [rows, columns])
    }),
    LayerKind(1135, "reshapeLike", one: { layer, writer in
      let (x, like) = (try layer.input(0), try layer.input(1))
      return writer.emit("reshape", ["x": .tensor(x), "shape": .tensor(writer.shape(of: like))], like.shape)
    }),
    LayerKind(1140, "reshapeStatic", one: { layer, writer in writer.reshape(try layer.input(), try layer.parameters.ints(1)) }),
    LayerKind(1145, "reshapeDynamic", one: { layer, writer in
      let (x, shape) = (try layer.input(0), try layer.input(1))
      return writer.emit("reshape", ["x": .tensor(x), "shape": .tensor(writer.ints(shape))], unknownShape(layer, from: shape))
    }),
    LayerKind(1150, "rankPreservingReshape", one: { layer, writer in
      let x = try layer.input()
      let parts = try layer.parameters.ints(1).enumerated().map { $1 == 0 ? ShapePart.axis(x, $0) : .size($1) }
      return writer.reshape(x, parts)
    }),
    LayerKind(1065, "getShape", one: { layer, writer in writer.floats(writer.shape(of: try layer.input())) }),
    LayerKind(920, "tile", one: { layer, writer in
      let x = try layer.input()
      guard let repetitions = layer.optional(1) else { return try tiled(layer, x, layer.parameters.ints(1), writer) }
      let rank = try layer.rank(of: x)
      var counts = writer.ints(repetitions)
      if let few = repetitions.shape?.first ?? nil, few < rank {
        counts = writer.concat([writer.constant([Int](repeating: 1, count: rank - few)), counts], axis: 0)
      }
      return writer.emit("tile", ["x": .tensor(x), "reps": .tensor(counts)], [Int?](repeating: nil, count: rank))
    }),
    LayerKind(960, "reverse", one: { layer, writer in
      let flags = try layer.parameters.bools(1)
      return writer.unary("reverse", try layer.input(), ["axes": .ints(flags.indices.filter { flags[$0] })])
    }),
    LayerKind(965, "reverseSeq", one: { layer, writer in
      writer.unary(
        "reverse_sequence", try layer.input(0),
        ["lengths": .tensor(writer.ints(try layer.input(1))), "batch_axis": .int(try layer.parameters.int(1)), "seq_axis": .int(try layer.parameters.int(2))])
    }),
    LayerKind(1100, "broadcastToLike", one: { layer, writer in
      let (x, like) = (try layer.input(0), try layer.input(1))
      let zeros = writer.emit("fill", ["shape": .tensor(writer.shape(of: like)), "value": 0.0], like.shape)
      return writer.binary("add", x, zeros)
    }),
    LayerKind(1105, "broadcastToStatic", one: { layer, writer in
      let shape = try layer.parameters.ints(1)
      return writer.binary("add", try layer.input(), writer.emit("fill", ["shape": .ints(shape), "value": 0.0], shape))
    }),
    LayerKind(1110, "broadcastToDynamic", one: { layer, writer in
      let (x, shape) = (try layer.input(0), try layer.input(1))
      let zeros = writer.emit("fill", ["shape": .tensor(writer.ints(shape)), "value": 0.0], unknownShape(layer, from: shape))
      return writer.binary("add", x, zeros)
    }),
  ]

  /// A shape given at run time has as many sizes as its vector has elements.
  static func unknownShape(_ layer: Layer, from vector: NetworkTensor) -> [Int?]? {
    if let rank = vector.shape?.first ?? nil, (0...8).contains(rank) { return [Int?](repeating: nil, count: rank) }
    return layer.outputRanks.first.flatMap { $0 > 0 && $0 <= 8 ? [Int?](repeating: nil, count: $0) : nil }
  }
}
