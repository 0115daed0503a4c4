import Engine
import MIL

/// Runs a model on features: a whole model file, or one of the models of a pipeline.
protocol FeaturePredictor: AnyObject {
  var description: MLModelDescription { get }
  func makeState() -> StateStorage
  func predict(_ features: any MLFeatureProvider, backings: [String: Any], state: StateStorage?) throws
    -> [String: MLFeatureValue]
  /// A prediction that has just given `result`, ready to be repeated; nil where anything is converted, copied or made anew for each.
  func prepare(_ features: any MLFeatureProvider, backings: [String: Any], _ result: MLDictionaryFeatureProvider) throws
    -> PreparedPrediction?
}

extension FeaturePredictor {
  func prepare(_ features: any MLFeatureProvider, backings: [String: Any], _ result: MLDictionaryFeatureProvider) throws
    -> PreparedPrediction?
  { nil }
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

  func prepare(_ features: any MLFeatureProvider, backings: [String: Any], _ result: MLDictionaryFeatureProvider) throws
    -> PreparedPrediction?
  {
    var inputs: [(name: String, value: MLFeatureValue)] = []
    for description in description.inputs {
      guard let value = features.featureValue(for: description.name), case .multiArray = value.storage else {
        return nil
      }
      inputs.append((description.name, value))
    }
    for description in description.outputs {
      guard let array = backings[description.name] as? MLMultiArray,
        result.featureValue(for: description.name)?.multiArrayValue === array
      else { return nil }
    }
    let (given, targets) = (
      try PredictionInputs(description.inputs, features, evaluator),
      try PredictionOutputs(description.outputs, backings, evaluator)
    )
    guard given.areInPlace(inputs), targets.memory.count == description.outputs.count,
      let run = try evaluator.prepare(inputs: given.values, outputs: targets.memory)
    else { return nil }
    return PreparedPrediction(self, inputs: inputs, run: run, result: result)
  }
}
