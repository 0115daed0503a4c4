/// Lowers the layers of a network, of a branch or of a loop's body, one after the other.
struct NetworkLowering {
  let writer: GraphWriter

  func lower(_ layers: [NeuralNetworkMessage.Layer]) throws {
    for (index, layer) in layers.enumerated() {
      try writer.begin(layer.outputs.first ?? layer.name)
      switch layer.kind {
      case 605:
        try lowerBranch(layer)
        guard try mayLeave(layer) else { continue }
        return try lowerUnlessLeaving(Array(layers.dropFirst(index + 1)))
      case 615: try lowerLoop(layer)
      case 620:
        setFlag(.breaks)
        return setFlag(.leaves)
      case 625: return setFlag(.leaves)
      default: try lower(layer)
      }
    }
  }

  private func lower(_ message: NeuralNetworkMessage.Layer) throws {
    guard let kind = LayerKind.table[message.kind] else {
      if message.kind == 500 {
        let className = try LayerParameters(message.parameters).string(10)
        throw ModelError(.unsupported, "layer '\(message.name)': custom layers (class \(className)) need code that is not in the model; they are not supported")
      }
      throw ModelError(.unsupported, "layer '\(message.name)': the layer kind \(message.kind) of NeuralNetwork.proto is not supported")
    }
    let inputs = try message.inputs.map { try blob($0, message.name) }
    let layer = Layer(
      name: message.name, kind: kind, inputs: inputs, outputCount: message.outputs.count, outputRanks: message.outputRanks,
      parameters: try LayerParameters(message.parameters))
    let results = try kind.lower(layer, writer)
    guard results.count >= message.outputs.count else { throw layer.fail("has \(message.outputs.count) outputs, expected at most \(results.count)") }
    for (name, result) in zip(message.outputs, results) { writer.blobs[name] = result }
  }

  func blob(_ name: String, _ layer: String) throws -> NetworkTensor {
    guard let tensor = writer.blobs[name] else { throw ModelError(.malformed, "layer '\(layer)': its input '\(name)' is not made by an earlier layer") }
    return tensor
  }
}
