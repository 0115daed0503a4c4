import MIL

/// glmRegressor and glmClassifier.
struct LinearModelEvaluator: ClassicalModel {
  private let model: GeneralizedLinearModel
  private let features: ClassicalFeatures
  private let classifier: ClassifierOutputs?
  private let output: FeatureDescription?

  init(_ model: GeneralizedLinearModel, _ features: ClassicalFeatures) throws {
    self.model = model
    self.features = features
    classifier = try model.labels.map { try ClassifierOutputs($0, features) }
    output = try classifier == nil ? features.onlyOutput() : nil
    try features.checkWidth(model.weights[0].count, "the weights")
  }

  var classLabels: ClassLabels? { model.labels }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    let x = try features.vector(inputs)
    guard x.count == model.weights[0].count else {
      throw ModelError(.argument, "the weights are for \(model.weights[0].count) numbers, the inputs have \(x.count)")
    }
    let scores = zip(model.weights, model.offsets).map { row, offset in
      zip(row, x).reduce(offset) { $0 + $1.0 * $1.1 }
    }
    if let classifier { return try classify(scores, classifier) }
    guard let output else { return [:] }
    return [output.name: try output.value(of: scores.map(transformed))]
  }

  private func transformed(_ score: Double) -> Double {
    switch model.transform {
    case .none: return score
    case .logit: return logistic(score)
    case .probit: return normalDistribution(score)
    }
  }

  private func classify(_ scores: [Double], _ classifier: ClassifierOutputs) throws -> [String: RuntimeValue] {
    if classifier.labels.count == 2, scores.count == 1 {
      let second = transformed(scores[0])
      return try classifier.values(winner: scores[0] > 0 ? 1 : 0, scores: [1 - second, second])
    }
    switch model.encoding {
    case .oneVsRest:
      // Winners by score: many classes may be as good as sure.
      let probabilities = scores.map(transformed)
      let sum = probabilities.reduce(0, +)
      let shares = probabilities.map { sum > 0 ? $0 / sum : 1 / Double(scores.count) }
      return try classifier.values(winner: scores.indexOfLargest, scores: shares)
    case .referenceClass:
      let shares = referenceShares(scores)
      return try classifier.values(winner: shares.indexOfLargest, scores: shares)
    }
  }

  /// Scores are those of the classes behind the first, against which each is compared.
  private func referenceShares(_ scores: [Double]) -> [Double] {
    if model.transform == .logit { return ([0] + scores).softMax }
    let odds =
      [1]
      + scores.map { score in
        normalDistribution(score) / Swift.max(normalDistribution(-score), .leastNormalMagnitude)
      }
    let sum = odds.reduce(0, +)
    return odds.map { $0 / sum }
  }
}
