import Kernels
import MIL

extension OperationTable {
  static let recurrent: [OperationDefinition] = [
    OperationDefinition("rnn", infer: { try RecurrentLayer($0, gates: 1).outputs($0, states: 1) }, kernel: simpleKernel),
    OperationDefinition("gru", infer: { try GRU($0).outputs }, kernel: { try GRU($0).kernel() }),
  ]

  /// h = activation(W x + b + R h)
  private static func simpleKernel(_ node: Node) throws -> Kernel {
    let layer = try RecurrentLayer(node, gates: 1)
    let activation = try RecurrentLayer.activation(node, "activation", default: "tanh")
    let inputMatrix = try RecurrentMatrix(node, "weight_ih", blocks: [0], blockRows: layer.hidden)
    let stateMatrix = try RecurrentMatrix(node, "weight_hh", blocks: [0], blockRows: layer.hidden)
    let biasVector = try ParameterVector(node, "bias", blocks: [0], hidden: layer.hidden)
    let (x, initial) = (try node.value("x"), try node.value("initial_h"))
    let (type, stateType) = (try node.kernelType(layer.x, "x"), try node.kernelType(initial.tensor, "initial_h"))
    let slots = node.outputs.map(\.slot)
    let stateCount = layer.batch * layer.hidden
    return { frame in
      let (inputWeights, stateWeights, bias) = (try inputMatrix.inFrame(frame), try stateMatrix.inFrame(frame), try biasVector?.inFrame(frame))
      let projected = OwnedBytes(floats: layer.sequence * stateCount)
      let states = OwnedBytes(floats: 2 * stateCount)
      try inputMatrix.run(inputWeights, rows: layer.sequence * layer.batch, frame[x.slot], type, into: projected.floats, bias: bias.map { UnsafePointer($0.floats) })
      var (h, next) = (states.floats, states.floats + stateCount)
      try layer.loadState(node, frame[initial.slot], stateType, direction: 0, into: h)
      for (made, step) in layer.steps(isBackward: layer.isReversed).enumerated() {
        try stateMatrix.run(stateWeights, rows: layer.batch, h, TLK_F32, into: next, residual: projected.floats + step * stateCount, residualPitch: layer.hidden, activation: activation)
        swap(&h, &next)
        if layer.outputsSequence || made == layer.sequence - 1 {
          try layer.store(node, h, direction: 0, step: layer.outputStep(made, isBackward: layer.isReversed), into: frame[slots[0]], type)
        }
      }
      try layer.store(node, h, direction: 0, step: 0, into: frame[slots[1]], type)
      withExtendedLifetime((inputWeights, stateWeights, bias)) {}
    }
  }
}

/// The file's gate order is reset, new, update (r, o, z); the kernels want r, z, o.
private struct GRU {
  private let node: Node
  private let layer: RecurrentLayer
  private let recurrent: tlk_activation, new: tlk_activation
  /// r is applied to the product R h instead of to h; the recurrent bias is then inside.
  private let resetsAfter: Bool
  let outputs: [ValueSpec]

  init(_ node: Node) throws {
    self.node = node
    layer = try RecurrentLayer(node, gates: 3)
    recurrent = try RecurrentLayer.activation(node, "recurrent_activation", default: "sigmoid")
    new = try RecurrentLayer.activation(node, "activation", default: "tanh")
    resetsAfter = try node.bool("reset_after", default: false)
    outputs = try layer.outputs(node, states: 1)
  }

  private static let order = [0, 2, 1]

  func kernel() throws -> Kernel {
    let (node, layer) = (node, layer)
    let (hidden, batch) = (layer.hidden, layer.batch)
    let inputMatrix = try RecurrentMatrix(node, "weight_ih", blocks: GRU.order, blockRows: hidden)
    let stateMatrix = try RecurrentMatrix(node, "weight_hh", blocks: [0, 2], blockRows: hidden)
    let newMatrix = try RecurrentMatrix(node, "weight_hh", blocks: [1], blockRows: hidden)
    let (biasVector, inputVector) = (try ParameterVector(node, "bias", blocks: GRU.order, hidden: hidden), try ParameterVector(node, "input_bias", blocks: GRU.order, hidden: hidden))
    let (x, initial) = (try node.value("x"), try node.value("initial_h"))
    let (type, stateType) = (try node.kernelType(layer.x, "x"), try node.kernelType(initial.tensor, "initial_h"))
    let slots = node.outputs.map(\.slot)
    let (width, stateCount) = (3 * hidden, batch * hidden)
    return { frame in
      let (inputWeights, stateWeights, newWeights) = (try inputMatrix.inFrame(frame), try stateMatrix.inFrame(frame), try newMatrix.inFrame(frame))
      let (bias, inputBias) = (try biasVector?.inFrame(frame), try inputVector?.inFrame(frame))
      let projected = OwnedBytes(floats: layer.sequence * batch * width)
      try inputMatrix.run(inputWeights, rows: layer.sequence * batch, frame[x.slot], type, into: projected.floats, bias: GRU.sum(inputBias, resetsAfter ? nil : bias, width).map { UnsafePointer($0.floats) })
      let after = resetsAfter ? bias.map { UnsafePointer($0.floats) } : nil
      let work = OwnedBytes(floats: stateCount * 5)
      let (h, gates, candidate) = (work.floats, work.floats + stateCount, work.floats + 4 * stateCount)
      try layer.loadState(node, frame[initial.slot], stateType, direction: 0, into: h)
      for (made, step) in layer.steps(isBackward: layer.isReversed).enumerated() {
        let parts = projected.floats + step * batch * width
        try stateMatrix.run(stateWeights, rows: batch, h, TLK_F32, into: gates, bias: after, residual: parts, residualPitch: width, activation: recurrent)
        if resetsAfter {
          try newMatrix.run(newWeights, rows: batch, h, TLK_F32, into: candidate, bias: after.map { $0 + 2 * hidden })
          GRU.reset(candidate, gates, into: candidate, batch, hidden)
          GRU.add(parts + 2 * hidden, pitch: width, to: candidate, batch, hidden)
          var activation = new
          try node.check(tlk_scale_shift(candidate, TLK_F32, candidate, TLK_F32, batch, hidden, hidden, hidden, nil, nil, &activation))
        } else {
          GRU.reset(h, gates, into: gates + 2 * stateCount, batch, hidden)
          try newMatrix.run(newWeights, rows: batch, gates + 2 * stateCount, TLK_F32, into: candidate, residual: parts + 2 * hidden, residualPitch: width, activation: new)
        }
        GRU.update(h, gates, candidate, batch, hidden)
        if layer.outputsSequence || made == layer.sequence - 1 {
          try layer.store(node, h, direction: 0, step: layer.outputStep(made, isBackward: layer.isReversed), into: frame[slots[0]], type)
        }
      }
      try layer.store(node, h, direction: 0, step: 0, into: frame[slots[1]], type)
      withExtendedLifetime((inputWeights, stateWeights, newWeights, bias, inputBias)) {}
    }
  }

  private static func sum(_ a: OwnedBytes?, _ b: OwnedBytes?, _ count: Int) -> OwnedBytes? {
    guard let a, let b else { return a ?? b }
    let total = OwnedBytes(floats: count)
    for index in 0..<count { total.floats[index] = a.floats[index] + b.floats[index] }
    return total
  }

  private static func add(_ parts: UnsafePointer<Float>, pitch: Int, to target: UnsafeMutablePointer<Float>, _ batch: Int, _ hidden: Int) {
    for row in 0..<batch {
      for unit in 0..<hidden { target[row * hidden + unit] += parts[row * pitch + unit] }
    }
  }

  /// r · h; gates [batch][r, z][hidden].
  private static func reset(_ h: UnsafePointer<Float>, _ gates: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, _ batch: Int, _ hidden: Int) {
    for row in 0..<batch {
      for unit in 0..<hidden { target[row * hidden + unit] = gates[row * 2 * hidden + unit] * h[row * hidden + unit] }
    }
  }

  /// h = (1 − z) · candidate + z · h
  private static func update(_ h: UnsafeMutablePointer<Float>, _ gates: UnsafePointer<Float>, _ candidate: UnsafePointer<Float>, _ batch: Int, _ hidden: Int) {
    for row in 0..<batch {
      for unit in 0..<hidden {
        let (z, at) = (gates[(row * 2 + 1) * hidden + unit], row * hidden + unit)
        h[at] = (1 - z) * candidate[at] + z * h[at]
      }
    }
  }
}
