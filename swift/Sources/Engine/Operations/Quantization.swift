import Kernels
import MIL

extension OperationTable {
  /// Affine quantisation of activations and weights: x = scale · (q − zero_point).
  static let quantization: [OperationDefinition] = [
    OperationDefinition("quantize", infer: inferQuantize, kernel: quantizeKernel, layout: .axes(["axis"])),
    OperationDefinition("dequantize", infer: inferDequantize, kernel: dequantizeKernel, layout: .axes(["axis"])),
    OperationDefinition("constexpr_affine_dequantize", infer: inferAffine, kernel: affineKernel),
    OperationDefinition("constexpr_blockwise_shift_scale", infer: inferShiftScale, kernel: shiftScaleKernel),
    OperationDefinition("constexpr_sparse_blockwise_shift_scale", infer: inferSparseShiftScale, kernel: sparseShiftScaleKernel),
    OperationDefinition(
      "constexpr_cast",
      infer: { node in
        let source = try node.tensor("source_val")
        let name = try node.string("output_dtype")
        guard let element = ElementType(name: name), element.isFloat, element.kernelType != nil, source.element.isFloat else {
          throw node.fail("casts \(source.element.name) to '\(name)', expected fp16 to fp32")
        }
        return [try node.output(node.computed(element), source.shape)]
      },
      kernel: { node in
        let source = try node.value("source_val")
        let (from, to) = (try node.kernelType(source.tensor, "source_val"), try node.kernelType(node.outputs[0].tensor, "output"))
        let (slot, target, count) = (source.slot, node.outputs[0].slot, source.tensor.count)
        return { frame in try node.check(tlk_convert(frame[slot], from, frame[target], to, count)) }
      }),
  ]

  private static let parameters = ["scale", "zero_point"]

  // ---- quantize, dequantize ---------------------------------------------------------------------------------------

  /// Passes know the tensor that they follow as x.
  private static func activation(_ node: Node) throws -> TensorSpec {
    if let input = node.inputs.removeValue(forKey: "input") { node.inputs["x"] = input }
    return try node.tensor("x")
  }

  private static func inferQuantize(_ node: Node) throws -> [ValueSpec] {
    let x = try activation(node)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("input has the element type \(x.element.name), expected fp16 or fp32") }
    _ = try node.tensor("scale")
    let name = try node.string("output_dtype")
    guard let element = ElementType(name: name), element == .int8 || element == .uint8 else { throw node.fail("output_dtype is '\(name)', expected int8 or uint8") }
    _ = try BlockGrid(node, x.shape, along: "axis", parameters: parameters)
    return [try node.output(element, x.shape)]
  }

  private static func quantizeKernel(_ node: Node) throws -> Kernel {
    let x = try node.value("x")
    let grid = try BlockGrid(node, x.tensor.shape, along: "axis", parameters: parameters)
    let (from, to) = (try node.kernelType(x.tensor, "input"), try node.kernelType(node.outputs[0].tensor, "output"))
    let (source, target) = (x.slot, node.outputs[0].slot)
    let (scales, offsets) = (try node.widened("scale", count: grid.blockCount), try node.widened("zero_point", count: grid.blockCount))
    return { frame in
      guard let scale = try scales(frame) else { throw node.fail("parameter 'scale' is missing") }
      let offset = try offsets(frame)
      var grid = grid.grid
      try node.check(tlk_quantize(&grid, frame[source], from, scale.floats, offset?.floats, frame[target], to))
      withExtendedLifetime((scale, offset)) {}
    }
  }

  private static func inferDequantize(_ node: Node) throws -> [ValueSpec] {
    let x = try activation(node)
    let scale = try node.tensor("scale")
    guard scale.element == .float16 || scale.element == .float32 else { throw node.fail("scale has the element type \(scale.element.name), expected fp16 or fp32") }
    _ = try node.kernelType(x, "input")
    _ = try BlockGrid(node, x.shape, along: "axis", parameters: parameters)
    return [try node.output(scale.element, x.shape)]
  }

  private static func dequantizeKernel(_ node: Node) throws -> Kernel {
    let x = try node.value("x")
    return try shiftScale(node, x, BlockGrid(node, x.tensor.shape, along: "axis", parameters: parameters), offset: "zero_point")
  }

  /// output = scale · (data − offset).
  private static func shiftScale(_ node: Node, _ data: Value, _ grid: BlockGrid, offset: String) throws -> Kernel {
    let (from, to) = (try node.kernelType(data.tensor, data.name), try node.kernelType(node.outputs[0].tensor, "output"))
    let (source, target) = (data.slot, node.outputs[0].slot)
    let run = try shiftScale(node, grid, from, to, offset: offset)
    return { frame in try run(frame, frame[source], frame[target]) }
  }

  private static func shiftScale(_ node: Node, _ grid: BlockGrid, _ from: tlk_dtype, _ to: tlk_dtype, offset: String) throws -> (Frame, UnsafeRawPointer, UnsafeMutableRawPointer) throws -> Void {
    let (scales, offsets) = (try node.widened("scale", count: grid.blockCount), try node.widened(offset, count: grid.blockCount))
    return { frame, source, target in
      guard let scale = try scales(frame) else { throw node.fail("parameter 'scale' is missing") }
      let shift = try offsets(frame)
      var grid = grid.grid
      try node.check(tlk_dequantize(&grid, source, from, scale.floats, shift?.floats, target, to))
      withExtendedLifetime((scale, shift)) {}
    }
  }

  // ---- compressed weights -------------------------------------------------------------------------------------------

  private static func inferAffine(_ node: Node) throws -> [ValueSpec] {
    let data = try node.tensor("quantized_data")
    let scale = try node.tensor("scale", rank: 0...1)
    guard scale.element == .float16 || scale.element == .float32 else { throw node.fail("scale has the element type \(scale.element.name), expected fp16 or fp32") }
    _ = try BlockGrid(node, data.shape, along: "axis", parameters: parameters)
    return [try node.output(scale.element, data.shape)]
  }

  private static func affineKernel(_ node: Node) throws -> Kernel {
    let data = try node.value("quantized_data")
    return try shiftScale(node, data, BlockGrid(node, data.tensor.shape, along: "axis", parameters: parameters), offset: "zero_point")
  }

  private static func shiftScaleGrid(_ node: Node, _ shape: [Int]) throws -> (grid: BlockGrid, element: ElementType) {
    let scale = try node.tensor("scale")
    guard scale.element == .float16 || scale.element == .float32 else { throw node.fail("scale has the element type \(scale.element.name), expected fp16 or fp32") }
    if let offset = node.optional("offset"), offset.tensor.shape != scale.shape { throw node.fail("offset has the shape \(offset.tensor.shape), expected that of scale, \(scale.shape)") }
    return (try BlockGrid(node, shape, groups: scale.shape, parameter: "scale"), scale.element)
  }

  private static func inferShiftScale(_ node: Node) throws -> [ValueSpec] {
    let data = try node.tensor("data")
    _ = try node.kernelType(data, "data")
    return [try node.output(shiftScaleGrid(node, data.shape).element, data.shape)]
  }

  private static func shiftScaleKernel(_ node: Node) throws -> Kernel {
    let data = try node.value("data")
    return try shiftScale(node, data, shiftScaleGrid(node, data.tensor.shape).grid, offset: "offset")
  }

  /// Gives the mask, and the numbers that it selects after scaling.
  private static func inferSparseShiftScale(_ node: Node) throws -> [ValueSpec] {
    let mask = try node.tensor("data_mask")
    let values = try node.tensor("nonzero_data", rank: 1...1)
    _ = try node.kernelType(values, "nonzero_data")
    return [.tensor(mask), try node.output(shiftScaleGrid(node, mask.shape).element, values.shape)]
  }

  private static func sparseShiftScaleKernel(_ node: Node) throws -> Kernel {
    let sparse = try SparseTensor(node, mask: "data_mask", values: "nonzero_data")
    let grid = try shiftScaleGrid(node, sparse.mask.tensor.shape).grid
    let element = node.outputs[1].tensor.element
    let (from, to) = (try node.kernelType(sparse.values.tensor, "nonzero_data"), try node.kernelType(node.outputs[1].tensor, "output"))
    let (maskTarget, target) = (node.outputs[0].slot, node.outputs[1].slot)
    let run = try shiftScale(node, grid, from, to, offset: "offset")
    return { frame in
      let dense = try sparse.expanded(node, frame)
      let scaled = OwnedBytes(byteCount: sparse.count * TensorSpec(element, []).byteWidth)
      try run(frame, dense.pointer, scaled.pointer)
      frame[maskTarget].copyMemory(from: frame[sparse.maskSlot], byteCount: sparse.count)
      try sparse.collect(node, scaled.pointer, TensorSpec(element, []).byteWidth, frame, into: frame[target])
    }
  }
}

/// Numbers where a mask of bytes is not zero.
struct SparseTensor {
  let mask: Value
  let values: Value
  /// Where they are in the plan that is being built: a constant has another place in each plan.
  let maskSlot: Int, valuesSlot: Int
  var count: Int { mask.tensor.count }

  init(_ node: Node, mask: String, values: String) throws {
    self.mask = try node.value(mask)
    self.values = try node.value(values)
    maskSlot = self.mask.slot
    valuesSlot = self.values.slot
    guard self.mask.tensor.byteWidth == 1, self.values.tensor.rank == 1 else {
      throw node.fail("\(mask) is \(self.mask.tensor.element.name) and \(values) has rank \(self.values.tensor.rank), expected uint1 and rank 1")
    }
  }

  private func check(_ node: Node, _ status: tlk_status) throws {
    guard status != TLK_E_ARGUMENT else { throw node.fail("the mask '\(mask.name)' does not have as many ones as there are values (\(values.tensor.count))") }
    try node.check(status)
  }

  func expand(_ node: Node, _ frame: Frame, into target: UnsafeMutableRawPointer) throws {
    try check(node, tlk_sparse_expand(frame[maskSlot], count, frame[valuesSlot], values.tensor.count, values.tensor.byteWidth, target))
  }

  func expanded(_ node: Node, _ frame: Frame) throws -> OwnedBytes {
    let dense = OwnedBytes(byteCount: count * values.tensor.byteWidth)
    try expand(node, frame, into: dense.pointer)
    return dense
  }

  func collect(_ node: Node, _ dense: UnsafeRawPointer, _ byteWidth: Int, _ frame: Frame, into target: UnsafeMutableRawPointer) throws {
    try check(node, tlk_sparse_collect(frame[maskSlot], count, dense, values.tensor.count, byteWidth, target))
  }
}
