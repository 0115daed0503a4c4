// Operations that move and reshape, with their shapes.

/// One size of a shape that is being put together.
enum ShapePart {
  case size(Int)
  /// The size of a value's axis.
  case axis(NetworkTensor, Int)
}

extension GraphWriter {
  func shape(of x: NetworkTensor) -> NetworkTensor {
    if let sizes = x.sizes { return constant(sizes) }
    return emit("shape", ["x": .tensor(x)], [x.rank], .int32)
  }

  /// A vector of sizes: constant if all are known, else computed at run time.
  func sizes(_ parts: [ShapePart]) -> (argument: Argument, shape: [Int?]) {
    let known = parts.map { part -> Int? in
      switch part {
      case .size(let size): return size
      case .axis(let x, let axis): return x.shape.flatMap { $0.indices.contains(axis) ? $0[axis] : nil }
      }
    }
    if !known.contains(nil) { return (.ints(known.compactMap { $0 }), known.map { $0 == -1 ? nil : $0 }) }
    let pieces = zip(parts, known).map { part, size -> NetworkTensor in
      if let size { return constant([size]) }
      guard case .axis(let x, let axis) = part else { return constant([1]) }
      let all = emit("shape", ["x": .tensor(x)], [x.rank], .int32)
      return emit("slice_by_index", ["x": .tensor(all), "begin": .ints([axis]), "end": .ints([axis + 1])], [1], .int32)
    }
    let joined = emit("concat", ["values": .tensors(pieces), "axis": 0], [pieces.count], .int32)
    return (.tensor(joined), known.map { $0 == -1 ? nil : $0 })
  }

  /// Row-major recast. One part may be −1.
  func reshape(_ x: NetworkTensor, _ parts: [ShapePart]) -> NetworkTensor {
    let (argument, shape) = sizes(parts)
    return emit("reshape", ["x": .tensor(x), "shape": argument], resolved(shape, of: x), x.element)
  }

  func reshape(_ x: NetworkTensor, _ sizes: [Int]) -> NetworkTensor { reshape(x, sizes.map(ShapePart.size)) }

  /// Fills the one unknown size if everything else is known.
  private func resolved(_ shape: [Int?], of x: NetworkTensor) -> [Int?] {
    let unknown = shape.indices.filter { shape[$0] == nil }
    guard unknown.count == 1, let sizes = x.sizes, let total = elementCount(sizes), let rest = elementCount(shape.compactMap { $0 }), rest > 0, total % rest == 0 else { return shape }
    var result = shape
    result[unknown[0]] = total / rest
    return result
  }

  func transpose(_ x: NetworkTensor, _ order: [Int]) -> NetworkTensor {
    emit("transpose", ["x": .tensor(x), "perm": .ints(order)], x.shape.map { shape in order.map { shape.indices.contains($0) ? shape[$0] : nil } }, x.element)
  }

  /// `axes` count in the result.
  func expandDims(_ x: NetworkTensor, _ axes: [Int]) -> NetworkTensor {
    if axes.isEmpty { return x }
    let shape = x.shape.map { shape -> [Int?] in
      let rank = shape.count + axes.count
      let inserted = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
      var source = shape.makeIterator()
      return (0..<rank).map { inserted.contains($0) ? 1 : source.next() ?? nil }
    }
    return emit("expand_dims", ["x": .tensor(x), "axes": .ints(axes)], shape, x.element)
  }

  func squeeze(_ x: NetworkTensor, _ axes: [Int]) -> NetworkTensor {
    if axes.isEmpty { return x }
    let shape = x.shape.map { shape -> [Int?] in
      let removed = Set(axes.map { $0 < 0 ? $0 + shape.count : $0 })
      return shape.indices.filter { !removed.contains($0) }.map { shape[$0] }
    }
    return emit("squeeze", ["x": .tensor(x), "axes": .ints(axes)], shape, x.element)
  }

  /// `axis` is not negative.
  func concat(_ values: [NetworkTensor], axis: Int, interleave: Bool = false) -> NetworkTensor {
    let planes = values.compactMap(lowered)
    if axis > 0, !planes.isEmpty, planes.count == values.count { return raised(concat(planes, axis: axis - 1, interleave: interleave)) }
    var shape = values.first?.shape
    if let first = shape, first.indices.contains(axis) {
      var total: Int? = 0
      for value in values {
        let size = value.shape.flatMap { $0.indices.contains(axis) ? $0[axis] : nil }
        total = total.flatMap { sum in size.map { sum.addingReportingOverflow($0).partialValue } }
      }
      shape?[axis] = total
    }
    var arguments: [String: Argument] = ["values": .tensors(values), "axis": .int(axis)]
    if interleave { arguments["interleave"] = true }
    return emit("concat", arguments, shape, values.first?.element ?? .float32)
  }

  func reduce(_ type: String, _ x: NetworkTensor, _ axes: [Int], keepDims: Bool) -> NetworkTensor {
    if keepDims, let plane = lowered(x), axes.allSatisfy({ (-4..<0).contains($0) }) { return raised(reduce(type, plane, axes, keepDims: true)) }
    let shape = x.shape.map { shape -> [Int?] in
      let reduced = Set(axes.map { $0 < 0 ? $0 + shape.count : $0 })
      return shape.indices.compactMap { axis -> Int?? in reduced.contains(axis) ? (keepDims ? .some(1) : nil) : .some(shape[axis]) }
    }
    return emit(type, ["x": .tensor(x), "axes": .ints(axes), "keep_dims": .bool(keepDims)], shape, x.element)
  }

  /// Runs `body` on x as [batch, C, H, W] and gives the result x's rank again.
  func withBatchedPlanes(_ x: NetworkTensor, _ layer: Layer, _ body: (NetworkTensor) throws -> NetworkTensor) throws -> NetworkTensor {
    let rank = try layer.rank(of: x)
    switch rank {
    case 4: return try body(x)
    case 3: return squeeze(try body(expandDims(x, [0])), [0])
    case 5...:
      if rank == 5, x.shape?[0] == 1 { return raised(try body(lowered(x) ?? squeeze(x, [0]))) }
      if let leading = x.shape?.prefix(rank - 4), leading.allSatisfy({ $0 == 1 }) {
        let axes = Array(0..<(rank - 4))
        return expandDims(try body(squeeze(x, axes)), axes)
      }
      let planes = reshape(x, [.size(-1)] + ((rank - 3)..<rank).map { .axis(x, $0) })
      let made = try body(planes)
      return reshape(made, (0..<(rank - 3)).map { .axis(x, $0) } + (1..<4).map { .axis(made, $0) })
    default: throw layer.fail("the input '\(x.name)' has rank \(rank), expected at least 3")
    }
  }
}
