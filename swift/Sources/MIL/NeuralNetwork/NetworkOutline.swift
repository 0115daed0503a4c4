/// A layer as its file lists it.
public struct NetworkLayerOutline: Sendable {
  public let name: String
  /// The kind's name in NeuralNetwork.proto.
  public let type: String
  public let inputs: [String]
  public let outputs: [String]
}

extension NeuralNetworkLowering {
  /// The layers of a network, without their parameters; those inside control flow are not among them.
  public static func layers(_ message: ByteSlice) throws -> [NetworkLayerOutline] {
    let network = try NeuralNetworkMessage(ProtobufMessage(message, name: "neural network"))
    return network.layers.map { layer in
      NetworkLayerOutline(
        name: layer.name, type: LayerKind.table[layer.kind]?.name ?? controlFlow[layer.kind] ?? "\(layer.kind)",
        inputs: layer.inputs, outputs: layer.outputs)
    }
  }

  static let controlFlow = [605: "branch", 615: "loop", 620: "loopBreak", 625: "loopContinue"]
}
