import MIL

/// itemSimilarityRecommender: the score of item k is the sum of sim(k, i) · (score of i − adjustment of k) over the
/// given items i.
struct RecommenderEvaluator: ClassicalModel {
  private let model: ItemSimilarityRecommender
  private let features: ClassicalFeatures
  /// Every item that the model knows.
  private let items: [UInt64]
  private let places: Places

  private enum Places: Sendable {
    case strings([String: UInt64])
    case int64s([Int64: UInt64])
    /// Items are their own numbers.
    case numbers
  }

  init(_ model: ItemSimilarityRecommender, _ features: ClassicalFeatures) throws {
    self.model = model
    self.features = features
    switch model.names {
    case .strings(let names):
      items = names.indices.map { UInt64($0) }
      places = .strings(Dictionary(zip(names, items), uniquingKeysWith: { first, _ in first }))
    case .int64s(let names):
      items = names.indices.map { UInt64($0) }
      places = .int64s(Dictionary(zip(names, items), uniquingKeysWith: { first, _ in first }))
    case .none:
      items = Set(model.similarities.keys).union(model.similarities.values.joined().map(\.item)).sorted()
      guard items.last ?? 0 <= UInt64(Int64.max) else { throw features.failure("item \(items.last ?? 0) is past 2^63") }
      places = .numbers
    }
    let inputs = Set(features.inputs.map(\.name))
    for name in [model.itemsInput, model.countInput, model.restrictionInput, model.exclusionInput]
    where !name.isEmpty && !inputs.contains(name) {
      throw features.failure("the recommender reads '\(name)', which is no input of the model")
    }
    for output in features.outputs where output.name != model.listOutput && output.name != model.scoresOutput {
      throw features.failure("output '\(output.name)' is neither the list of items nor their scores")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    guard let given = try inputs[model.itemsInput].map({ try scoredItems($0, model.itemsInput) }) else {
      throw ModelError(.argument, "input '\(model.itemsInput)' is missing")
    }
    let restriction = try inputs[model.restrictionInput].map {
      Set(try scoredItems($0, model.restrictionInput).map(\.item))
    }
    let exclusion = try inputs[model.exclusionInput].map { try scoredItems($0, model.exclusionInput) } ?? given
    let excluded = Set(exclusion.map(\.item))
    var scores: [UInt64: Double] = [:]
    for (item, score) in given {
      for (other, similarity) in model.similarities[item] ?? [] {
        scores[other, default: 0] += similarity * (score - (model.adjustments[other] ?? 0))
      }
    }
    let candidates = items.filter { !excluded.contains($0) && restriction?.contains($0) ?? true }
    let ranked = candidates.map { (item: $0, score: scores[$0] ?? 0) }.sorted {
      $0.score != $1.score ? $0.score > $1.score : $0.item < $1.item
    }
    return outputs(Array(ranked.prefix(try count(inputs[model.countInput]))))
  }

  private func count(_ value: RuntimeValue?) throws -> Int {
    guard let value else { return .max }
    guard case .int64(let number) = value, let count = Int(exactly: number), count >= 0 else {
      throw ModelError(.argument, "input '\(model.countInput)' has to be an integer of 0 or more")
    }
    return count
  }

  /// Items that the model has never seen say nothing.
  private func scoredItems(_ value: RuntimeValue, _ name: String) throws -> [(item: UInt64, score: Double)] {
    switch (value, places) {
    case (.stringDictionary(let pairs), .strings(let places)):
      return pairs.compactMap { pair in places[pair.key].map { ($0, pair.value) } }
    case (.strings(let keys), .strings(let places)): return keys.compactMap { places[$0].map { ($0, 1) } }
    case (.int64Dictionary(let pairs), .int64s(let places)):
      return pairs.compactMap { pair in places[pair.key].map { ($0, pair.value) } }
    case (.int64s(let keys), .int64s(let places)): return keys.compactMap { places[$0].map { ($0, 1) } }
    case (.int64Dictionary(let pairs), .numbers):
      return pairs.compactMap { pair in UInt64(exactly: pair.key).map { ($0, pair.value) } }
    case (.int64s(let keys), .numbers): return keys.compactMap { UInt64(exactly: $0).map { ($0, 1) } }
    default:
      throw ModelError(.argument, "input '\(name)' has to be a list or a dictionary of items as the model names them")
    }
  }

  private func outputs(_ ranked: [(item: UInt64, score: Double)]) -> [String: RuntimeValue] {
    switch model.names {
    case .strings(let names):
      let pairs = ranked.map { (key: names[Int($0.item)], value: $0.score) }
      return [model.listOutput: .strings(pairs.map(\.key)), model.scoresOutput: .stringDictionary(pairs)]
    case .int64s(let names):
      let pairs = ranked.map { (key: names[Int($0.item)], value: $0.score) }
      return [model.listOutput: .int64s(pairs.map(\.key)), model.scoresOutput: .int64Dictionary(pairs)]
    case .none:
      let pairs = ranked.map { (key: Int64($0.item), value: $0.score) }
      return [model.listOutput: .int64s(pairs.map(\.key)), model.scoresOutput: .int64Dictionary(pairs)]
    }
  }
}
