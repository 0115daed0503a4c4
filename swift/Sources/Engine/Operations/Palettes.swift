import Kernels
import MIL

extension OperationTable {
  /// Weights as indices into lookup tables, and sparse weights.
  static let palettes: [OperationDefinition] = [
    OperationDefinition(
      "constexpr_lut_to_dense", infer: { [.tensor(try Palette($0, indices: "indices").output)] }, kernel: lookupKernel),
    OperationDefinition("constexpr_lut_to_sparse", infer: inferLookupToSparse, kernel: lookupToSparseKernel),
    OperationDefinition("constexpr_sparse_to_dense", infer: inferSparseToDense, kernel: sparseToDenseKernel),
  ]

  private static func lookupKernel(_ node: Node) throws -> Kernel {
    let palette = try Palette(node, indices: "indices")
    let (source, target) = (try node.value("indices").slot, node.outputs[0].slot)
    return { frame in
      if let bits = palette.packedBits {
        let unpacked = OwnedBytes(byteCount: palette.count)
        try node.check(tlk_unpack_bits(frame[source], palette.storedCount, bits, unpacked.pointer, palette.count))
        try palette.lookUp(node, unpacked.pointer, frame, into: frame[target])
      } else {
        try palette.lookUp(node, frame[source], frame, into: frame[target])
      }
    }
  }

  /// Gives the mask, repeated along vector_axis, and the numbers that it selects.
  private static func inferLookupToSparse(_ node: Node) throws -> [ValueSpec] {
    let mask = try node.tensor("indices_mask")
    let values = try node.tensor("indices_nonzero_data", rank: 1...1)
    let palette = try Palette(node, indices: "indices_nonzero_data", shape: mask.shape)
    return [try node.output(mask.element, palette.output.shape), try node.output(palette.output.element, [values.count &* palette.lanes])]
  }

  private static func lookupToSparseKernel(_ node: Node) throws -> Kernel {
    let sparse = try SparseTensor(node, mask: "indices_mask", values: "indices_nonzero_data")
    guard sparse.values.tensor.byteWidth == 1 else { throw node.fail("indices_nonzero_data has the element type \(sparse.values.tensor.element.name)") }
    let palette = try Palette(node, indices: "indices_nonzero_data", shape: sparse.mask.tensor.shape)
    let inner = sparse.mask.tensor.shape.dropFirst(palette.vectorAxis + 1).reduce(1, *)
    let (maskTarget, target, valueCount) = (node.outputs[0].slot, node.outputs[1].slot, node.outputs[1].tensor.count)
    return { frame in
      let indices = try sparse.expanded(node, frame)
      let dense = OwnedBytes(byteCount: palette.output.byteCount)
      try palette.lookUp(node, indices.pointer, frame, into: dense.pointer)
      let (from, to) = (frame[sparse.maskSlot], frame[maskTarget])
      for outer in 0..<(inner == 0 ? 0 : sparse.count / inner) {
        for lane in 0..<palette.lanes { (to + (outer * palette.lanes + lane) * inner).copyMemory(from: from + outer * inner, byteCount: inner) }
      }
      try node.check(tlk_sparse_collect(to, palette.output.count, dense.pointer, valueCount, palette.output.byteWidth, frame[target]))
    }
  }

  // ---- sparse_to_dense ----------------------------------------------------------------------------------------------

  /// iOS 16: the mask is a vector of packed bits and `shape` is given; later: the mask is a uint1 tensor of the shape.
  private static func inferSparseToDense(_ node: Node) throws -> [ValueSpec] {
    let mask = try node.tensor("mask")
    let values = try node.tensor("nonzero_data", rank: 1...1)
    guard node.optional("shape") != nil else { return [try node.output(values.element, mask.shape)] }
    let output = try node.output(values.element, node.ints("shape", default: []))
    guard case .tensor(let spec) = output, mask.byteWidth == 1, mask.count == (spec.count + 7) / 8 else {
      throw node.fail("mask has \(mask.count) elements of \(mask.element.name), expected a byte per 8 elements of the shape \(try node.ints("shape", default: []))")
    }
    return [output]
  }

  private static func sparseToDenseKernel(_ node: Node) throws -> Kernel {
    let sparse = try SparseTensor(node, mask: "mask", values: "nonzero_data")
    let output = node.outputs[0]
    let isPacked = node.optional("shape") != nil
    let (spec, target) = (output.tensor, output.slot)
    return { frame in
      guard isPacked else { return try sparse.expand(node, frame, into: frame[target]) }
      let mask = OwnedBytes(byteCount: spec.count)
      try node.check(tlk_unpack_bits(frame[sparse.maskSlot], sparse.count, 1, mask.pointer, spec.count))
      let status = tlk_sparse_expand(mask.pointer, spec.count, frame[sparse.valuesSlot], sparse.values.tensor.count, spec.byteWidth, frame[target])
      guard status != TLK_E_ARGUMENT else { throw node.fail("mask does not have as many ones as nonzero_data has elements (\(sparse.values.tensor.count))") }
      try node.check(status)
    }
  }
}

/// The lookup tables of one operation and the tensor that they make.
private struct Palette {
  let output: TensorSpec
  /// Elements per table entry: with more than one, an index stands for a run along `vectorAxis`.
  let lanes: Int
  let vectorAxis: Int
  /// iOS 16: indices are a vector of bytes with this many bits per index.
  let packedBits: Int?
  /// Number of indices, and of stored bytes when they are packed.
  let count: Int, storedCount: Int
  private let entries: Int
  private let grid: BlockGrid
  private let lutSlot: Int

  init(_ node: Node, indices name: String, shape sparseShape: [Int]? = nil) throws {
    let indices = try node.tensor(name)
    let table = try node.tensor("lut")
    lutSlot = try node.value("lut").slot
    guard table.byteWidth <= 4, indices.byteWidth == 1, !indices.element.isFloat else {
      throw node.fail("\(name) is \(indices.element.name) and lut is \(table.element.name), expected unsigned integers of up to 8 bits and fp16, fp32, int8 or uint8")
    }
    storedCount = indices.count
    if node.optional("shape") != nil, sparseShape == nil {
      let shape = try node.ints("shape", default: [])
      guard let spec = TensorSpec.checked(table.element, shape), [2, 4, 16, 64, 256].contains(table.count), table.rank == 1 else {
        throw node.fail("lut has the shape \(table.shape) and shape is \(shape), expected a vector of 2, 4, 16, 64 or 256 entries and sizes")
      }
      let bits = table.count.trailingZeroBitCount
      guard indices.count == (spec.count * bits + 7) / 8 else { throw node.fail("indices has \(indices.count) bytes, expected \((spec.count * bits + 7) / 8) for \(bits) bits per element of the shape \(shape)") }
      (output, lanes, vectorAxis, packedBits, count, entries) = (spec, 1, 0, bits, spec.count, table.count)
      grid = try BlockGrid(node, [spec.count], groups: [1], parameter: "lut")
      return
    }
    let shape = sparseShape ?? indices.shape
    guard shape.count >= 1, table.rank == shape.count + 2 else { throw node.fail("lut has the shape \(table.shape), expected rank \(shape.count + 2): two more than that of the indices") }
    entries = table.shape[shape.count]
    lanes = table.shape[shape.count + 1]
    guard entries == 1 << indices.element.bitWidth, lanes >= 1 else {
      throw node.fail("lut has the shape \(table.shape) and the indices are \(indices.element.name), expected \(1 << indices.element.bitWidth) entries")
    }
    vectorAxis = lanes > 1 ? try node.axis("vector_axis", rank: shape.count) : 0
    var sizes = shape
    let (size, overflow) = shape[vectorAxis].multipliedReportingOverflow(by: lanes)
    sizes[vectorAxis] = size
    guard !overflow, let spec = TensorSpec.checked(table.element, sizes) else { throw node.fail("vectors of \(lanes) elements along axis \(vectorAxis) of \(shape) are too many") }
    output = spec
    packedBits = nil
    count = shape.reduce(1, *)
    grid = try BlockGrid(node, shape, groups: Array(table.shape.prefix(shape.count)), parameter: "lut")
  }

  func lookUp(_ node: Node, _ indices: UnsafeRawPointer, _ frame: Frame, into target: UnsafeMutableRawPointer) throws {
    var grid = grid.grid
    let status = tlk_lookup(&grid, indices.assumingMemoryBound(to: UInt8.self), frame[lutSlot], entries, lanes, vectorAxis, output.byteWidth, target)
    guard status != TLK_E_ARGUMENT else { throw node.fail("an index is not below \(entries), the number of entries of lut") }
    try node.check(status)
  }
}
