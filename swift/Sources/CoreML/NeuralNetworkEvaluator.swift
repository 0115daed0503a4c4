import Engine
import MIL

/// Runs neural networks: lowered to a program per set of input shapes, as their layers depend on shapes.
final class NeuralNetworkEvaluator: ModelEvaluator {
  private struct Entry {
    let executable: Executable
    let outputNames: [String: String]

    init(_ lowering: NeuralNetworkLowering, _ shapes: [String: [Int]], _ options: ExecutableOptions) throws {
      let lowered = try lowering.lower(shapes)
      executable = try Executable(program: lowered.program, functionName: "main", defaultShapes: shapes, options: options)
      outputNames = lowered.outputNames
    }
  }

  private let lowering: NeuralNetworkLowering
  private let description: FunctionDescription
  private let options: ExecutableOptions
  private var entries: [[String: [Int]]: Entry] = [:]
  private let lock = Lock()

  /// Programs kept for different input shapes: each has packed weights of its own.
  private static let entryLimit = 4

  init(message: ByteSlice, function: FunctionDescription, options: ExecutableOptions) throws {
    lowering = try NeuralNetworkLowering(message: message, description: function)
    description = function
    self.options = options
    let shapes = try lowering.defaultShapes()
    // Also the check at load: layers that cannot run are found here.
    do {
      entries[shapes] = try Entry(lowering, shapes, options)
    } catch let error as ModelError where error.code != .unsupported && function.inputs.contains(where: \.isFlexible) {
      // Default sizes of flexible inputs need not fit the network, nor each other.
    }
  }

  private func entry(_ shapes: [String: [Int]]) throws -> Entry {
    try lock.withLock {
      if let known = entries[shapes] { return known }
      let entry = try Entry(lowering, shapes, options)
      if entries.count >= NeuralNetworkEvaluator.entryLimit { entries.removeAll() }
      entries[shapes] = entry
      return entry
    }
  }

  func tensorType(ofInput name: String) -> TensorType? { type(description.inputs.first { $0.name == name }) }
  func tensorType(ofOutput name: String) -> TensorType? { type(description.outputs.first { $0.name == name }) }

  /// Networks compute in f32, whatever the features are declared as.
  private func type(_ feature: FeatureDescription?) -> TensorType? {
    var type = TensorType(.float32, [])
    if case .multiArray(let shape, _, let flexibility, _)? = feature?.kind { type.shape = flexibility.defaultShape(declared: shape).map(Dimension.fixed) }
    type.hasUnknownRank = type.shape.isEmpty
    return type
  }

  func makeState() -> StateStorage { StateStorage() }

  func evaluate(inputs: [String: RuntimeValue], outputs: [String: TensorMemory], state: StateStorage?) throws -> [String: RuntimeValue] {
    var shapes: [String: [Int]] = [:]
    var tensors: [String: RuntimeValue] = [:]
    for feature in description.inputs {
      guard let value = inputs[feature.name] else { throw ModelError(.argument, "input '\(feature.name)' is missing") }
      let tensor = try NeuralNetworkEvaluator.tensor(value, feature)
      shapes[feature.name] = tensor.spec.shape
      tensors[feature.name] = .tensor(tensor)
    }
    let entry = try entry(shapes)
    var memory: [String: TensorMemory] = [:]
    for (feature, target) in outputs {
      if let name = entry.outputNames[feature] { memory[name] = target }
    }
    let results = try entry.executable.run(inputs: tensors, outputs: memory)
    var values: [String: RuntimeValue] = [:]
    for feature in description.outputs {
      guard let name = entry.outputNames[feature.name], let result = results[name] else { continue }
      values[feature.name] = NeuralNetworkEvaluator.feature(result, feature)
    }
    return values
  }

  /// Numbers may feed networks too: a tensor of one element.
  private static func tensor(_ value: RuntimeValue, _ feature: FeatureDescription) throws -> TensorMemory {
    let number: Double
    switch value {
    case .tensor(let tensor): return tensor
    case .double(let value): number = value
    case .int64(let value): number = Double(value)
    default: throw ModelError(.argument, "input '\(feature.name)' of a neural network has to be an array, an image or a number")
    }
    let bytes = OwnedBytes(byteCount: 4)
    bytes.pointer.storeBytes(of: Float(number), as: Float.self)
    return TensorMemory(spec: TensorSpec(.float32, [1]), address: bytes.pointer, owner: bytes)
  }

  /// Regressors may give their result as a number.
  private static func feature(_ value: RuntimeValue, _ feature: FeatureDescription) -> RuntimeValue {
    guard case .tensor(let tensor) = value, tensor.spec.element == .float32, !tensor.spec.shape.contains(0) else { return value }
    let first = Double(tensor.address.loadUnaligned(as: Float.self))
    switch feature.kind {
    case .double: return .double(first)
    case .int64: return Int64(exactly: first.rounded()).map { .int64($0) } ?? value
    default: return value
    }
  }
}

extension FeatureDescription {
  fileprivate var isFlexible: Bool {
    switch kind {
    case .image(_, _, _, let flexibility), .multiArray(_, _, let flexibility, _): return flexibility != .fixed
    default: return false
    }
  }
}
