import MIL

/// The outputs of a classifier: the label of the winner and, where the model declares it, a score per label.
struct ClassifierOutputs: Sendable {
  let labels: ClassLabels
  private let label: FeatureDescription?
  private let scores: FeatureDescription?

  init(_ labels: ClassLabels, _ features: ClassicalFeatures) throws {
    self.labels = labels
    var label: FeatureDescription?
    var scores: FeatureDescription?
    for output in features.outputs {
      switch (output.kind, labels) {
      case (.string, .strings), (.int64, .int64s): label = output
      case (.dictionary(stringKeys: true), .strings), (.dictionary(stringKeys: false), .int64s): scores = output
      default:
        throw features.failure(
          "output '\(output.name)' of a classifier is neither its label nor its probabilities; expected the type of the class labels or a dictionary by them"
        )
      }
    }
    self.label = label
    self.scores = scores
  }

  var hasScores: Bool { scores != nil }

  /// `winner`: index of the class; `scores`: one per class.
  func values(winner: Int, scores numbers: [Double]) throws -> [String: RuntimeValue] {
    var values: [String: RuntimeValue] = [:]
    switch labels {
    case .strings(let labels):
      guard labels.indices.contains(winner), numbers.count == labels.count else { throw mismatch(winner, numbers) }
      if let label { values[label.name] = .string(labels[winner]) }
      if let scores { values[scores.name] = .stringDictionary(zip(labels, numbers).map { (key: $0, value: $1) }) }
    case .int64s(let labels):
      guard labels.indices.contains(winner), numbers.count == labels.count else { throw mismatch(winner, numbers) }
      if let label { values[label.name] = .int64(labels[winner]) }
      if let scores { values[scores.name] = .int64Dictionary(zip(labels, numbers).map { (key: $0, value: $1) }) }
    }
    return values
  }

  private func mismatch(_ winner: Int, _ numbers: [Double]) -> ModelError {
    ModelError(.runtime, "\(labels.count) class labels, but \(numbers.count) scores and class \(winner)")
  }
}

extension [Double] {
  /// Index of the first of the largest; 0 where nothing compares.
  var indexOfLargest: Int { indices.dropFirst().reduce(0) { self[$1] > self[$0] ? $1 : $0 } }

  var softMax: [Double] {
    let largest = self.max() ?? 0
    let powers = map { exponential($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
