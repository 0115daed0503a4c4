import CoreML
import MIL

extension LoadedModel {
  /// The JSON of tl_model_describe.
  func describe() -> JSON {
    let statistics = specification.flatMap(statistics)
    var object = JSON.Object()
    object["format"] = "CoreML"
    // Of files that only Apple's Core ML reads, the API says none of these.
    object["kind"] = .string(specification?.kindName ?? "unknown")
    object["quantization"] = .string(statistics?.quantization ?? "unknown")
    object["computePrecision"] = .string(statistics?.computePrecision ?? "unknown")
    object["specificationVersion"] = JSON(specification?.specificationVersion ?? 0)
    object["shortDescription"] = metadata(.description)
    object["author"] = metadata(.author)
    object["license"] = metadata(.license)
    object["version"] = metadata(.versionString)
    object["userDefined"] = userDefined
    object["device"] = .string(device)
    object["functionName"] = function.map { .string($0.name) } ?? .null
    object["functions"] = .array(specification?.functions.map { .string($0.name) } ?? [])
    object["inputs"] = features(inputs, function?.inputs)
    object["outputs"] = features(outputs, function?.outputs)
    object["states"] = features(states, function?.states)
    object["predictedFeatureName"] = description.predictedFeatureName.map { .string($0) }
    object["predictedProbabilitiesName"] = description.predictedProbabilitiesName.map { .string($0) }
    object["classLabels"] = description.classLabels.map { .array($0.map(label)) }
    object["operations"] = operations(statistics?.operationCounts ?? [:])
    return .object(object)
  }

  private func statistics(_ specification: MIL.ModelSpecification) -> ProgramStatistics? {
    switch specification.kind {
    case .mlProgram(let program): return ProgramStatistics(program, functionName: function?.name ?? specification.defaultFunctionName)
    case .neuralNetwork(_, let message): return try? ProgramStatistics(network: message)
    default: return nil
    }
  }

  /// Most frequent first.
  private func operations(_ counts: [String: Int]) -> JSON {
    var object = JSON.Object()
    for (name, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) { object[name] = JSON(count) }
    return .object(object)
  }

  private func metadata(_ key: MLModelMetadataKey) -> JSON { .string(description.metadata[key] as? String ?? "") }

  private var userDefined: JSON {
    var object = JSON.Object()
    let pairs = description.metadata[.creatorDefinedKey] as? [String: String] ?? [:]
    for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
    return .object(object)
  }

  private func features(_ features: [MLFeatureDescription], _ written: [MIL.FeatureDescription]?) -> JSON {
    .array(features.map { feature in describeFeature(feature, written?.first { $0.name == feature.name }) })
  }
}

private func label(_ label: Any) -> JSON {
  if let text = label as? String { return .string(text) }
  if let number = label as? Int64 { return .integer(number) }
  if let number = label as? NSNumber { return .integer(number.int64Value) }
  return .null
}

private func describeFeature(_ feature: MLFeatureDescription, _ written: MIL.FeatureDescription?) -> JSON {
  var object = JSON.Object()
  object["name"] = .string(feature.name)
  object["type"] = .string(typeName(feature))
  object["optional"] = .bool(feature.isOptional)
  object["description"] = .string(written?.shortDescription ?? "")
  if let constraint = feature.multiArrayConstraint {
    object["shape"] = JSON(constraint.shape.map(\.intValue))
    object["dtype"] = .string(ElementFormat(constraint.dataType)?.name ?? "unknown")
    object["flexible"] = ShapeRule(constraint).json
  }
  if let constraint = feature.imageConstraint {
    object["width"] = JSON(constraint.pixelsWide)
    object["height"] = JSON(constraint.pixelsHigh)
    object["colorSpace"] = .string(colorSpaceName(constraint, written))
    object["flexible"] = ShapeRule(constraint).json
  }
  if let constraint = feature.dictionaryConstraint {
    object["keyType"] = constraint.keyType == .string ? "string" : "int64"
  }
  if let constraint = feature.sequenceConstraint {
    object["elementType"] = constraint.valueDescription.type == .string ? "string" : "int64"
  }
  if #available(macOS 15.0, *), let constraint = feature.stateConstraint {
    object["shape"] = JSON(constraint.bufferShape)
    object["dtype"] = .string(ElementFormat(constraint.dataType)?.name ?? "unknown")
  }
  return .object(object)
}

func typeName(_ feature: MLFeatureDescription) -> String {
  switch feature.type {
  case .int64: return "int64"
  case .double: return "double"
  case .string: return "string"
  case .image: return "image"
  case .multiArray: return "tensor"
  case .dictionary: return "dictionary"
  case .sequence: return "sequence"
  case .invalid: return "invalid"
  default: return "state"
  }
}

/// Core ML says only the pixel format; the order of the channels inside the model stands in the file.
private func colorSpaceName(_ constraint: MLImageConstraint, _ written: MIL.FeatureDescription?) -> String {
  if case .image(_, _, let colorSpace, _)? = written?.kind {
    switch colorSpace {
    case .rgb: return "RGB"
    case .bgr: return "BGR"
    case .grayscale: return "L"
    case .grayscaleFloat16: return "F"
    }
  }
  switch constraint.pixelFormatType {
  case kCVPixelFormatType_OneComponent8: return "L"
  case kCVPixelFormatType_OneComponent16Half: return "F"
  default: return "RGB"
  }
}
