import Engine

/// A prediction whose inputs and outputs all lie in the caller's memory, checked and resolved: repeated with the same feature values and
/// options, it is nothing but the engine's run.
final class PreparedPrediction {
  /// Strong: an object that takes a released one's address must not be taken for it.
  private let predictor: any FeaturePredictor
  private let names: [String]
  private let values: [MLFeatureValue]
  private let run: PreparedRun
  private let result: MLDictionaryFeatureProvider

  init(
    _ predictor: any FeaturePredictor, inputs: [(name: String, value: MLFeatureValue)], run: PreparedRun,
    result: MLDictionaryFeatureProvider
  ) {
    self.predictor = predictor
    names = inputs.map(\.name)
    values = inputs.map(\.value)
    self.run = run
    self.result = result
  }

  /// Values never change: the same objects are the same memory in the same layout.
  func isFor(_ predictor: any FeaturePredictor, _ provider: any MLFeatureProvider) -> Bool {
    guard predictor === self.predictor else { return false }
    for index in names.indices {
      guard provider.featureValue(for: names[index]) === values[index] else { return false }
    }
    return true
  }

  /// The provider is the one of the last run: its values are the backings, which the run has written.
  func callAsFunction(_ state: StateStorage?) throws -> any MLFeatureProvider {
    try run(state)
    return result
  }
}
