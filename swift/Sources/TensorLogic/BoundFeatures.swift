import CTensorLogic
import CoreML

/// What Core ML reads a request's inputs from: made once, changed by binding. For one thread at a time.
final class BoundFeatures: NSObject, MLFeatureProvider {
  private var names: [String] = []
  private(set) var bindings: [InputBinding] = []
  private var isComplete = false
  private var hasStaging = false
  /// Where the next question is expected: they come in the model's order, run after run.
  private var next = 0

  var featureNames: Set<String> { Set(names) }
  var values: [String: MLFeatureValue] {
    Dictionary(zip(names, bindings.map(\.value)), uniquingKeysWith: { first, _ in first })
  }

  subscript(name: String) -> InputBinding? {
    get { index(of: name).map { bindings[$0] } }
    set {
      switch (index(of: name), newValue) {
      case (let index?, let binding?): bindings[index] = binding
      case (let index?, nil):
        names.remove(at: index)
        bindings.remove(at: index)
      case (nil, let binding?):
        names.append(name)
        bindings.append(binding)
      case (nil, nil): break
      }
      isComplete = false
      hasStaging = bindings.contains { $0.staging != nil }
    }
  }

  func featureValue(for featureName: String) -> MLFeatureValue? { index(of: featureName).map { bindings[$0].value } }

  private func index(of name: String) -> Int? {
    for _ in names.indices {
      if next >= names.count { next = 0 }
      defer { next += 1 }
      if names[next] == name { return next }
    }
    return nil
  }

  /// Pixels in layouts that Core ML does not take are converted before each run.
  func refresh() throws {
    if hasStaging { for binding in bindings { try binding.staging?.refresh() } }
  }

  func check(_ inputs: [MLFeatureDescription]) throws {
    if isComplete { return }
    for feature in inputs where !feature.isOptional && index(of: feature.name) == nil {
      throw Failure(TL_E_FEATURE, "input '\(feature.name)' (\(typeName(feature))) is not given")
    }
    isComplete = true
  }
}
