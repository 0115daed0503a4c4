extension LayerKind {
  static let gathers: [LayerKind] = [
    LayerKind(930, "gather", one: { layer, writer in
      let (x, indices) = (try layer.input(0), try layer.input(1))
      let axis = try layer.axis(layer.parameters.int(1), rank: layer.rank(of: x))
      var shape: [Int?]?
      if let own = x.shape, let other = indices.shape { shape = Array(own.prefix(axis)) + other + Array(own.dropFirst(axis + 1)) }
      return writer.emit("gather", ["x": .tensor(x), "indices": .tensor(writer.ints(indices)), "axis": .int(axis)], shape)
    }),
    LayerKind(940, "gatherND", one: { layer, writer in
      let (x, indices) = (try layer.input(0), try layer.input(1))
      var shape: [Int?]?
      if let own = x.shape, let other = indices.shape, let depth = other.last ?? nil, depth <= own.count, depth >= 0 { shape = Array(other.dropLast()) + Array(own.dropFirst(depth)) }
      return writer.emit("gather_nd", ["x": .tensor(x), "indices": .tensor(writer.ints(indices))], shape)
    }),
    LayerKind(952, "gatherAlongAxis", one: { layer, writer in
      let (x, indices) = (try layer.input(0), try layer.input(1))
      return writer.emit("gather_along_axis", ["x": .tensor(x), "indices": .tensor(writer.ints(indices)), "axis": .int(try layer.parameters.int(1))], indices.shape)
    }),
    LayerKind(935, "scatter", one: { layer, writer in try scatter(layer, "scatter", axis: 1, mode: 2, writer) }),
    LayerKind(945, "scatterND", one: { layer, writer in try scatter(layer, "scatter_nd", axis: nil, mode: 1, writer) }),
    LayerKind(954, "scatterAlongAxis", one: { layer, writer in try scatter(layer, "scatter_along_axis", axis: 1, mode: 2, writer) }),
  ]

  private static func scatter(_ layer: Layer, _ type: String, axis: Int?, mode field: Int, _ writer: GraphWriter) throws -> NetworkTensor {
    let (data, indices, updates) = (try layer.input(0), try layer.input(1), try layer.input(2))
    let modes = ["update", "add", "sub", "mul", "div", "max", "min"]
    let mode = try layer.parameters.int(field)
    guard modes.indices.contains(mode) else { throw layer.fail("mode \(mode), expected 0 to 6") }
    var arguments: [String: Argument] = ["data": .tensor(data), "indices": .tensor(writer.ints(indices)), "updates": .tensor(updates), "mode": .text(modes[mode])]
    if let axis { arguments["axis"] = .int(try layer.parameters.int(axis)) }
    return writer.emit(type, arguments, data.shape)
  }
}
