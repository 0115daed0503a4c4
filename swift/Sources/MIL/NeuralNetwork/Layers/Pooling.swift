extension LayerKind {
  static let pooling: [LayerKind] = [
    LayerKind(120, "pooling", one: planar),
    LayerKind(1465, "pooling3d", one: volumetric),
    LayerKind(1466, "globalPooling3d", one: { layer, writer in
      let x = try layer.input()
      guard try layer.rank(of: x) == 5 else { throw layer.fail("the input has rank \(try layer.rank(of: x)), expected 5") }
      return writer.reduce(try layer.parameters.int(1) == 0 ? "reduce_max" : "reduce_mean", x, [2, 3, 4], keepDims: true)
    }),
  ]

  private static func type(_ layer: Layer) throws -> String {
    let types = ["max_pool", "avg_pool", "l2_pool"]
    let type = try layer.parameters.int(1)
    guard types.indices.contains(type) else { throw layer.fail("pooling type \(type), expected 0 to 2") }
    return types[type]
  }

  private static func planar(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let type = try type(layer)
    let x = try layer.input()
    if try p.bool(60) {
      let reductions = ["max_pool": "reduce_max", "avg_pool": "reduce_mean", "l2_pool": "reduce_l2_norm"]
      return writer.reduce(reductions[type] ?? "reduce_max", x, [-2, -1], keepDims: true)
    }
    var arguments: [String: Argument] = [:]
    let (kernel, strides) = (try p.ints(10, count: 2, default: 3), try p.ints(20, count: 2, default: 1))
    let pads: [Int]?
    var roundsUp = false
    if let same = try p.nested(31) {
      pads = nil
      arguments["pad_type"] = try same.int(1) == 1 ? "same_lower" : "same"
    } else if let complete = try p.nested(32) {
      pads = try complete.ints(10, count: 2, default: 0).flatMap { [$0, $0] }
      roundsUp = true
    } else {
      pads = try layer.borders(p.nested(30)?.nested(1))
    }
    if type == "avg_pool" { arguments["exclude_padding_from_average"] = .bool(try p.bool(50)) }
    return try writer.withBatchedPlanes(x, layer) { try pool(type, $0, kernel, strides, pads, roundsUp, arguments, layer, writer) }
  }

  private static func volumetric(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let type = try type(layer)
    func triple(_ first: Int) throws -> [Int] { try (0..<3).map { let value = try p.int(first + $0); return value == 0 ? 1 : value } }
    var arguments: [String: Argument] = [:]
    var pads: [Int]? = [0, 0, 0, 0, 0, 0]
    switch try p.int(15) {
    case 0: pads = try (8...13).map { try p.int($0) }
    case 2:
      pads = nil
      arguments["pad_type"] = "same"
    default: break
    }
    if type == "avg_pool" { arguments["exclude_padding_from_average"] = .bool(try p.bool(14)) }
    return try pool(type, layer.input(), triple(2), triple(5), pads, false, arguments, layer, writer)
  }

  private static func pool(
    _ type: String, _ x: NetworkTensor, _ kernel: [Int], _ strides: [Int], _ pads: [Int]?, _ roundsUp: Bool, _ more: [String: Argument],
    _ layer: Layer, _ writer: GraphWriter
  ) throws -> NetworkTensor {
    guard kernel.allSatisfy({ $0 > 0 && $0 < 1 << 24 }), strides.allSatisfy({ $0 > 0 && $0 < 1 << 24 }), (pads ?? []).allSatisfy({ $0 >= 0 && $0 < 1 << 24 }) else {
      throw layer.fail("kernel \(kernel), stride \(strides), padding \(pads ?? []): expected positive numbers")
    }
    var arguments = more
    arguments["x"] = .tensor(x)
    arguments["kernel_sizes"] = .ints(kernel)
    arguments["strides"] = .ints(strides)
    if let pads {
      arguments["pad_type"] = "custom"
      arguments["pad"] = .ints(pads)
    }
    if roundsUp { arguments["ceil_mode"] = true }
    let shape = x.shape.map { shape -> [Int?] in
      guard shape.count == kernel.count + 2 else { return shape }
      return Array(shape.prefix(2)) + kernel.indices.map { axis -> Int? in
        guard let size = shape[axis + 2] else { return nil }
        guard let pads else { return (size + strides[axis] - 1) / strides[axis] }
        let padded = size + pads[2 * axis] + pads[2 * axis + 1]
        var count = (padded - kernel[axis] + (roundsUp ? strides[axis] - 1 : 0)) / strides[axis] + 1
        if roundsUp, pads.contains(where: { $0 > 0 }), (count - 1) * strides[axis] >= size + pads[2 * axis] { count -= 1 }
        return count
      }
    }
    return writer.emit(type, arguments, shape)
  }
}
