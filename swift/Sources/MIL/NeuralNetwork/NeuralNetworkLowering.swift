/// A neural network as an ML program for one set of input shapes. Everything is f32, as neural networks compute.
public struct NeuralNetworkProgram: Sendable {
  /// One function, `main`, with the model's input features as inputs.
  public let program: Program
  /// Output feature → value of the program.
  public let outputNames: [String: String]
}

/// Turns the layers of a neural network into MIL operations. Layers depend on shapes, so a model is lowered per set of input shapes;
/// the weights are decoded once.
public final class NeuralNetworkLowering {
  private let message: NeuralNetworkMessage
  let description: FunctionDescription
  private let weights = LayerWeights()

  public init(message: ByteSlice, description: FunctionDescription) throws {
    self.message = try NeuralNetworkMessage(ProtobufMessage(message, name: "neural network"))
    self.description = description
  }

  public static func lower(fieldNumber: Int, message: ByteSlice, description: FunctionDescription, inputShapes: [String: [Int]]) throws -> NeuralNetworkProgram {
    try NeuralNetworkLowering(message: message, description: description).lower(inputShapes)
  }

  var preprocessing: [NeuralNetworkMessage.Preprocessing] { message.preprocessing }
  var mapsArraysToRank5: Bool { message.mapsArraysToRank5 }
  var mapsImagesToRank5: Bool { message.mapsImagesToRank5 }

  /// Class labels of a classifier, as a constant; nil for other networks.
  public var classLabels: Constant? {
    switch message.classLabels {
    case .strings(let labels)?: return Constant(type: .tensor(TensorType(.string, sizes: [labels.count])), payload: .strings(labels))
    case .ints(let labels)?:
      return Constant(type: .tensor(TensorType(.int64, sizes: [labels.count])), payload: .bytes(labels.withUnsafeBytes { ByteSlice(copying: $0) }))
    case nil: return nil
    }
  }

  /// Images are [1, C, H, W], arrays have their features' shapes.
  public func lower(_ inputShapes: [String: [Int]]) throws -> NeuralNetworkProgram {
    let writer = GraphWriter(weights: weights)
    var inputs: [NamedType] = []
    for feature in description.inputs {
      guard let shape = inputShapes[feature.name] else { throw ModelError(.argument, "input '\(feature.name)' has no shape") }
      guard elementCount(shape) != nil else { throw ModelError(.malformed, "input '\(feature.name)' has the shape \(shape), which no memory holds") }
      let tensor = NetworkTensor(name: writer.uniqueName(feature.name), shape: shape, element: .float32)
      inputs.append(tensor.named)
      try writer.begin(feature.name)
      writer.blobs[feature.name] = try mapped(try preprocessed(tensor, feature, writer), feature, writer)
    }
    try NetworkLowering(writer: writer).lower(message.layers)
    var names: [String: String] = [:]
    var outputs: [String] = []
    if let labels = classLabels { outputs += try classify(labels, writer) }
    for output in outputs { names[output] = output }
    for feature in description.outputs where names[feature.name] == nil {
      guard let tensor = writer.blobs[feature.name] else { throw ModelError(.malformed, "output '\(feature.name)' is not made by any layer") }
      try writer.begin(feature.name)
      let result = unmapped(tensor, feature, writer)
      // A name of its own: two features may be one value, or an input.
      let named = writer.unary("identity", result)
      names[feature.name] = named.name
      outputs.append(named.name)
    }
    let function = Function(name: "main", opset: "", inputs: inputs, block: Block(outputs: outputs, operations: writer.operations))
    return NeuralNetworkProgram(program: Program(version: 1, functions: ["main": function]), outputNames: names)
  }

  private func classify(_ labels: Constant, _ writer: GraphWriter) throws -> [String] {
    let last = message.layers.last { !$0.outputs.isEmpty }
    let named = message.labelProbabilityLayerName
    let blob = writer.blobs[named] ?? message.layers.first { $0.name == named }.flatMap { $0.outputs.first.flatMap { writer.blobs[$0] } } ?? last?.outputs.first.flatMap { writer.blobs[$0] }
    guard let probabilities = blob else { throw ModelError(.malformed, "the classifier has no layer with the class probabilities '\(named)'") }
    func name(_ described: String, _ fallback: String) -> String { described.isEmpty ? writer.uniqueName(fallback) : described }
    let label = name(description.predictedFeatureName, "classLabel"), shown = name(description.predictedProbabilitiesName, "probabilities")
    let types = [NamedType(label, .tensor(TensorType(.string, sizes: []))), NamedType(shown, .tensor(TensorType(.float32, sizes: [])))]
    writer.append(Operation("classify", inputs: ["probabilities": [.name(probabilities.name)], "classes": [.constant(labels)]], outputs: types))
    return [label, shown]
  }
}
