import Engine
import MIL

/// Runs a model on features: a whole model file, or one of the models of a pipeline.
protocol FeaturePredictor: AnyObject {
  var description: MLModelDescription { get }
  func makeState() -> StateStorage
  func predict(_ features: any MLFeatureProvider, backings: [String: Any], state: StateStorage?) throws
    -> [String: MLFeatureValue]
}

/// `linkedModel` in Model.proto's `Type`.
private let linkedModelField = 556

func makePredictor(
  _ specification: ModelSpecification, function: FunctionDescription, options: ExecutableOptions, path: String,
  linkDepth: Int = 0
) throws -> any FeaturePredictor {
  switch specification.kind {
  case .pipeline(_, let models, let names):
    return try PipelinePredictor(
      specification, function: function, models: models, names: names, options: options, path: path,
      linkDepth: linkDepth)
  case .other(linkedModelField, let message):
    return try linkedPredictor(
      LinkedModel(ProtobufMessage(message, name: path)), options: options, path: path, depth: linkDepth)
  default: return try ModelPredictor(specification, function: function, options: options, path: path)
  }
}

/// Links lead to links only so far: a model may link to itself.
private let maximumLinkDepth = 8

/// The linked model stands in for the one that links to it, whose features are the same.
private func linkedPredictor(_ link: LinkedModel, options: ExecutableOptions, path: String, depth: Int) throws
  -> any FeaturePredictor
{
  guard depth < maximumLinkDepth else {
    throw ModelError(.malformed, "\(path): expected at most \(maximumLinkDepth) linked models in a row")
  }
  let place = try link.locate(from: path)
  let specification = try ModelFile.load(path: place)
  guard let main = specification.functions.first(where: { $0.name == specification.defaultFunctionName }) else {
    throw ModelError(.malformed, "\(place) has no function '\(specification.defaultFunctionName)'")
  }
  return try makePredictor(specification, function: main, options: options, path: place, linkDepth: depth + 1)
}

/// A model that is no pipeline: its evaluator, with the conversions of features around it.
final class ModelPredictor: FeaturePredictor {
  let description: MLModelDescription
  private let evaluator: any ModelEvaluator

  init(_ specification: ModelSpecification, function: FunctionDescription, options: ExecutableOptions, path: String)
    throws
  {
    evaluator = try makeEvaluator(specification, function: function, options: options, path: path)
    description = MLModelDescription(specification, function: function, classLabels: evaluator.classLabels)
  }

  func makeState() -> StateStorage { evaluator.makeState() }

  func predict(_ features: any MLFeatureProvider, backings: [String: Any], state: StateStorage?) throws
    -> [String: MLFeatureValue]
  {
    let inputs = try PredictionInputs(description.inputs, features, evaluator)
    let outputs = try PredictionOutputs(description.outputs, backings, evaluator)
    let results = try evaluator.evaluate(inputs: inputs.values, outputs: outputs.memory, state: state)
    return try outputs.features(results, inputs)
  }
}
