extension LayerKind {
  static let slices: [LayerKind] = [
    LayerKind(350, "slice", one: { layer, writer in
      let p = layer.parameters
      let x = try layer.input()
      let rank = try layer.rank(of: x)
      let axis = try layer.axis(try p.int(4) - 3, rank: rank)
      return slice(x, axis: axis, rank: rank, begin: try p.int(1), end: try p.int(2), stride: max(try p.int(3), 1), writer)
    }),
    LayerKind(190, "crop", one: crop),
    LayerKind(995, "sliceStatic", one: { layer, writer in
      let p = layer.parameters
      let x = try layer.input()
      return try indexed(layer, x, begin: .ints(p.ints(1)), end: .ints(p.ints(3)), begins: p.ints(1), ends: p.ints(3), writer)
    }),
    LayerKind(1000, "sliceDynamic", one: { layer, writer in
      // x, begin, end, strides, begin masks, end masks, squeeze masks: those behind `begin` may be parameters.
      let end = try layer.optional(2).map { Argument.tensor(writer.ints($0)) } ?? .ints(Array(layer.parameters.ints(3).prefix(layer.rank(of: layer.input()))))
      return try indexed(layer, layer.input(0), begin: .tensor(writer.ints(layer.input(1))), end: end, begins: nil, ends: nil, writer)
    }),
    LayerKind(1470, "sliceBySize", one: { layer, writer in
      let (x, begin) = (try layer.input(0), try layer.input(1))
      let rank = try layer.rank(of: x)
      let (size, axis) = (try layer.parameters.int(2), try layer.axis(layer.parameters.int(3), rank: rank))
      let zero = writer.constant([0])
      let start = writer.reshape(writer.ints(begin), [1])
      let begins = rank == 1 ? start : writer.concat((0..<rank).map { $0 == axis ? start : zero }, axis: 0)
      var sizes = [Int](repeating: -1, count: rank)
      sizes[axis] = size
      var shape = x.shape
      shape?[axis] = size
      return writer.emit("slice_by_size", ["x": .tensor(x), "begin": .tensor(begins), "size": .ints(sizes)], shape)
    }),
  ]

  private static func slice(_ x: NetworkTensor, axis: Int, rank: Int, begin: Int, end: Int, stride: Int, _ writer: GraphWriter) -> NetworkTensor {
    let others = (0..<rank).map { $0 != axis }
    var begins = [Int](repeating: 0, count: rank), ends = begins, strides = [Int](repeating: 1, count: rank)
    (begins[axis], ends[axis], strides[axis]) = (begin, end, stride)
    var shape = x.shape
    if let size = shape?[axis] {
      func place(_ index: Int) -> Int { min(max(index < 0 ? index &+ size : index, 0), size) }
      ends[axis] = place(end)
      shape?[axis] = max(0, (place(end) - place(begin) + stride - 1) / stride)
    }
    return writer.emit(
      "slice_by_index", ["x": .tensor(x), "begin": .ints(begins), "end": .ints(ends), "stride": .ints(strides), "begin_mask": .bools(others), "end_mask": .bools(others)], shape)
  }

  private static func crop(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let rank = try layer.rank(of: x)
    guard rank >= 3 else { throw layer.fail("the input has rank \(rank), expected at least 3") }
    let (height, width) = (try layer.size(of: x, rank - 2), try layer.size(of: x, rank - 1))
    var edges: (top: Int, bottom: Int, left: Int, right: Int)
    if let like = layer.optional(1) {
      let likeRank = try layer.rank(of: like)
      let offset = try layer.parameters.ints(5, count: 2, default: 0)
      edges = (offset[0], offset[0] &+ (try layer.size(of: like, likeRank - 2)), offset[1], offset[1] &+ (try layer.size(of: like, likeRank - 1)))
    } else {
      let amounts = try layer.borders(layer.parameters.nested(1))
      edges = (amounts[0], height - amounts[1], amounts[2], width - amounts[3])
    }
    guard 0 <= edges.top, edges.top < edges.bottom, edges.bottom <= height, 0 <= edges.left, edges.left < edges.right, edges.right <= width else {
      throw layer.fail("rows \(edges.top)..<\(edges.bottom) and columns \(edges.left)..<\(edges.right) of [\(height), \(width)]")
    }
    let rows = slice(x, axis: rank - 2, rank: rank, begin: edges.top, end: edges.bottom, stride: 1, writer)
    return slice(rows, axis: rank - 1, rank: rank, begin: edges.left, end: edges.right, stride: 1, writer)
  }

  private static func indexed(_ layer: Layer, _ x: NetworkTensor, begin: Argument, end: Argument, begins: [Int]?, ends: [Int]?, _ writer: GraphWriter) throws -> NetworkTensor {
    let p = layer.parameters
    let rank = try layer.rank(of: x)
    func masks(_ field: Int) throws -> [Bool] {
      let given = begins == nil ? Array(try p.bools(field).prefix(rank)) : try p.bools(field)
      guard given.isEmpty || given.count == rank else { throw layer.fail("\(given.count) masks for an input of rank \(rank)") }
      return given.isEmpty ? [Bool](repeating: false, count: rank) : given
    }
    // Dynamic slices are written with five masks and strides, whatever the rank.
    let strides = begins == nil ? Array(try p.ints(5).prefix(rank)) : try p.ints(5)
    guard strides.isEmpty || strides.count == rank, (begins?.count ?? rank) == rank, (ends?.count ?? rank) == rank else {
      throw layer.fail("begins \(begins ?? []), ends \(ends ?? []), strides \(strides) for an input of rank \(rank)")
    }
    let (beginMasks, endMasks, squeezeMasks) = (try masks(2), try masks(4), try masks(6))
    var arguments: [String: Argument] = [
      "x": .tensor(x), "begin": begin, "end": end, "begin_mask": .bools(beginMasks), "end_mask": .bools(endMasks), "squeeze_mask": .bools(squeezeMasks),
    ]
    if !strides.isEmpty { arguments["stride"] = .ints(strides) }
    if let given = layer.optional(3) { arguments["stride"] = .tensor(writer.ints(given)) }
    if let given = layer.optional(4) { arguments["begin_mask"] = .tensor(writer.isTrue(given)) }
    if let given = layer.optional(5) { arguments["end_mask"] = .tensor(writer.isTrue(given)) }
    if let given = layer.optional(6) { arguments["squeeze_mask"] = .tensor(writer.isTrue(given)) }
    let shape = layer.optional(6) != nil ? nil : x.shape.map { shape in
      shape.indices.compactMap { axis -> Int?? in
        if squeezeMasks[axis] { return nil }
        guard let size = shape[axis], let begins, let ends else { return .some(nil) }
        return .some(count(size, beginMasks[axis] ? nil : begins[axis], endMasks[axis] ? nil : ends[axis], strides.isEmpty ? 1 : strides[axis]))
      }
    }
    return writer.emit("slice_by_index", arguments, shape)
  }

  /// Length of a slice by Python's rules.
  private static func count(_ size: Int, _ begin: Int?, _ end: Int?, _ stride: Int) -> Int? {
    guard stride != 0, stride.magnitude < 1 << 32 else { return nil }
    func place(_ index: Int, _ range: ClosedRange<Int>) -> Int { min(max(index < 0 ? index &+ size : index, range.lowerBound), range.upperBound) }
    if stride > 0 {
      let (first, last) = (begin.map { place($0, 0...size) } ?? 0, end.map { place($0, 0...size) } ?? size)
      return max(0, (last - first + stride - 1) / stride)
    }
    let (first, last) = (begin.map { place($0, -1...max(size - 1, -1)) } ?? size - 1, end.map { place($0, -1...max(size - 1, -1)) } ?? -1)
    return max(0, (first - last - stride - 1) / -stride)
  }
}
