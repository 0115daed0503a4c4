import Engine
import MIL

/// Runs a model on features: a whole model file, or one of the models of a pipeline.
protocol FeaturePredictor: AnyObject {
  var description: MLModelDescription { get }
  func makeState() -> StateStorage
  func predict(_ features: any MLFeatureProvider, backings: [String: Any], state: StateStorage?) throws
    -> [String: MLFeatureValue]
}

func makePredictor(
  _ specification: ModelSpecification, function: FunctionDescription, options: ExecutableOptions, path: String,
  linkDepth: Int = 0
) throws -> any FeaturePredictor {
  switch specification.kind {
  case .pipeline(_, let models, let names):
    return try PipelinePredictor(
      specification, function: function, models: models, names: names, options: options, path: path,
      linkDepth: linkDepth)
  default: return try ModelPredictor(specification, function: function, options: options, path: path)
  }
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
