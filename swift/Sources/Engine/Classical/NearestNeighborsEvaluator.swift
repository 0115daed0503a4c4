import MIL

/// kNearestNeighborsClassifier: the labels of the nearest samples vote.
struct NearestNeighborsEvaluator: ClassicalModel {
  private let model: NearestNeighbors
  private let features: ClassicalFeatures
  /// Every label once, sorted, as scikit-learn lists classes.
  private let classes: ClassLabels
  /// The class of each sample.
  private let classOfSample: [Int]
  private let outputs: ClassifierOutputs

  init(_ model: NearestNeighbors, _ features: ClassicalFeatures) throws {
    self.model = model
    self.features = features
    switch model.labels {
    case .strings(let labels):
      let distinct = labels.isEmpty ? [model.defaultString ?? ""] : Set(labels).sorted()
      let places = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
      classes = .strings(distinct)
      classOfSample = labels.map { places[$0] ?? 0 }
    case .int64s(let labels):
      let distinct = labels.isEmpty ? [model.defaultInt64 ?? 0] : Set(labels).sorted()
      let places = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
      classes = .int64s(distinct)
      classOfSample = labels.map { places[$0] ?? 0 }
    }
    outputs = try ClassifierOutputs(classes, features)
    try features.checkWidth(model.dimensions, "the samples")
  }

  var classLabels: ClassLabels? { classes }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    let x = try features.vector(inputs)
    guard x.count == model.dimensions else {
      throw ModelError(.argument, "the samples have \(model.dimensions) numbers, the inputs have \(x.count)")
    }
    guard !model.samples.isEmpty else { return try outputs.values(winner: 0, scores: [1]) }
    let neighbors = nearest(to: x)
    // A sample at the very place is infinitely near: then only such samples count, as in scikit-learn.
    let isHit = model.weighsByDistance && neighbors.contains { $0.squaredDistance == 0 }
    var votes = [Double](repeating: 0, count: classes.count)
    for neighbor in neighbors {
      var weight = 1.0
      if isHit {
        weight = neighbor.squaredDistance == 0 ? 1 : 0
      } else if model.weighsByDistance {
        weight = 1 / neighbor.squaredDistance.squareRoot()
      }
      votes[classOfSample[neighbor.sample]] += weight
    }
    let sum = votes.reduce(0, +)
    return try outputs.values(winner: votes.indexOfLargest, scores: votes.map { $0 / sum })
  }

  /// Among samples of one distance the first of the file is nearer.
  private func nearest(to x: [Double]) -> [(sample: Int, squaredDistance: Double)] {
    let distances = model.samples.enumerated().map { index, sample in
      (
        sample: index,
        squaredDistance: zip(sample, x).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
      )
    }
    let sorted = distances.sorted { ($0.squaredDistance, $0.sample) < ($1.squaredDistance, $1.sample) }
    return Array(sorted.prefix(model.neighborCount))
  }
}
