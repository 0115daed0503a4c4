import Kernels
import MIL

extension OperationTable {
  /// Layers over a sequence x [steps, batch, features]; states are [batch, directions · hidden].
  static let recurrent: [OperationDefinition] = [
    layer("lstm", .lstm), layer("gru", .gru), layer("rnn", .rnn),
  ]

  private static func layer(_ name: String, _ kind: RecurrentLayer.Kind) -> OperationDefinition {
    OperationDefinition(name, infer: { try RecurrentLayer($0, kind).outputs($0) }, kernel: { try RecurrentLayer($0, kind).kernel($0) })
  }
}

struct RecurrentLayer {
  enum Kind {
    case lstm, gru, rnn
    /// Blocks of `hidden` rows in the weights.
    var gates: Int {
      switch self {
      case .lstm: return 4
      case .gru: return 3
      case .rnn: return 1
      }
    }
  }

  private let kind: Kind
  private let x: TensorSpec
  private let steps: Int, batch: Int, features: Int, hidden: Int
  private let isReversed: Bool, isBidirectional: Bool
  private let keepsSequence: Bool
  private let recurrentActivation: tlk_activation, cellActivation: tlk_activation, outputActivation: tlk_activation
  private let clip: Float

  init(_ node: Node, _ kind: Kind) throws {
    self.kind = kind
    x = try node.tensor("x", rank: 3...3)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    (steps, batch, features) = (x.shape[0], x.shape[1], x.shape[2])
    let direction = try node.string("direction", default: "forward")
    guard ["forward", "reverse"].contains(direction) || (direction == "bidirectional" && kind == .lstm) else { throw node.fail("direction is '\(direction)', expected forward, reverse\(kind == .lstm ? " or bidirectional" : "")") }
    isReversed = direction == "reverse"
    isBidirectional = direction == "bidirectional"
    hidden = try node.tensor("weight_hh", rank: 2...2).shape[1]
    keepsSequence = try node.bool("output_sequence", default: false)
    recurrentActivation = try RecurrentLayer.activation(node, "recurrent_activation", "sigmoid")
    cellActivation = try RecurrentLayer.activation(node, "cell_activation", "tanh")
    outputActivation = try RecurrentLayer.activation(node, "activation", "tanh")
    clip = Float(try node.double("clip", default: 0))
    let directions = isBidirectional ? 2 : 1
    for name in kind == .lstm ? ["initial_h", "initial_c"] : ["initial_h"] {
      let spec = try node.tensor(name)
      // More rows than x has are tolerated as by Core ML: torch's packed sequences give one per time step.
      guard spec.count >= batch * directions * hidden, spec.count % max(directions * hidden, 1) == 0, spec.element.isFloat else { throw node.fail("\(name) has the shape \(spec.shape), expected [\(batch), \(directions * hidden)]") }
    }
    for suffix in isBidirectional ? ["", "_back"] : [""] {
      for (name, columns) in [("weight_ih", features), ("weight_hh", hidden)] {
        let spec = try node.tensor(name + suffix, rank: 2...2)
        guard spec.shape == [kind.gates * hidden, columns], try node.value(name + suffix).isFoldable else {
          throw node.fail("\(name + suffix) has the shape \(spec.shape), expected a constant [\(kind.gates * hidden), \(columns)]")
        }
      }
      for (name, count) in [("bias", kind.gates * hidden), ("peephole", 3 * hidden)] {
        guard let value = node.optional(name + suffix) else { continue }
        guard value.isFoldable, value.tensor.count == count else { throw node.fail("\(name + suffix) has \(value.tensor.count) elements, expected \(count) constants") }
      }
    }
  }

  private static func activation(_ node: Node, _ name: String, _ fallback: String) throws -> tlk_activation {
    // Only layers of neural networks name α and β.
    func parametric(_ kind: tlk_activation_kind, _ alpha: Double, _ beta: Double) throws -> tlk_activation {
      OperationTable.act(kind, Float(try node.double(name + "_alpha", default: alpha)), Float(try node.double(name + "_beta", default: beta)))
    }
    switch try node.string(name, default: fallback) {
    case "sigmoid": return OperationTable.act(TLK_ACT_SIGMOID)
    case "tanh": return OperationTable.act(TLK_ACT_TANH)
    case "relu": return OperationTable.act(TLK_ACT_RELU)
    case "linear": return OperationTable.act(TLK_ACT_NONE)
    // The parameters that coremltools' tests expect of Core ML.
    case "hard_sigmoid", "sigmoid_hard": return try parametric(TLK_ACT_HARD_SIGMOID, 0.2, 0.5)
    case "scaled_tanh": return try parametric(TLK_ACT_SCALED_TANH, 1, 1)
    case let text: throw node.fail("\(name) is '\(text)', expected sigmoid, tanh, relu, linear, hard_sigmoid or scaled_tanh")
    }
  }

  private var width: Int { (isBidirectional ? 2 : 1) * hidden }

  func outputs(_ node: Node) throws -> [ValueSpec] {
    let sequence = try node.output(x.element, [keepsSequence ? steps : min(steps, 1), batch, width])
    let state = try node.output(x.element, [batch, width])
    return kind == .lstm ? [sequence, state, state] : [sequence, state]
  }

  func kernel(_ node: Node) throws -> Kernel {
    let type = try node.kernelType(x, "x")
    var directions = [try Direction(self, node, suffix: "", place: 0, isReversed: isReversed)]
    if isBidirectional { directions.append(try Direction(self, node, suffix: "_back", place: 1, isReversed: true)) }
    let source = try node.value("x").slot
    let hiddenValue = try node.value("initial_h")
    let cellValue = kind == .lstm ? try node.value("initial_c") : nil
    let hiddenType = try node.kernelType(hiddenValue.tensor, "initial_h")
    let cellType = try cellValue.map { try node.kernelType($0.tensor, "initial_c") } ?? type
    let (hiddenSlot, cellSlot) = (hiddenValue.slot, cellValue?.slot)
    let outputs = node.outputs.map(\.slot)
    let floats = batch * steps * kind.gates * hidden + 2 * batch * kind.gates * hidden + 2 * batch * hidden
    return { frame in
      let scratch = OwnedBytes(byteCount: floats * 4)
      for direction in directions {
        let buffers = Buffers(self, scratch.pointer.assumingMemoryBound(to: Float.self))
        try node.check(load(frame[hiddenSlot], hiddenType, into: buffers.state, direction))
        if let cellSlot { try node.check(load(frame[cellSlot], cellType, into: buffers.cell, direction)) }
        try direction.run(node, frame[source], type, buffers, sequence: frame[outputs[0]])
        try node.check(store(buffers.state, frame[outputs[1]], type, direction))
        if kind == .lstm, outputs.count > 2 { try node.check(store(buffers.cell, frame[outputs[2]], type, direction)) }
      }
    }
  }

  private func load(_ source: UnsafeRawPointer, _ type: tlk_dtype, into target: UnsafeMutablePointer<Float>, _ direction: Direction) -> tlk_status {
    let offset = direction.place * hidden * tlk_dtype_size(type)
    return tlk_convert_strided(source + offset, type, [width, 1], target, TLK_F32, [hidden, 1], [batch, hidden], 2)
  }

  private func store(_ source: UnsafePointer<Float>, _ target: UnsafeMutableRawPointer, _ type: tlk_dtype, _ direction: Direction) -> tlk_status {
    let offset = direction.place * hidden * tlk_dtype_size(type)
    return tlk_convert_strided(source, TLK_F32, [hidden, 1], target + offset, type, [width, 1], [batch, hidden], 2)
  }

  /// f32 scratch of one run.
  private struct Buffers {
    let projected, gates, recurrent: UnsafeMutablePointer<Float>
    let state, cell: UnsafeMutablePointer<Float>
    init(_ layer: RecurrentLayer, _ base: UnsafeMutablePointer<Float>) {
      let step = layer.batch * layer.kind.gates * layer.hidden
      projected = base
      gates = projected + layer.steps * step
      recurrent = gates + step
      state = recurrent + step
      cell = state + layer.batch * layer.hidden
    }
  }

  /// One pass over the sequence with its weights.
  private struct Direction {
    let layer: RecurrentLayer
    let place: Int
    let isReversed: Bool
    private let inputWeights: OwnedBytes, hiddenWeights: OwnedBytes
    /// gru: the rows of the new state, which take reset · h instead of h.
    private let candidateWeights: OwnedBytes?
    private let inputType: tlk_dtype, hiddenType: tlk_dtype
    private let bias: OwnedArray<Float>?
    private let peephole: OwnedArray<Float>?

    init(_ layer: RecurrentLayer, _ node: Node, suffix: String, place: Int, isReversed: Bool) throws {
      self.layer = layer
      self.place = place
      self.isReversed = isReversed
      let order = layer.kernelOrder
      (inputWeights, inputType) = try Direction.pack(layer, node, "weight_ih" + suffix, order, depth: layer.features)
      (hiddenWeights, hiddenType) = try Direction.pack(layer, node, "weight_hh" + suffix, layer.kind == .gru ? Array(order[..<2]) : order, depth: layer.hidden)
      candidateWeights = layer.kind == .gru ? try Direction.pack(layer, node, "weight_hh" + suffix, Array(order[2...]), depth: layer.hidden).0 : nil
      bias = node.optional("bias" + suffix)?.numbers.map { numbers in OwnedArray(layer.kernelOrder.flatMap { gate in numbers[(gate * layer.hidden)..<((gate + 1) * layer.hidden)].map { Float($0) } }) }
      peephole = node.optional("peephole" + suffix)?.numbers.map { OwnedArray($0.map { Float($0) }) }
    }

    private static func pack(_ layer: RecurrentLayer, _ node: Node, _ name: String, _ order: [Int], depth: Int) throws -> (OwnedBytes, tlk_dtype) {
      let value = try node.value(name)
      let type = try node.kernelType(value.tensor, name)
      let rows = order.count * layer.hidden
      let byteCount = tlk_weights_packed_bytes(rows, 1, depth, type)
      guard byteCount >= 0, let address = value.bytes?.baseAddress else { throw node.fail("\(name) cannot be packed", .unsupported) }
      let packed = try node.packed(value, form: [3, rows, depth, Int(type.rawValue)] + order) {
        let size = tlk_dtype_size(type)
        let ordered = OwnedBytes(byteCount: rows * depth * size)
        let block = layer.hidden * depth * size
        for (index, gate) in order.enumerated() { (ordered.pointer + index * block).copyMemory(from: address + gate * block, byteCount: block) }
        let bytes = OwnedBytes(byteCount: byteCount)
        var weights = tlk_weights(data: ordered.pointer, dtype: type, columns: rows, taps: 1, channels: depth, column_stride: depth, tap_stride: 0, channel_stride: 1)
        try node.check(tlk_weights_pack(&weights, bytes.pointer, type))
        return bytes
      }
      return (packed, type)
    }

    func run(_ node: Node, _ x: UnsafeRawPointer, _ type: tlk_dtype, _ buffers: Buffers, sequence: UnsafeMutableRawPointer) throws {
      let (batch, hidden, columns) = (layer.batch, layer.hidden, layer.kind.gates * layer.hidden)
      var project = tlk_gemm()
      project.m = layer.steps * batch
      project.n = columns
      project.k = layer.features
      project.a = x
      project.packed = UnsafeRawPointer(inputWeights.pointer)
      project.out = UnsafeMutableRawPointer(buffers.projected)
      project.a_pitch = layer.features
      project.out_pitch = columns
      (project.a_dtype, project.w_dtype, project.out_dtype) = (type, inputType, TLK_F32)
      project.epilogue.bias = bias.map { UnsafePointer($0.pointer) }
      try node.check(tlk_gemm_run(&project))
      let size = tlk_dtype_size(type)
      for step in 0..<layer.steps {
        let time = isReversed ? layer.steps - 1 - step : step
        // A reversed layer gives its sequence in the order of its steps, as coremltools' tests expect; of two directions both are in that of x.
        let row = !layer.keepsSequence ? 0 : layer.isBidirectional ? time : step
        let isStored = layer.keepsSequence || step == layer.steps - 1
        let stored = isStored ? sequence + (row * batch * layer.width + place * hidden) * size : nil
        try advance(node, buffers, buffers.projected + time * batch * columns, stored, type)
      }
    }

    /// out[batch][columns] = activation(state · weights + projected)
    private func product(_ node: Node, _ state: UnsafePointer<Float>, _ weights: OwnedBytes, columns: Int, _ projected: UnsafePointer<Float>, pitch: Int, into out: UnsafeMutablePointer<Float>, _ activation: tlk_activation?) throws {
      var gemm = tlk_gemm()
      gemm.m = layer.batch
      gemm.n = columns
      gemm.k = layer.hidden
      gemm.a = UnsafeRawPointer(state)
      gemm.packed = UnsafeRawPointer(weights.pointer)
      gemm.out = UnsafeMutableRawPointer(out)
      gemm.a_pitch = layer.hidden
      gemm.out_pitch = columns
      (gemm.a_dtype, gemm.w_dtype, gemm.out_dtype) = (TLK_F32, hiddenType, TLK_F32)
      gemm.epilogue.residual = UnsafeRawPointer(projected)
      gemm.epilogue.residual_dtype = TLK_F32
      gemm.epilogue.residual_pitch = pitch
      if let activation { gemm.epilogue.activation = activation }
      try node.check(tlk_gemm_run(&gemm))
    }

    /// One time step: the state moves on and is stored, rounded, where the sequence wants it.
    private func advance(_ node: Node, _ buffers: Buffers, _ projected: UnsafeMutablePointer<Float>, _ stored: UnsafeMutableRawPointer?, _ type: tlk_dtype) throws {
      let (hidden, count) = (layer.hidden, layer.batch * layer.hidden)
      switch layer.kind {
      case .lstm:
        try product(node, buffers.state, hiddenWeights, columns: 4 * hidden, projected, pitch: 4 * hidden, into: buffers.gates, nil)
        return try node.check(cell(buffers, stored, type))
      case .rnn:
        try product(node, buffers.state, hiddenWeights, columns: hidden, projected, pitch: hidden, into: buffers.gates, layer.outputActivation)
        buffers.state.update(from: buffers.gates, count: count)
      case .gru:
        // reset and update first; then new = activation(x' + W (reset · h)), h = (1 - update) · new + update · h
        try product(node, buffers.state, hiddenWeights, columns: 2 * hidden, projected, pitch: 3 * hidden, into: buffers.gates, layer.recurrentActivation)
        let (reset, new) = (buffers.recurrent, buffers.recurrent + count)
        for index in 0..<count { reset[index] = buffers.gates[index / hidden * 2 * hidden + index % hidden] * buffers.state[index] }
        guard let candidateWeights else { return }
        try product(node, reset, candidateWeights, columns: hidden, projected + 2 * hidden, pitch: 3 * hidden, into: new, layer.outputActivation)
        for index in 0..<count {
          let update = buffers.gates[index / hidden * 2 * hidden + hidden + index % hidden]
          buffers.state[index] = (1 - update) * new[index] + update * buffers.state[index]
        }
      }
      guard let stored else { return }
      try node.check(tlk_convert_strided(buffers.state, TLK_F32, [hidden, 1], stored, type, [layer.width, 1], [layer.batch, hidden], 2))
    }

    private func cell(_ buffers: Buffers, _ stored: UnsafeMutableRawPointer?, _ type: tlk_dtype) -> tlk_status {
      var cell = tlk_lstm_cell()
      cell.batch = layer.batch
      cell.hidden = layer.hidden
      cell.gates = UnsafePointer(buffers.gates)
      cell.cell = buffers.cell
      cell.output = buffers.state
      cell.stored = stored
      cell.stored_dtype = type
      cell.stored_pitch = layer.width
      cell.peephole = peephole.map { UnsafePointer($0.pointer) }
      cell.clip = layer.clip
      (cell.recurrent, cell.cell_activation, cell.output_activation) = (layer.recurrentActivation, layer.cellActivation, layer.outputActivation)
      return tlk_lstm_cell_run(&cell)
    }
  }

  /// Order of the gates in packed weights: MIL's gru weights are reset, new, update; here they go reset, update, new.
  private var kernelOrder: [Int] { kind == .gru ? [0, 2, 1] : Array(0..<kind.gates) }
}
