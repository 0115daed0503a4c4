// Layers of specification 1 to 3, in terms of [sequence, batch, channel, height, width].
extension LayerKind {
  static let legacyShapes: [LayerKind] = [
    LayerKind(300, "reshape", one: reshape),
    LayerKind(301, "flatten", one: { layer, writer in
      let x = try layer.input()
      let rank = try layer.rank(of: x)
      guard rank >= 3 else { throw layer.fail("the input has rank \(rank), expected at least 3") }
      let source = try layer.parameters.int(1) == 1 ? channelsLast(x, rank, writer) : x
      return writer.reshape(source, (0..<(rank - 3)).map { .axis(x, $0) } + [.size(-1), .size(1), .size(1)])
    }),
    LayerKind(310, "permute", one: { layer, writer in
      let axes = try layer.parameters.ints(1)
      let x = try layer.input()
      if axes.isEmpty { return x }
      guard axes.count == 4, Set(axes) == [0, 1, 2, 3] else { throw layer.fail("axis \(axes), expected a permutation of [0, 1, 2, 3]") }
      // Batch, the second of five axes, stays where it is.
      let whole = axes.map { $0 == 0 ? 0 : $0 + 1 }
      let rank = try layer.rank(of: x)
      guard rank <= 5 else { throw layer.fail("the input has rank \(rank), expected 5") }
      let five = writer.expandDims(x, Array(0..<(5 - rank)))
      return writer.transpose(five, [whole[0], 1] + whole.dropFirst())
    }),
    LayerKind(320, "concat", one: { layer, writer in
      let rank = try layer.rank(of: layer.input())
      return writer.concat(layer.inputs, axis: try layer.axis(layer.parameters.bool(100) ? -5 : -3, rank: rank))
    }),
    LayerKind(330, "split", { layer, writer in
      let x = try layer.input()
      let axis = try layer.axis(-3, rank: layer.rank(of: x))
      return try evenSplit(layer, x, axis: axis, count: max(layer.parameters.int(1), layer.outputCount), writer)
    }),
    LayerKind(340, "sequenceRepeat", one: { layer, writer in
      let x = try layer.input()
      let rank = try layer.rank(of: x)
      var repetitions = [Int](repeating: 1, count: rank)
      repetitions[try layer.axis(-5, rank: rank)] = max(try layer.parameters.int(1), 1)
      return try tiled(layer, x, repetitions, writer)
    }),
    LayerKind(345, "reorganizeData", one: { layer, writer in
      let block = try layer.parameters.int(2)
      guard block > 0, block < 1 << 12 else { throw layer.fail("block size \(block)") }
      return try writer.withBatchedPlanes(layer.input(), layer) { x in
        func scaled(_ channels: (Int) -> Int, _ plane: (Int) -> Int) -> [Int?]? { x.shape.map { [$0[0], $0[1].map(channels), $0[2].map(plane), $0[3].map(plane)] } }
        switch try layer.parameters.int(1) {
        case 0: return writer.emit("space_to_depth", ["x": .tensor(x), "block_size": .int(block)], scaled({ $0 * block * block }, { $0 / block }))
        case 1: return writer.emit("depth_to_space", ["x": .tensor(x), "block_size": .int(block)], scaled({ $0 / (block * block) }, { $0 * block }))
        case 2: return writer.emit("pixel_shuffle", ["x": .tensor(x), "upscale_factor": .int(block)], scaled({ $0 / (block * block) }, { $0 * block }))
        case let mode: throw layer.fail("mode \(mode), expected 0 to 2")
        }
      }
    }),
    LayerKind(290, "loadConstant", one: { layer, writer in
      let shape = try layer.parameters.ints(1)
      guard shape.count == 3 else { throw layer.fail("the shape \(shape), expected [C, H, W]") }
      return try layer.weights(2, shape: [1, 1] + shape, channelAxis: 2, writer)
    }),
  ]

  private static func channelsLast(_ x: NetworkTensor, _ rank: Int, _ writer: GraphWriter) -> NetworkTensor {
    writer.transpose(x, Array(0..<(rank - 3)) + [rank - 2, rank - 1, rank - 3])
  }

  /// Three sizes: the sequence stays; four: it is the first. In the order channel-last, both sides are read as [H, W, C].
  private static func reshape(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let rank = try layer.rank(of: x)
    let target = try layer.parameters.ints(1)
    guard rank >= 3, target.count == 3 || target.count == 4 else { throw layer.fail("target shape \(target) of an input of rank \(rank)") }
    let leading: [ShapePart] = target.count == 4 ? [.size(target[0]), .size(1)] : (0..<(rank - 3)).map { .axis(x, $0) }
    let planes = Array(target.suffix(3))
    guard try layer.parameters.int(2) == 1 else { return writer.reshape(x, leading + planes.map(ShapePart.size)) }
    let moved = writer.reshape(channelsLast(x, rank, writer), leading + [planes[1], planes[2], planes[0]].map(ShapePart.size))
    let last = leading.count
    return writer.transpose(moved, Array(0..<last) + [last + 2, last, last + 1])
  }

  static func evenSplit(_ layer: Layer, _ x: NetworkTensor, axis: Int, count: Int, _ writer: GraphWriter) throws -> [NetworkTensor] {
    guard count > 0, count <= 1 << 16 else { throw layer.fail("\(count) outputs") }
    if let size = x.shape?[axis], size % count != 0 {
      // As numpy's array_split: the first parts are one longer.
      return splits(x, axis: axis, sizes: (0..<count).map { size / count + ($0 < size % count ? 1 : 0) }, writer)
    }
    var part = x.shape
    if let size = x.shape?[axis] { part?[axis] = size / count }
    return writer.emit(
      "split", ["x": .tensor(x), "num_splits": .int(count), "axis": .int(axis)], shapes: [[Int?]?](repeating: part, count: count),
      elements: [ElementType](repeating: x.element, count: count))
  }

  static func splits(_ x: NetworkTensor, axis: Int, sizes: [Int], _ writer: GraphWriter) -> [NetworkTensor] {
    let shapes = sizes.map { size -> [Int?]? in
      var shape = x.shape
      shape?[axis] = size
      return shape
    }
    return writer.emit(
      "split", ["x": .tensor(x), "split_sizes": .ints(sizes), "axis": .int(axis)], shapes: shapes, elements: [ElementType](repeating: x.element, count: sizes.count))
  }

  /// Fewer repetitions than axes are for the last axes, as numpy has it.
  static func tiled(_ layer: Layer, _ given: NetworkTensor, _ few: [Int], _ writer: GraphWriter) throws -> NetworkTensor {
    let rank = try layer.rank(of: given)
    let repetitions = [Int](repeating: 1, count: max(rank - few.count, 0)) + few
    let x = writer.expandDims(given, Array(0..<max(few.count - rank, 0)))
    guard let shape = x.shape, shape.count <= 8 else { throw layer.fail("\(few.count) repetitions for rank \(rank)") }
    let sizes = try zip(shape, repetitions).map { size, count -> Int? in
      guard let size else { return nil }
      let (product, overflow) = size.multipliedReportingOverflow(by: count)
      guard !overflow, count > 0 else { throw layer.fail("\(count) repetitions of \(size)") }
      return product
    }
    return writer.emit("tile", ["x": .tensor(x), "reps": .ints(repetitions)], sizes, x.element)
  }
}
