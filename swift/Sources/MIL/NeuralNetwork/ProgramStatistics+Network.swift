extension ProgramStatistics {
  /// Counts the layers of a network by kind, those inside branches and loops too, and their weights.
  public init(network message: ByteSlice) throws {
    self.init()
    computed = ["F32"]
    try add(NeuralNetworkMessage(ProtobufMessage(message, name: "neural network")).layers)
  }

  private mutating func add(_ layers: [NeuralNetworkMessage.Layer]) throws {
    for layer in layers {
      let name = LayerKind.table[layer.kind]?.name ?? NeuralNetworkLowering.controlFlow[layer.kind] ?? "\(layer.kind)"
      operationCounts[name, default: 0] += 1
      let parameters = try LayerParameters(layer.parameters)
      switch layer.kind {
      case 605: try addNetworks(parameters, [1, 2])
      case 615: try addNetworks(parameters, [3, 4])
      case 420, 430:
        for matrices in try parameters.messages(20) { try addWeights(LayerParameters(matrices), fields: ProgramStatistics.longShortTermFields) }
      default: try addWeights(parameters, fields: ProgramStatistics.weightFields[layer.kind] ?? [])
      }
    }
  }

  private mutating func addNetworks(_ parameters: LayerParameters, _ fields: [Int]) throws {
    for field in fields {
      for network in try parameters.messages(field) { try add(NeuralNetworkMessage(network).layers) }
    }
  }

  private mutating func addWeights(_ parameters: LayerParameters, fields: [Int]) throws {
    for field in fields {
      guard let message = try parameters.messages(field).last else { continue }
      let weights = try LayerParameters(message)
      if let raw = try weights.bytes(31), raw.count > 0 {
        weightCounts["INT8", default: 0] += raw.count
      } else if let raw = try weights.bytes(30), raw.count > 0, let quantization = try weights.nested(40) {
        let bits = try quantization.int(1)
        guard (1...8).contains(bits) else { continue }
        weightCounts[quantization.has(102) ? "LUT\(bits)" : "INT\(bits)", default: 0] += raw.count * 8 / bits
      } else if let halves = try weights.bytes(2), halves.count > 0 {
        weightCounts["F16", default: 0] += halves.count / 2
      } else if let packed = try? weights.bytes(1) {
        weightCounts["F32", default: 0] += packed.count / 4
      }
    }
  }

  /// Fields with `WeightParams` by the kind of layer.
  private static let weightFields: [Int: [Int]] = [
    100: [90, 91], 140: [20, 21], 150: [20, 21], 160: [15, 16, 17, 18], 245: [2, 5], 250: [2], 290: [2], 400: [30, 31, 32],
    410: [30, 31, 32, 50, 51, 52, 70, 71, 72], 1040: [20, 21], 1045: [8, 9], 1070: [2], 1350: [3, 4], 1471: [60, 61],
  ]
  private static let longShortTermFields = [1, 2, 3, 4, 20, 21, 22, 23, 40, 41, 42, 43, 60, 61, 62]
}
