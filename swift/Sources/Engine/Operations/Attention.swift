import Kernels
import MIL

extension OperationTable {
  static let attention: [OperationDefinition] = [
    OperationDefinition("scaled_dot_product_attention", infer: { [try Attention($0).output] }, kernel: { try Attention($0).kernel() })
  ]
}

/// softmax(q kᵀ / √E + mask) v over the last two axes; the axes before are batches. Also what AttentionPass makes.
private struct Attention {
  private let node: Node
  private let query: TensorSpec, key: TensorSpec, value: TensorSpec
  private let mask: TensorSpec?
  private let batchShape: [Int]
  let output: ValueSpec

  init(_ node: Node) throws {
    self.node = node
    query = try node.tensor("query", rank: 3...8)
    key = try node.tensor("key", rank: query.rank...query.rank)
    value = try node.tensor("value", rank: query.rank...query.rank)
    guard query.element == .float16 || query.element == .float32, key.element == query.element, value.element == query.element else {
      throw node.fail("query, key and value are \(query.element.name), \(key.element.name) and \(value.element.name), expected fp16 or fp32 throughout")
    }
    let rank = query.rank
    batchShape = Array(query.shape.dropLast(2))
    let hasKeysLast = node.attention?.hasKeysLast ?? false
    let (keys, width) = hasKeysLast ? (key.shape[rank - 1], key.shape[rank - 2]) : (key.shape[rank - 2], key.shape[rank - 1])
    guard Array(key.shape.dropLast(2)) == batchShape, Array(value.shape.dropLast(2)) == batchShape, width == query.shape[rank - 1], keys == value.shape[rank - 2]
    else { throw node.fail("query, key and value have the shapes \(query.shape), \(key.shape) and \(value.shape), which do not fit") }
    mask = try node.optional("attn_mask") == nil ? nil : node.tensor("attn_mask", rank: 1...rank)
    if let mask {
      let scores = batchShape + [query.shape[rank - 2], keys]
      let fits = zip(mask.shape.reversed(), scores.reversed()).allSatisfy { $0 == $1 || $0 == 1 }
      guard fits, mask.element == .bool || mask.element == .float16 || mask.element == .float32 else {
        throw node.fail("attn_mask is \(mask.element.name) \(mask.shape), expected bool, fp16 or fp32 of a shape that repeats to \(scores)")
      }
    }
    output = try node.output(query.element, query.shape.dropLast() + [value.shape[rank - 1]])
  }

  private func offsets(_ own: [Int], _ last: Int) -> OwnedArray<Int> {
    let strides = ElementwiseExpression.broadcastStrides(own, to: batchShape)
    var offsets = [0]
    for (axis, size) in batchShape.enumerated() { offsets = offsets.flatMap { base in (0..<size).map { base + $0 * strides[axis] * last } } }
    return OwnedArray(offsets)
  }

  func kernel() throws -> Kernel {
    let node = node
    let rank = query.rank
    var attention = tlk_attention()
    attention.batch = batchShape.reduce(1, &*)
    (attention.queries, attention.width) = (query.shape[rank - 2], query.shape[rank - 1])
    (attention.keys, attention.value_width) = (value.shape[rank - 2], value.shape[rank - 1])
    attention.transpose_k = node.attention?.hasKeysLast ?? false
    (attention.q_pitch, attention.k_pitch) = (attention.width, attention.transpose_k ? attention.keys : attention.width)
    (attention.v_pitch, attention.out_pitch) = (attention.value_width, attention.value_width)
    attention.scale = node.attention?.scale ?? (attention.width == 0 ? 1 : 1 / Float(attention.width).squareRoot())
    attention.dtype = try node.kernelType(query, "query")
    let steps = [query, key, value, TensorSpec(query.element, query.shape.dropLast() + [attention.value_width])].map { spec in
      offsets(batchShape, spec.shape[rank - 2] * spec.shape[rank - 1])
    }
    let maskForm = try mask.map { try Mask(node, $0, columns: attention.keys) }
    let maskOffsets = maskForm.map { offsets($0.batchShape, $0.rows * attention.keys) }
    if let maskForm {
      attention.mask_pitch = maskForm.rows == 1 ? 0 : attention.keys
      attention.mask_dtype = maskForm.type
    }
    let slots = try ["query", "key", "value"].map { try node.value($0).slot }
    let (target, fixed) = (node.outputs[0].slot, attention)
    if attention.keys == 0 {
      // A sum over nothing.
      let byteCount = node.outputs[0].tensor.byteCount
      return { frame in frame[target].initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
    }
    return { frame in
      var attention = fixed
      attention.q = UnsafeRawPointer(frame[slots[0]])
      attention.k = UnsafeRawPointer(frame[slots[1]])
      attention.v = UnsafeRawPointer(frame[slots[2]])
      attention.out = frame[target]
      (attention.q_offsets, attention.k_offsets) = (UnsafePointer(steps[0].pointer), UnsafePointer(steps[1].pointer))
      (attention.v_offsets, attention.out_offsets) = (UnsafePointer(steps[2].pointer), UnsafePointer(steps[3].pointer))
      let made = try maskForm?.make(frame)
      attention.mask = made.map { UnsafeRawPointer($0.address) }
      attention.mask_offsets = maskOffsets.map { UnsafePointer($0.pointer) }
      try node.check(tlk_attention_run(&attention))
      withExtendedLifetime((steps, made?.owner, maskOffsets)) {}
    }
  }

  /// A mask with all of its columns, and numbers in place of truth: 0 takes part, −∞ does not.
  private struct Mask {
    let node: Node
    let rows: Int
    let batchShape: [Int]
    let type: tlk_dtype
    private let spec: TensorSpec
    private let slot: Int
    private let columns: Int

    init(_ node: Node, _ spec: TensorSpec, columns: Int) throws {
      self.node = node
      self.spec = spec
      self.columns = columns
      slot = try node.value("attn_mask").slot
      rows = spec.rank == 1 ? 1 : spec.shape[spec.rank - 2]
      batchShape = Array(spec.shape.dropLast(2))
      type = spec.element == .bool ? TLK_F32 : try node.kernelType(spec, "attn_mask")
      guard TensorSpec.checked(.float32, spec.shape.dropLast() + [columns]) != nil else { throw node.fail("attn_mask is too large") }
    }

    func make(_ frame: Frame) throws -> (address: UnsafeMutableRawPointer, owner: OwnedBytes?) {
      var address = frame[slot]
      var owner: OwnedBytes?
      var width = spec.byteWidth
      if spec.element == .bool {
        let numbers = OwnedBytes(floats: spec.count)
        let truth = address.assumingMemoryBound(to: UInt8.self)
        for index in 0..<spec.count { numbers.floats[index] = truth[index] != 0 ? 0 : -.infinity }
        (address, owner, width) = (numbers.pointer, numbers, 4)
      }
      guard spec.shape.last == 1, columns != 1 else { return (address, owner) }
      let full = OwnedBytes(byteCount: spec.count * columns * width)
      try node.check(tlk_copy(address, [1, 0], full.pointer, [columns, 1], [spec.count, columns], 2, width))
      withExtendedLifetime(owner) {}
      return (full.pointer, full)
    }
  }
}
