extension LayerKind {
  static let resizing: [LayerKind] = [
    LayerKind(210, "upsample", one: upsample),
    LayerKind(211, "resizeBilinear", one: { layer, writer in
      let target = try layer.parameters.ints(1, count: 2, default: 1)
      return try bilinear(layer, height: target[0], width: target[1], mode: sampling(layer, layer.parameters.nested(2)), writer)
    }),
    LayerKind(212, "cropResize", one: cropResize),
    LayerKind(200, "padding", one: { layer, writer in
      let p = layer.parameters
      let amounts = try layer.borders(p.nested(10))
      var arguments: [String: Argument] = ["mode": "constant", "constant_val": .float(try p.nested(1)?.float(1) ?? 0)]
      if p.has(2) { return try reflected(layer, layer.input(), amounts, writer) }
      if p.has(3) { arguments = ["mode": "replicate"] }
      return try pad(layer, layer.input(), amounts, arguments, writer)
    }),
    LayerKind(1155, "constantPad", one: constantPad),
  ]

  /// Amounts (before, after) of the last axes.
  private static func pad(_ layer: Layer, _ x: NetworkTensor, _ amounts: [Int], _ more: [String: Argument], _ writer: GraphWriter) throws -> NetworkTensor {
    if amounts.count <= 8, let plane = writer.lowered(x) { return writer.raised(try pad(layer, plane, amounts, more, writer)) }
    let rank = try layer.rank(of: x)
    guard amounts.count % 2 == 0, amounts.count <= 2 * rank, amounts.allSatisfy({ $0 >= 0 && $0 < 1 << 32 }) else {
      throw layer.fail("padding \(amounts) of an input of rank \(rank)")
    }
    var shape = x.shape
    for index in 0..<(amounts.count / 2) {
      let axis = rank - amounts.count / 2 + index
      shape?[axis] = x.shape?[axis].map { $0 + amounts[2 * index] + amounts[2 * index + 1] }
    }
    return writer.emit("pad", more.merging(["x": .tensor(x), "pad": .ints(amounts)]) { $1 }, shape)
  }

  /// One reflection reaches as far as the plane does; what is wider takes several, as in NumPy.
  private static func reflected(_ layer: Layer, _ x: NetworkTensor, _ amounts: [Int], _ writer: GraphWriter) throws -> NetworkTensor {
    var (plane, rest) = (x, amounts)
    while let shape = plane.shape, rest.count < 2 * shape.count {
      let reach = rest.indices.map { side in shape[shape.count - rest.count / 2 + side / 2].map { min($0 - 1, rest[side]) } ?? rest[side] }
      guard reach != rest, reach.contains(where: { $0 > 0 }), reach.allSatisfy({ $0 >= 0 }) else { break }
      plane = try pad(layer, plane, reach, ["mode": "reflect"], writer)
      rest = zip(rest, reach).map { $0 - $1 }
    }
    return try pad(layer, plane, rest, ["mode": "reflect"], writer)
  }

  private static func constantPad(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let x = try layer.input()
    let more: [String: Argument] = ["mode": "constant", "constant_val": .float(try p.float(1))]
    if let amounts = layer.optional(1) {
      return writer.emit("pad", more.merging(["x": .tensor(x), "pad": .tensor(writer.ints(amounts))]) { $1 }, x.shape.map { $0.map { _ in nil } })
    }
    var amounts = try p.ints(2)
    let rank = try layer.rank(of: x)
    guard amounts.count == 2 * rank else { throw layer.fail("\(amounts.count) amounts of padding, expected \(2 * rank)") }
    if try p.bool(3) {
      // Amounts are sizes to reach: the one of a pair that is given says on which side.
      for axis in 0..<rank {
        let size = try layer.size(of: x, axis)
        for side in [2 * axis, 2 * axis + 1] { amounts[side] = max(amounts[side] - size, 0) }
      }
    }
    return try pad(layer, x, amounts, more, writer)
  }

  private static func sampling(_ layer: Layer, _ mode: LayerParameters?) throws -> String {
    let modes = ["STRICT_ALIGN_CORNERS", "ALIGN_CORNERS", "DEFAULT", "OFFSET_CORNERS"]
    let index = try mode?.int(1) ?? 0
    guard modes.indices.contains(index) else { throw layer.fail("sampling mode \(index), expected 0 to 3") }
    return modes[index]
  }

  private static func bilinear(_ layer: Layer, height: Int, width: Int, mode: String, _ writer: GraphWriter) throws -> NetworkTensor {
    try writer.withBatchedPlanes(layer.input(), layer) { x in
      writer.emit(
        "resize_bilinear", ["x": .tensor(x), "target_size_height": .int(height), "target_size_width": .int(width), "sampling_mode": .text(mode)],
        x.shape.map { [$0[0], $0[1], height, width] })
    }
  }

  private static func upsample(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let fractions = try p.floats(7)
    let whole = try p.ints(1, count: 2, default: 1)
    let factors: [Float] = fractions.count == 2 ? fractions : whole.map { Float($0) }
    guard factors.allSatisfy({ $0 > 0 && $0 < 65536 }) else { throw layer.fail("scaling factors \(factors)") }
    func size(_ given: Int?, _ factor: Float) -> Int? { given.map { Int(Double($0) * Double(factor)) } }
    func scaled(_ shape: [Int?]) -> [Int?] { [shape[0], shape[1], size(shape[2], factors[0]), size(shape[3], factors[1])] }
    let isWhole = factors.allSatisfy { $0 == $0.rounded() }
    func factor(_ index: Int) -> Argument { isWhole ? .int(Int(factors[index])) : .float(factors[index]) }
    let scale: [String: Argument] = ["scale_factor_height": factor(0), "scale_factor_width": factor(1)]
    return try writer.withBatchedPlanes(layer.input(), layer) { x in
      if try p.int(5) == 0 { return writer.emit("upsample_nearest_neighbor", scale.merging(["x": .tensor(x)]) { $1 }, x.shape.map(scaled)) }
      let mode = try p.int(6)
      if mode != 0 { return writer.emit("upsample_bilinear", scale.merging(["x": .tensor(x), "align_corners": .bool(mode == 1)]) { $1 }, x.shape.map(scaled)) }
      guard let target = x.shape.map(scaled), let height = target[2], let width = target[3] else {
        throw layer.fail("bilinear upsampling of a size known only at run time", .unsupported)
      }
      return writer.emit(
        "resize_bilinear", ["x": .tensor(x), "target_size_height": .int(height), "target_size_width": .int(width), "sampling_mode": "DEFAULT"], target)
    }
  }

  /// x is [1, batch, C, H, W], regions are [N, 1, 4 or 5, 1, 1].
  private static func cropResize(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let (x, regions) = (try layer.input(0), try layer.input(1))
    let target = try p.ints(1, count: 2, default: 1)
    let coordinates = ["CORNERS_HEIGHT_FIRST", "CORNERS_WIDTH_FIRST", "CENTER_SIZE_HEIGHT_FIRST", "CENTER_SIZE_WIDTH_FIRST"]
    let box = try p.nested(4)?.int(1) ?? 0
    guard coordinates.indices.contains(box) else { throw layer.fail("box mode \(box), expected 0 to 3") }
    let rank = try layer.rank(of: x)
    guard rank == 4 || rank == 5 else { throw layer.fail("the input '\(x.name)' has rank \(rank), expected 5") }
    let image = rank == 5 ? writer.squeeze(x, [0]) : x
    let count = regions.shape?.first ?? nil
    let hasBatchIndex = regions.shape.flatMap { $0.count == 5 ? $0[2] : nil } == 5
    return writer.emit(
      "crop_resize",
      [
        "x": .tensor(image), "roi": .tensor(regions), "target_height": .int(target[0]), "target_width": .int(target[1]),
        "normalized_coordinates": .bool(try p.bool(2)), "spatial_scale": .float(try p.float(5, zeroMeans: 1)), "box_coordinate_mode": .text(coordinates[box]),
        "sampling_mode": .text(try sampling(layer, p.nested(3))),
      ], image.shape.map { [count, hasBatchIndex ? 1 : $0[0], $0[1], target[0], target[1]] })
  }
}
