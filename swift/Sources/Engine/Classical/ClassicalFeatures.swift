import MIL

/// The features that a classical model declares, and the ways between their values and plain numbers.
struct ClassicalFeatures: Sendable {
  let description: FunctionDescription
  var inputs: [FeatureDescription] { description.inputs }
  var outputs: [FeatureDescription] { description.outputs }

  init(_ description: FunctionDescription) { self.description = description }

  func failure(_ what: String) -> ModelError { ModelError(.malformed, what) }

  /// The one input of a transformer.
  func onlyInput() throws -> FeatureDescription {
    guard inputs.count == 1 else { throw failure("the model has \(inputs.count) inputs, expected 1") }
    return inputs[0]
  }

  func onlyOutput() throws -> FeatureDescription {
    guard outputs.count == 1 else { throw failure("the model has \(outputs.count) outputs, expected 1") }
    return outputs[0]
  }

  /// The numbers of all inputs side by side, in the order of the description: what regressors and classifiers take.
  /// `width`: their count, where every input says its own. What is missing is NaN.
  func vector(_ values: [String: RuntimeValue]) throws -> [Double] {
    var vector: [Double] = []
    for input in inputs {
      guard let value = values[input.name] else {
        vector += [Double](repeating: .nan, count: input.elementCount ?? 1)
        continue
      }
      vector += try value.numbers(of: input.name)
    }
    return vector
  }

  var width: Int? {
    var width = 0
    for input in inputs {
      guard let count = input.elementCount else { return nil }
      let (sum, overflow) = width.addingReportingOverflow(count)
      if overflow { return nil }
      width = sum
    }
    return width
  }

  /// Refuses a model whose weights are for another number of inputs.
  func checkWidth(_ expected: Int, _ what: String) throws {
    if let width, width != expected {
      throw failure("\(what) are for \(expected) numbers, the inputs have \(width)")
    }
  }
}

extension FeatureDescription {
  /// How many numbers the feature has; nil where a value says that first.
  var elementCount: Int? {
    switch kind {
    case .int64, .double: return 1
    case .multiArray(let shape, _, .fixed, _) where !shape.isEmpty:
      var count = 1
      for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        count = product
      }
      return count
    default: return nil
    }
  }

  /// A number as this feature has it.
  func value(of number: Double) throws -> RuntimeValue {
    switch kind {
    case .double: return .double(number)
    case .int64:
      guard let integer = Int64(exactly: number.rounded(.toNearestOrEven)) else {
        throw ModelError(.runtime, "'\(name)' would be \(number), which is no 64-bit integer")
      }
      return .int64(integer)
    case .multiArray: return .array([number], shape: [1])
    default: throw ModelError(.malformed, "output '\(name)' cannot hold a number")
    }
  }

  /// Numbers as this feature has them: an array, or one number.
  func value(of numbers: [Double], shape: [Int]? = nil) throws -> RuntimeValue {
    switch kind {
    case .multiArray: return .array(numbers, shape: shape ?? [numbers.count])
    case .double, .int64:
      guard numbers.count == 1 else {
        throw ModelError(.malformed, "output '\(name)' is one number, the model gives \(numbers.count)")
      }
      return try value(of: numbers[0])
    default: throw ModelError(.malformed, "output '\(name)' cannot hold numbers")
    }
  }
}

extension RuntimeValue {
  static func array(_ numbers: [Double], shape: [Int]) -> RuntimeValue {
    let bytes = OwnedBytes(byteCount: numbers.count * 8)
    numbers.withUnsafeBytes {
      if let from = $0.baseAddress { bytes.pointer.copyMemory(from: from, byteCount: $0.count) }
    }
    return .tensor(TensorMemory(spec: TensorSpec(.float64, shape), address: bytes.pointer, owner: bytes))
  }

  /// The value as numbers; `name` is the feature's, for messages.
  func numbers(of name: String) throws -> [Double] {
    switch self {
    case .double(let number): return [number]
    case .int64(let number): return [Double(number)]
    case .tensor(let tensor):
      let bytes = UnsafeRawBufferPointer(start: tensor.address, count: tensor.spec.byteCount)
      let numbers = withExtendedLifetime(tensor.owner) { Scalars.read(bytes, tensor.spec) }
      guard let numbers else { throw ModelError(.argument, "'\(name)' has elements that are no numbers") }
      return numbers
    default: throw ModelError(.argument, "'\(name)' has to be a number or an array")
    }
  }
}
