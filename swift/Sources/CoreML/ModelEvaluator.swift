import Engine
import MIL

/// What runs one kind of model. MLModel checks and converts features; an evaluator sees dense tensors only.
protocol ModelEvaluator: AnyObject {
  /// Strings or integers, of a classifier whose description does not say them.
  var classLabels: [Any]? { get }
  /// Whether an optional array without a default is zeros when nobody gives it.
  var fillsOptionalArrays: Bool { get }
  /// The type that a tensor or image input arrives in, where it is another than the feature's.
  func tensorType(ofInput name: String) -> TensorType?
  func tensorType(ofOutput name: String) -> TensorType?
  func makeState() -> StateStorage
  func evaluate(inputs: [String: RuntimeValue], outputs: [String: TensorMemory], state: StateStorage?) throws
    -> [String: RuntimeValue]
  /// A run on this memory, to be repeated; nil where a run has to make, convert or copy something.
  func prepare(inputs: [String: RuntimeValue], outputs: [String: TensorMemory]) throws -> PreparedRun?
}

extension ModelEvaluator {
  func prepare(inputs: [String: RuntimeValue], outputs: [String: TensorMemory]) throws -> PreparedRun? { nil }
  var classLabels: [Any]? { nil }
  var fillsOptionalArrays: Bool { true }
}

/// The evaluator of a model's kind.
func makeEvaluator(
  _ specification: ModelSpecification, function: FunctionDescription, options: ExecutableOptions, path: String
) throws -> any ModelEvaluator {
  switch specification.kind {
  case .mlProgram(let program): return try ProgramEvaluator(program, function: function, options: options)
  case .neuralNetwork(_, let message): return try NeuralNetworkEvaluator(message: message, function: function, options: options)
  case .other(let fieldNumber, let message):
    let message = ProtobufMessage(message, name: path)
    guard let model = try makeClassicalModel(fieldNumber: fieldNumber, message, function) else {
      throw refusal(of: specification.kindName, path)
    }
    return ClassicalEvaluator(model)
  case .pipeline: throw refusal(of: specification.kindName, path)
  }
}

final class ProgramEvaluator: ModelEvaluator {
  private let executable: Executable
  private let inputTypes: [String: TensorType]
  private let outputTypes: [String: TensorType]

  init(_ program: Program, function: FunctionDescription, options: ExecutableOptions) throws {
    var shapes: [String: [Int]] = [:]
    for input in function.inputs { shapes[input.name] = input.defaultTensorShape }
    executable = try Executable(program: program, functionName: function.name, defaultShapes: shapes, options: options)
    inputTypes = tensorTypes(executable.function.inputs)
    let outputNames = Set(executable.function.block.outputs)
    outputTypes = tensorTypes(
      executable.function.block.operations.flatMap(\.outputs).filter { outputNames.contains($0.name) })
  }

  func tensorType(ofInput name: String) -> TensorType? { inputTypes[name] }
  func tensorType(ofOutput name: String) -> TensorType? { outputTypes[name] }
  func makeState() -> StateStorage { executable.makeState() }
  func evaluate(inputs: [String: RuntimeValue], outputs: [String: TensorMemory], state: StateStorage?) throws
    -> [String: RuntimeValue]
  {
    try executable.run(inputs: inputs, outputs: outputs, state: state)
  }
  func prepare(inputs: [String: RuntimeValue], outputs: [String: TensorMemory]) throws -> PreparedRun? {
    try executable.prepare(inputs: inputs, outputs: outputs)
  }
}

private func tensorTypes(_ values: [NamedType]) -> [String: TensorType] {
  var types: [String: TensorType] = [:]
  for value in values {
    if case .tensor(let type) = value.type { types[value.name] = type }
  }
  return types
}

extension FeatureDescription {
  /// What the engine plans for at load; images are [1, channels, height, width].
  var defaultTensorShape: [Int]? {
    switch kind {
    case .multiArray(let shape, _, let flexibility, _): return flexibility.defaultShape(declared: shape)
    case .image(let width, let height, let colorSpace, let flexibility):
      let size = flexibility.defaultShape(declared: width > 0 && height > 0 ? [height, width] : [])
      return size.count == 2 ? [1, colorSpace.channelCount, size[0], size[1]] : nil
    default: return nil
    }
  }
}

extension ColorSpace {
  var channelCount: Int { self == .rgb || self == .bgr ? 3 : 1 }
}
