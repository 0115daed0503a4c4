extension LayerKind {
  static let selections: [LayerKind] = [
    LayerKind(1015, "topK", { layer, writer in
      let p = layer.parameters
      let x = try layer.input()
      let axis = try layer.axis(p.int(1), rank: layer.rank(of: x))
      let dynamic = layer.optional(1)
      var shape = x.shape
      shape?[axis] = try dynamic == nil ? p.int(2) : nil
      let k = try dynamic.map { Argument.tensor(writer.ints($0)) } ?? .int(p.int(2))
      let results = writer.emit(
        "topk", ["x": .tensor(x), "k": k, "axis": .int(axis), "ascending": .bool(try p.bool(3))], shapes: [shape, shape], elements: [.float32, .int32])
      return layer.outputCount > 1 ? [results[0], writer.floats(results[1])] : [results[0]]
    }),
    LayerKind(1461, "argSort", one: { layer, writer in
      let x = try layer.input()
      let places = writer.emit("argsort", ["x": .tensor(x), "axis": .int(try layer.parameters.int(1)), "ascending": .bool(!(try layer.parameters.bool(2)))], x.shape, .int32)
      return writer.floats(places)
    }),
    LayerKind(1313, "whereNonZero", one: { layer, writer in
      let x = try layer.input()
      return writer.floats(writer.emit("non_zero", ["x": .tensor(x)], [nil, x.rank], .int32))
    }),
    LayerKind(1450, "oneHot", one: { layer, writer in
      let p = layer.parameters
      let indices = try layer.input()
      let rank = try layer.rank(of: indices)
      let axis = try layer.axis(p.int(2), rank: rank + 1)
      let dynamic = layer.optional(1)
      var shape = indices.shape
      shape?.insert(try dynamic == nil ? p.int(1) : nil, at: axis)
      let size = try dynamic.map { Argument.tensor(writer.ints($0)) } ?? .int(p.int(1))
      return writer.emit(
        "one_hot",
        ["indices": .tensor(writer.ints(indices)), "one_hot_vector_size": size, "axis": .int(axis), "on_value": .float(try p.float(3)), "off_value": .float(try p.float(4))], shape)
    }),
    LayerKind(1315, "matrixBandPart", one: { layer, writer in
      writer.unary("band_part", try layer.input(), ["lower": .int(try layer.parameters.int(1)), "upper": .int(try layer.parameters.int(2))])
    }),
    LayerKind(1320, "lowerTriangular", one: { layer, writer in
      let k = try diagonal(layer)
      return k >= 0 ? band(try layer.input(), lower: -1, upper: k, writer) : outside(try layer.input(), lower: -1 - k, upper: -1, writer)
    }),
    LayerKind(1325, "upperTriangular", one: { layer, writer in
      let k = try diagonal(layer)
      return k <= 0 ? band(try layer.input(), lower: -k, upper: -1, writer) : outside(try layer.input(), lower: -1, upper: k - 1, writer)
    }),
    LayerKind(1400, "NonMaximumSuppression", nonMaximumSuppression),
  ]

  private static func diagonal(_ layer: Layer) throws -> Int {
    let k = try layer.parameters.int(1)
    guard k.magnitude < 1 << 31 else { throw layer.fail("diagonal \(k)") }
    return k
  }

  private static func band(_ x: NetworkTensor, lower: Int, upper: Int, _ writer: GraphWriter) -> NetworkTensor {
    writer.unary("band_part", x, ["lower": .int(lower), "upper": .int(upper)])
  }

  /// What a band leaves: diagonals on one side of the main one only cannot be a band. By selection, as ∞ − ∞ is not 0.
  private static func outside(_ x: NetworkTensor, lower: Int, upper: Int, _ writer: GraphWriter) -> NetworkTensor {
    let ones = writer.emit("fill", ["shape": .tensor(writer.shape(of: x)), "value": 1.0], x.shape)
    let inside = writer.binary("not_equal", band(ones, lower: lower, upper: upper, writer), 0, .bool)
    return writer.emit("select", ["cond": .tensor(inside), "a": 0.0, "b": .tensor(x)], x.shape)
  }

  /// boxes [B, N, 4], scores [B, N, classes], and optionally the two thresholds and the most boxes as inputs.
  private static func nonMaximumSuppression(_ layer: Layer, _ writer: GraphWriter) throws -> [NetworkTensor] {
    let p = layer.parameters
    let (boxes, scores) = (try layer.input(0), try layer.input(1))
    let most = try p.int(3)
    let count = layer.optional(4) == nil ? most : nil
    let arguments: [String: Argument] = [
      "boxes": .tensor(boxes), "scores": .tensor(scores), "iou_threshold": try layer.optional(2).map(Argument.tensor) ?? .float(p.float(1)),
      "score_threshold": try layer.optional(3).map(Argument.tensor) ?? .float(p.float(2)),
      "max_boxes": layer.optional(4).map { .tensor(writer.ints($0)) } ?? .int(most), "per_class_suppression": .bool(try p.bool(4)),
    ]
    let batch = boxes.shape?.first ?? nil
    let classes = scores.shape.flatMap { $0.count == 3 ? $0[2] : nil }
    let results = writer.emit(
      "non_maximum_suppression", arguments, shapes: [[batch, count, 4], [batch, count, classes], [batch, count], [batch]],
      elements: [.float32, .float32, .int32, .int32])
    return results.map(writer.floats).prefix(max(layer.outputCount, 1)).map { $0 }
  }
}
