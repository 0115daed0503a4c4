extension LayerKind {
  static let joins: [LayerKind] = [
    LayerKind(980, "concatND", one: { layer, writer in
      // Numbers, which MIL would have without axes, are vectors of one element here.
      let values = layer.inputs.map { $0.rank == 0 ? writer.expandDims($0, [0]) : $0 }
      guard let first = values.first else { throw layer.fail("has no inputs") }
      let axis = try layer.axis(layer.parameters.int(1), rank: layer.rank(of: first))
      return writer.concat(values, axis: axis, interleave: try layer.parameters.bool(2))
    }),
    LayerKind(925, "stack", one: { layer, writer in
      let first = try layer.input()
      let rank = try layer.rank(of: first)
      let axis = try layer.axis(layer.parameters.int(1), rank: rank + 1)
      var shape = first.shape
      shape?.insert(layer.inputs.count, at: axis)
      return writer.emit("stack", ["values": .tensors(layer.inputs), "axis": .int(axis)], shape)
    }),
    LayerKind(975, "splitND", { layer, writer in
      let x = try layer.input()
      let axis = try layer.axis(layer.parameters.int(1), rank: layer.rank(of: x))
      let sizes = try layer.parameters.ints(3)
      guard !sizes.isEmpty else {
        return try evenSplit(layer, x, axis: axis, count: max(layer.parameters.int(2), layer.outputCount), writer)
      }
      return splits(x, axis: axis, sizes: sizes, writer)
    }),
    LayerKind(1005, "slidingWindows", one: { layer, writer in
      let x = try layer.input()
      let axis = try layer.axis(layer.parameters.int(1), rank: layer.rank(of: x))
      let (size, stride) = (try layer.parameters.int(2), try layer.parameters.int(3))
      guard size > 0, stride > 0 else { throw layer.fail("windows of \(size) every \(stride), expected positive numbers") }
      var shape = x.shape
      shape?[axis] = x.shape?[axis].map { $0 < size ? 0 : ($0 - size) / stride + 1 }
      shape?.insert(size, at: axis + 1)
      return writer.emit("sliding_windows", ["x": .tensor(x), "axis": .int(axis), "size": .int(size), "stride": .int(stride)], shape)
    }),
  ]
}
