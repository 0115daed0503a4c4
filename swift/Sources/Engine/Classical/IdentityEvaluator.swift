import MIL

/// identity: outputs are the inputs of the same name, or in the same place where the names differ.
struct IdentityEvaluator: ClassicalModel {
  private let sources: [(output: String, input: String)]

  init(_ features: ClassicalFeatures) throws {
    guard features.inputs.count == features.outputs.count else {
      throw features.failure("\(features.inputs.count) inputs and \(features.outputs.count) outputs, expected as many")
    }
    let names = Set(features.inputs.map(\.name))
    sources = zip(features.outputs, features.inputs).map { output, input in
      (output.name, names.contains(output.name) ? output.name : input.name)
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    var values: [String: RuntimeValue] = [:]
    for (output, input) in sources { values[output] = inputs[input] }
    return values
  }
}
