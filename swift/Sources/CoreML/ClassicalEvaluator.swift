import Engine
import MIL

/// Runs the small models that compute over features.
final class ClassicalEvaluator: ModelEvaluator {
  private let model: any ClassicalModel

  init(_ model: any ClassicalModel) { self.model = model }

  var classLabels: [Any]? {
    switch model.classLabels {
    case .strings(let labels)?: return labels
    case .int64s(let labels)?: return labels
    case nil: return nil
    }
  }
  /// For them a missing value is a value of its own.
  var fillsOptionalArrays: Bool { false }

  func tensorType(ofInput name: String) -> TensorType? { nil }
  func tensorType(ofOutput name: String) -> TensorType? { nil }
  func makeState() -> StateStorage { StateStorage() }
  func evaluate(inputs: [String: RuntimeValue], outputs: [String: TensorMemory], state: StateStorage?) throws
    -> [String: RuntimeValue]
  {
    try model.evaluate(inputs)
  }
}
