extension LayerKind {
  static let products: [LayerKind] = [
    LayerKind(140, "innerProduct", one: innerProduct),
    LayerKind(1045, "batchedMatmul", one: batchedProduct),
    LayerKind(150, "embedding", one: embedding),
    LayerKind(1040, "embeddingND", one: embeddingND),
  ]

  private static func linear(_ x: NetworkTensor, _ weight: NetworkTensor, _ bias: NetworkTensor?, outputs: Int, _ writer: GraphWriter) -> NetworkTensor {
    var arguments: [String: Argument] = ["x": .tensor(x), "weight": .tensor(weight)]
    if let bias { arguments["bias"] = .tensor(bias) }
    return writer.emit("linear", arguments, x.shape.map { Array($0.dropLast()) + [outputs] })
  }

  private static func bias(_ layer: Layer, flag: Int, field: Int, count: Int, _ writer: GraphWriter) throws -> NetworkTensor? {
    try layer.parameters.bool(flag) ? layer.weights(field, shape: [count], writer) : nil
  }

  /// Ranks 1 to 3: over the last axis. Ranks 4 and 5: over the last three together, which stay as [C, 1, 1].
  private static func innerProduct(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let (inputs, outputs) = (try layer.parameters.int(1), try layer.parameters.int(2))
    let weight = try layer.weights(20, shape: [outputs, inputs], writer)
    let bias = try bias(layer, flag: 10, field: 21, count: outputs, writer)
    let rank = try layer.rank(of: x)
    guard rank > 3 else {
      if rank != 1 { return linear(x, weight, bias, outputs: outputs, writer) }
      return writer.squeeze(linear(writer.expandDims(x, [0]), weight, bias, outputs: outputs, writer), [0])
    }
    let planes = x.shape.map { $0.suffix(2).allSatisfy { $0 == 1 } } ?? false
    let leading = (0..<(rank - 3)).map { ShapePart.axis(x, $0) }
    let flat = planes ? writer.squeeze(x, [-2, -1]) : writer.reshape(x, leading + [.size(inputs)])
    return writer.expandDims(linear(flat, weight, bias, outputs: outputs, writer), [-2, -1])
  }

  private static func batchedProduct(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let a = try layer.input()
    guard let b = layer.optional(1) else {
      // Stored column by column, so [outputs, inputs] row by row.
      let (inputs, outputs) = (try layer.parameters.int(5), try layer.parameters.int(6))
      let weight = try layer.weights(8, shape: [outputs, inputs], writer)
      let bias = try bias(layer, flag: 7, field: 9, count: outputs, writer)
      if try layer.rank(of: a) > 1 { return linear(a, weight, bias, outputs: outputs, writer) }
      return writer.squeeze(linear(writer.expandDims(a, [0]), weight, bias, outputs: outputs, writer), [0])
    }
    let x = try layer.rank(of: a) == 1 ? writer.expandDims(a, [0]) : a
    let y = try layer.rank(of: b) == 1 ? writer.expandDims(b, [1]) : b
    let (transposesX, transposesY) = (try layer.parameters.bool(1), try layer.parameters.bool(2))
    var shape: [Int?]?
    if let left = x.shape, let right = y.shape, left.count >= 2, right.count >= 2 {
      let batch = writer.broadcast(Array(left.dropLast(2)), Array(right.dropLast(2))) ?? []
      shape = batch + [left[left.count - (transposesX ? 1 : 2)], right[right.count - (transposesY ? 2 : 1)]]
    }
    return writer.emit("matmul", ["x": .tensor(x), "y": .tensor(y), "transpose_x": .bool(transposesX), "transpose_y": .bool(transposesY)], shape)
  }

  /// Rows of the table, which is stored as [size, entries].
  private static func lookUp(_ layer: Layer, _ indices: NetworkTensor, entries: Int, size: Int, bias: NetworkTensor?, _ writer: GraphWriter) throws -> NetworkTensor {
    let table = writer.transpose(try layer.weights(20, shape: [size, entries], writer), [1, 0])
    let rows = writer.emit("gather", ["x": .tensor(table), "indices": .tensor(writer.ints(indices)), "axis": 0], indices.shape.map { $0 + [size] })
    return bias.map { writer.binary("add", rows, $0) } ?? rows
  }

  private static func embedding(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let (entries, size) = (try layer.parameters.int(1), try layer.parameters.int(2))
    guard try layer.rank(of: x) >= 4 else { throw layer.fail("the input has rank \(try layer.rank(of: x)), expected 4 or 5") }
    let bias = try bias(layer, flag: 10, field: 21, count: size, writer)
    return writer.expandDims(try lookUp(layer, writer.squeeze(x, [-3, -2, -1]), entries: entries, size: size, bias: bias, writer), [-2, -1])
  }

  private static func embeddingND(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let (entries, size) = (try layer.parameters.int(1), try layer.parameters.int(2))
    guard try layer.rank(of: x) >= 2 else { throw layer.fail("the input has rank \(try layer.rank(of: x)), expected at least 2") }
    let bias = try bias(layer, flag: 3, field: 21, count: size, writer)
    return try lookUp(layer, writer.squeeze(x, [-1]), entries: entries, size: size, bias: bias, writer)
  }
}
