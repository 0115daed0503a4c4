import Engine
import MIL

/// pipeline, pipelineClassifier and pipelineRegressor: models run one after the other; each finds its inputs among the
/// pipeline's and the outputs of those before it.
final class PipelinePredictor: FeaturePredictor {
  private struct Stage {
    let place: String
    let predictor: any FeaturePredictor
  }

  let description: MLModelDescription
  private let stages: [Stage]

  init(
    _ specification: ModelSpecification, function: FunctionDescription, models: [ModelSpecification], names: [String],
    options: ExecutableOptions, path: String, linkDepth: Int
  ) throws {
    var stages: [Stage] = []
    for (index, model) in models.enumerated() {
      let name = index < names.count ? " '\(names[index])'" : ""
      let place = "model \(index)\(name) (\(model.kindName)) of the pipeline"
      guard let main = model.functions.first(where: { $0.name == model.defaultFunctionName }) else {
        throw ModelError(.malformed, "\(place) has no function '\(model.defaultFunctionName)'")
      }
      let predictor = try within(place) {
        try makePredictor(model, function: main, options: options, path: path, linkDepth: linkDepth)
      }
      stages.append(Stage(place: place, predictor: predictor))
    }
    self.stages = stages
    let labels = stages.reversed().lazy.compactMap(\.predictor.description.classLabels).first
    description = MLModelDescription(specification, function: function, classLabels: labels)
    try checkConnections(function)
  }

  private func checkConnections(_ function: FunctionDescription) throws {
    var known = Set(function.inputs.map(\.name))
    for stage in stages {
      for input in stage.predictor.description.inputs where !input.isOptional && !known.contains(input.name) {
        throw ModelError(
          .malformed,
          "\(stage.place) takes '\(input.name)', which is neither an input of the pipeline nor an output of a model before it"
        )
      }
      known.formUnion(stage.predictor.description.outputs.map(\.name))
    }
    for output in function.outputs where !known.contains(output.name) {
      throw ModelError(.malformed, "the pipeline's output '\(output.name)' is given by none of its models")
    }
  }

  /// Core ML has no pipelines with state.
  func makeState() -> StateStorage { StateStorage() }

  func predict(_ features: any MLFeatureProvider, backings: [String: Any], state: StateStorage?) throws
    -> [String: MLFeatureValue]
  {
    let values = try PipelineFeatures(description.inputs, features)
    for stage in stages {
      // Backings stay unused, which Core ML allows: the bridge copies.
      let outputs = try within(stage.place) { try stage.predictor.predict(values, backings: [:], state: nil) }
      values.add(outputs)
    }
    var results: [String: MLFeatureValue] = [:]
    for output in description.outputs {
      guard let value = values.featureValue(for: output.name) else {
        throw MLModelError(.generic, "the pipeline gave no output '\(output.name)'")
      }
      results[output.name] = try value.converted(to: output)
    }
    return results
  }
}

/// What a pipeline's models see: its inputs and, of features with one name, the newest.
private final class PipelineFeatures: MLFeatureProvider {
  private var values: [String: MLFeatureValue] = [:]

  init(_ descriptions: [MLFeatureDescription], _ given: any MLFeatureProvider) throws {
    for description in descriptions {
      if let value = given.featureValue(for: description.name), !value.isUndefined {
        values[description.name] = value
      } else if !description.isOptional {
        throw MLModelError(.featureType, "input '\(description.name)' is missing; expected \(description.expectation)")
      }
    }
  }

  func add(_ outputs: [String: MLFeatureValue]) { values.merge(outputs) { _, new in new } }
  var featureNames: Set<String> { Set(values.keys) }
  func featureValue(for featureName: String) -> MLFeatureValue? { values[featureName] }
}

extension MLFeatureValue {
  /// The pipeline may describe an output in another numeric type than the model that gives it.
  fileprivate func converted(to description: MLFeatureDescription) throws -> MLFeatureValue {
    switch (storage, description.type) {
    case (.int64(let number), .double): return MLFeatureValue(double: Double(number))
    case (.double(let number), .int64):
      guard let integer = Int64(exactly: number.rounded()) else { break }
      return MLFeatureValue(int64: integer)
    case (.multiArray(let array), .multiArray):
      guard let wanted = description.multiArrayConstraint?.dataType, wanted != array.dataType else { return self }
      let converted = try MLMultiArray(sizes: array.sizes, strides: denseStrides(array.sizes), dataType: wanted)
      try converted.fill(from: array.packed(as: array.dataType.element, shape: array.sizes))
      return MLFeatureValue(multiArray: converted)
    default: if type == description.type { return self }
    }
    throw MLModelError(
      .generic,
      "output '\(description.name)' is described as \(description.expectation), the model gave another kind of value")
  }
}

/// Runs `body`; an error in it says in which model of the pipeline it happened.
private func within<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as ModelError {
    throw ModelError(error.code, "\(error.message), in \(place)")
  } catch let error as MLModelError {
    throw MLModelError(error.code, "\(error.description), in \(place)")
  }
}
