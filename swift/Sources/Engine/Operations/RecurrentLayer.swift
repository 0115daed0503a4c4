import Kernels
import MIL

/// What `rnn`, `gru` and `lstm` have in common: x [sequence, batch, input], states [batch, directions · hidden], `gates` products with
/// the weights per step. All of the input's products are made at once, before the first step.
struct RecurrentLayer {
  let x: TensorSpec
  let sequence: Int, batch: Int, input: Int, hidden: Int
  let gates: Int
  let isReversed: Bool, isBidirectional: Bool
  let outputsSequence: Bool
  var directions: Int { isBidirectional ? 2 : 1 }
  /// Elements of one step of the output, and of a state.
  var stepCount: Int { batch &* directions &* hidden }

  init(_ node: Node, gates: Int, allowsBothDirections: Bool = false) throws {
    self.gates = gates
    x = try node.tensor("x", rank: 3...3)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    (sequence, batch, input) = (x.shape[0], x.shape[1], x.shape[2])
    let direction = try node.string("direction", default: "forward")
    guard ["forward", "reverse"].contains(direction) || allowsBothDirections && direction == "bidirectional" else {
      throw node.fail("direction is '\(direction)', expected forward, reverse\(allowsBothDirections ? " or bidirectional" : "")")
    }
    isReversed = direction == "reverse"
    isBidirectional = direction == "bidirectional"
    outputsSequence = try node.bool("output_sequence", default: false)
    hidden = try node.tensor("weight_hh", rank: 2...2).shape[1]
    guard sequence >= 1 else { throw node.fail("x has the shape \(x.shape), expected a sequence of at least one step") }
    // All projections of the sequence are in memory at once.
    _ = try node.output(.float32, [sequence, batch, gates, hidden])
    let directions = isBidirectional ? 2 : 1
    for suffix in directions == 2 ? ["", "_back"] : [""] {
      try expect(node, "weight_ih\(suffix)", [gates &* hidden, input])
      try expect(node, "weight_hh\(suffix)", [gates &* hidden, hidden])
    }
    for name in ["initial_h", "initial_c"] where name == "initial_h" || node.optional(name) != nil {
      // More rows than x has are tolerated as by Core ML: torch's packed sequences give one per time step.
      let rows = try node.tensor(name).shape.first ?? 0
      try expect(node, name, [max(rows, batch), directions &* hidden])
    }
  }

  func expect(_ node: Node, _ name: String, _ shape: [Int]) throws {
    let found = try node.tensor(name)
    guard found.shape == shape, found.element == .float16 || found.element == .float32 else {
      throw node.fail("\(name) is \(found.element.name) \(found.shape), expected fp16 or fp32 \(shape)")
    }
  }

  func outputs(_ node: Node, states: Int) throws -> [ValueSpec] {
    let state = try node.output(x.element, [batch, directions &* hidden])
    return [try node.output(x.element, [outputsSequence ? sequence : 1, batch, directions &* hidden])] + [ValueSpec](repeating: state, count: states)
  }

  static func activation(_ node: Node, _ name: String, default fallback: String) throws -> tlk_activation {
    // MIL has no parameters for them here: Core ML takes the plain forms.
    switch try node.string(name, default: fallback).lowercased() {
    case "tanh": return OperationTable.act(TLK_ACT_TANH)
    case "sigmoid": return OperationTable.act(TLK_ACT_SIGMOID)
    case "relu": return OperationTable.act(TLK_ACT_RELU)
    case "linear": return OperationTable.act(TLK_ACT_NONE)
    case "scaled_tanh": return OperationTable.act(TLK_ACT_SCALED_TANH, 1, 1)
    case "hard_sigmoid", "sigmoid_hard": return OperationTable.act(TLK_ACT_HARD_SIGMOID, 0.2, 0.5)
    case let other: throw node.fail("\(name) is '\(other)', expected tanh, sigmoid, relu, linear, scaled_tanh or hard_sigmoid")
    }
  }

  // ---- running ------------------------------------------------------------------------------------------------

  /// Step numbers in the order in which a direction takes them.
  func steps(isBackward: Bool) -> [Int] { isBackward ? (0..<sequence).reversed() : Array(0..<sequence) }

  /// Where the output of the n-th step that a direction takes lies. A reversed rnn or gru lists its outputs in the order of their making,
  /// an lstm in the order of x (coremltools' tests).
  func outputStep(_ number: Int, isBackward: Bool) -> Int {
    guard outputsSequence else { return 0 }
    return isBackward && gates == 4 ? sequence - 1 - number : number
  }

  /// [batch][hidden] of one direction out of a state tensor, as f32.
  func loadState(_ node: Node, _ source: UnsafeRawPointer, _ type: tlk_dtype, direction: Int, into target: UnsafeMutablePointer<Float>) throws {
    let offset = direction * hidden * Int(tlk_dtype_size(type))
    try node.check(tlk_convert_strided(source + offset, type, [directions * hidden, 1], target, TLK_F32, [hidden, 1], [batch, hidden], 2))
  }

  /// The way back, into one step of a tensor with all directions.
  func store(_ node: Node, _ state: UnsafePointer<Float>, direction: Int, step: Int, into target: UnsafeMutableRawPointer, _ type: tlk_dtype) throws {
    let offset = (step * stepCount + direction * hidden) * Int(tlk_dtype_size(type))
    try node.check(tlk_convert_strided(state, TLK_F32, [hidden, 1], target + offset, type, [directions * hidden, 1], [batch, hidden], 2))
  }
}

/// One matrix of a recurrent layer: rows of `weight_…` that belong together, packed.
struct RecurrentMatrix {
  private let node: Node
  private let columns: Int, depth: Int
  private let type: tlk_dtype
  private let slot: Int
  private var packed: OwnedBytes?
  /// Blocks of `hidden` rows in the order that the kernels want.
  private let blocks: [Int]
  private let blockRows: Int

  init(_ node: Node, _ name: String, blocks: [Int], blockRows: Int) throws {
    let value = try node.value(name)
    self.node = node
    self.blocks = blocks
    self.blockRows = blockRows
    columns = blocks.count * blockRows
    depth = value.tensor.shape[1]
    type = try node.kernelType(value.tensor, name)
    slot = value.slot
    if value.isFoldable, let address = value.bytes?.baseAddress {
      let matrix = self
      packed = try node.packed(value, form: [3, blockRows, Int(type.rawValue)] + blocks) { try matrix.pack(address) }
    }
  }

  private func pack(_ source: UnsafeRawPointer) throws -> OwnedBytes {
    let byteCount = tlk_weights_packed_bytes(columns, 1, depth, type)
    guard byteCount >= 0 else { throw node.fail("weights of \(columns) × \(depth) are too large", .unsupported) }
    let target = OwnedBytes(byteCount: byteCount)
    let blockBytes = blockRows * depth * Int(tlk_dtype_size(type))
    let ordered = OwnedBytes(byteCount: blocks.count * blockBytes)
    for (place, block) in blocks.enumerated() { (ordered.pointer + place * blockBytes).copyMemory(from: source + block * blockBytes, byteCount: blockBytes) }
    var description = tlk_weights(data: UnsafeRawPointer(ordered.pointer), dtype: type, columns: columns, taps: 1, channels: depth, column_stride: depth, tap_stride: 0, channel_stride: 1)
    try node.check(tlk_weights_pack(&description, target.pointer, type))
    return target
  }

  /// Packed once, or anew for a run whose weights were computed in it.
  func inFrame(_ frame: Frame) throws -> OwnedBytes { try packed ?? pack(frame[slot]) }

  /// out [rows][columns] = activation(a · weightsᵀ + bias + residual), f32.
  func run(
    _ weights: OwnedBytes, rows: Int, _ a: UnsafeRawPointer, _ aType: tlk_dtype, into out: UnsafeMutablePointer<Float>, pitch: Int? = nil, bias: UnsafePointer<Float>? = nil,
    residual: UnsafePointer<Float>? = nil, residualPitch: Int = 0, activation: tlk_activation = OperationTable.act(TLK_ACT_NONE)
  ) throws {
    var gemm = tlk_gemm()
    (gemm.m, gemm.n, gemm.k) = (rows, columns, depth)
    gemm.a = a
    gemm.packed = UnsafeRawPointer(weights.pointer)
    gemm.out = UnsafeMutableRawPointer(out)
    gemm.a_pitch = depth
    gemm.out_pitch = pitch ?? columns
    (gemm.a_dtype, gemm.w_dtype, gemm.out_dtype) = (aType, type, TLK_F32)
    gemm.epilogue.bias = bias
    gemm.epilogue.residual = residual.map { UnsafeRawPointer($0) }
    gemm.epilogue.residual_dtype = TLK_F32
    gemm.epilogue.residual_pitch = residualPitch
    gemm.epilogue.activation = activation
    try node.check(tlk_gemm_run(&gemm))
  }
}
