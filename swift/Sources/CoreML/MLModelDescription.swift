import MIL

open class MLModelDescription: NSObject {
  public let inputDescriptionsByName: [String: MLFeatureDescription]
  public let outputDescriptionsByName: [String: MLFeatureDescription]
  public let stateDescriptionsByName: [String: MLFeatureDescription]
  public let predictedFeatureName: String?
  public let predictedProbabilitiesName: String?
  public let metadata: [MLModelMetadataKey: Any]
  public let classLabels: [Any]?
  public let isUpdatable: Bool

  /// In the order of the model file.
  let inputs: [MLFeatureDescription]
  let outputs: [MLFeatureDescription]

  /// `classLabels`: those that the model's evaluator knows.
  init(_ specification: ModelSpecification, function: FunctionDescription, classLabels known: [Any]? = nil) {
    inputs = function.inputs.map { MLFeatureDescription($0) }
    outputs = function.outputs.map { MLFeatureDescription($0) }
    inputDescriptionsByName = byName(inputs)
    outputDescriptionsByName = byName(outputs)
    stateDescriptionsByName = byName(function.states.map { MLFeatureDescription($0) })
    predictedFeatureName = function.predictedFeatureName.isEmpty ? nil : function.predictedFeatureName
    predictedProbabilitiesName = function.predictedProbabilitiesName.isEmpty ? nil : function.predictedProbabilitiesName
    let written = specification.metadata
    metadata = [
      .description: written.shortDescription, .versionString: written.version, .author: written.author,
      .license: written.license,
      .creatorDefinedKey: written.userDefined,
    ]
    isUpdatable = specification.isUpdatable
    if let known {
      classLabels = known
    } else if case .mlProgram(let program) = specification.kind, let body = program.functions[function.name] {
      classLabels = body.classLabels
    } else if case .neuralNetwork(_, let message) = specification.kind {
      // A damaged network is reported where it is loaded to run.
      classLabels = try? NeuralNetworkLowering(message: message, description: function).classLabels?.labels
    } else {
      classLabels = nil
    }
  }
}

private func byName(_ features: [MLFeatureDescription]) -> [String: MLFeatureDescription] {
  Dictionary(features.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

extension Function {
  /// The constant `classes` of the `classify` operation: strings or integers.
  fileprivate var classLabels: [Any]? {
    guard let classify = block.operations.last(where: { $0.type == "classify" }),
      let classes = classify.inputs["classes"]?.first
    else { return nil }
    switch classes {
    case .constant(let constant): return constant.labels
    case .name(let name):
      return block.operations.first { $0.type == "const" && $0.outputs.first?.name == name }?.attributes["val"]?.labels
    }
  }
}

extension Constant {
  fileprivate var labels: [Any]? {
    switch payload {
    case .strings(let strings): return strings
    case .elements(let elements):
      let nested = elements.compactMap(\.labels)
      return nested.count == elements.count ? nested.flatMap { $0 } : nil
    case .bytes(let slice):
      guard case .tensor(let type) = type else { return nil }
      switch type.element {
      case .int64: return slice.integers(Int64.self)
      case .int32: return slice.integers(Int32.self)
      default: return nil
      }
    case .dictionary: return nil
    }
  }
}

extension ByteSlice {
  fileprivate func integers<T: FixedWidthInteger>(_ type: T.Type) -> [Any] {
    let width = MemoryLayout<T>.size
    return (0..<count / width).map {
      Int64(T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * width, as: T.self)))
    }
  }
}
