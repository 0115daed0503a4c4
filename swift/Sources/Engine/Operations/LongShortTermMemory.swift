import Kernels
import MIL

extension OperationTable {
  static let longShortTermMemory: [OperationDefinition] = [OperationDefinition("lstm", infer: { try LSTM($0).outputs }, kernel: { try LSTM($0).kernel() })]
}

/// MIL's gate order is the kernel's: input, forget, output, cell.
private struct LSTM {
  private let node: Node
  private let layer: RecurrentLayer
  private let clip: Float
  private let recurrent: tlk_activation, cell: tlk_activation, output: tlk_activation
  let outputs: [ValueSpec]

  /// The parameters of one direction.
  private struct Direction {
    var isBackward: Bool
    var inputWeights: RecurrentMatrix, stateWeights: RecurrentMatrix
    var bias: ParameterVector?, peephole: ParameterVector?

    init(_ node: Node, _ hidden: Int, suffix: String, isBackward: Bool) throws {
      self.isBackward = isBackward
      inputWeights = try RecurrentMatrix(node, "weight_ih\(suffix)", blocks: [0, 1, 2, 3], blockRows: hidden)
      stateWeights = try RecurrentMatrix(node, "weight_hh\(suffix)", blocks: [0, 1, 2, 3], blockRows: hidden)
      bias = try ParameterVector(node, "bias\(suffix)", blocks: [0, 1, 2, 3], hidden: hidden)
      peephole = try ParameterVector(node, "peephole\(suffix)", blocks: [0, 1, 2], hidden: hidden)
    }
  }

  init(_ node: Node) throws {
    self.node = node
    layer = try RecurrentLayer(node, gates: 4, allowsBothDirections: true)
    _ = try node.value("initial_c")
    recurrent = try RecurrentLayer.activation(node, "recurrent_activation", default: "sigmoid")
    cell = try RecurrentLayer.activation(node, "cell_activation", default: "tanh")
    output = try RecurrentLayer.activation(node, "activation", default: "tanh")
    clip = Float(try node.double("clip", default: 0))
    outputs = try layer.outputs(node, states: 2)
  }

  func kernel() throws -> Kernel {
    let (node, layer) = (node, layer)
    var directions = [try Direction(node, layer.hidden, suffix: "", isBackward: layer.isReversed)]
    if layer.isBidirectional { directions.append(try Direction(node, layer.hidden, suffix: "_back", isBackward: true)) }
    let (x, initialH, initialC) = (try node.value("x"), try node.value("initial_h"), try node.value("initial_c"))
    let (type, hType, cType) = (try node.kernelType(layer.x, "x"), try node.kernelType(initialH.tensor, "initial_h"), try node.kernelType(initialC.tensor, "initial_c"))
    let slots = node.outputs.map(\.slot)
    let (hidden, batch, width) = (layer.hidden, layer.batch, layer.hidden * 4)
    let stateCount = batch * hidden
    return { frame in
      let projected = OwnedBytes(floats: layer.sequence * batch * width)
      let work = OwnedBytes(floats: stateCount * 6)
      let (h, c, gates) = (work.floats, work.floats + stateCount, work.floats + 2 * stateCount)
      for (number, direction) in directions.enumerated() {
        let (inputWeights, stateWeights) = (try direction.inputWeights.inFrame(frame), try direction.stateWeights.inFrame(frame))
        let (bias, peephole) = (try direction.bias?.inFrame(frame), try direction.peephole?.inFrame(frame))
        try direction.inputWeights.run(inputWeights, rows: layer.sequence * batch, frame[x.slot], type, into: projected.floats, bias: bias.map { UnsafePointer($0.floats) })
        try layer.loadState(node, frame[initialH.slot], hType, direction: number, into: h)
        try layer.loadState(node, frame[initialC.slot], cType, direction: number, into: c)
        for (made, step) in layer.steps(isBackward: direction.isBackward).enumerated() {
          try direction.stateWeights.run(stateWeights, rows: batch, h, TLK_F32, into: gates, residual: projected.floats + step * batch * width, residualPitch: width)
          var run = tlk_lstm_cell()
          (run.batch, run.hidden) = (batch, hidden)
          run.gates = UnsafePointer(gates)
          (run.cell, run.output) = (c, h)
          run.peephole = peephole.map { UnsafePointer($0.floats) }
          run.clip = clip
          (run.recurrent, run.cell_activation, run.output_activation) = (recurrent, cell, output)
          try node.check(tlk_lstm_cell_run(&run))
          if layer.outputsSequence || made == layer.sequence - 1 {
            try layer.store(node, h, direction: number, step: layer.outputStep(made, isBackward: direction.isBackward), into: frame[slots[0]], type)
          }
        }
        try layer.store(node, h, direction: number, step: 0, into: frame[slots[1]], type)
        try layer.store(node, c, direction: number, step: 0, into: frame[slots[2]], type)
        withExtendedLifetime((inputWeights, stateWeights, bias, peephole)) {}
      }
    }
  }
}
