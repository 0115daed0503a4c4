import Engine
import MIL

/// The features of one prediction, checked against the description, as the evaluator takes them.
struct PredictionInputs {
  private(set) var values: [String: RuntimeValue] = [:]

  init(_ descriptions: [MLFeatureDescription], _ provider: any MLFeatureProvider, _ evaluator: any ModelEvaluator)
    throws
  {
    values.reserveCapacity(descriptions.count)
    for description in descriptions {
      let value = provider.featureValue(for: description.name)
      if let value, !value.isUndefined {
        values[description.name] = try runtimeValue(value, description, evaluator)
      } else if description.isOptional {
        values[description.name] = try defaultValue(description, evaluator)
      } else {
        throw MLModelError(.featureType, "input '\(description.name)' is missing; expected \(description.expectation)")
      }
    }
  }

  /// Whether the evaluator reads every array where it lies.
  func areInPlace(_ inputs: [(name: String, value: MLFeatureValue)]) -> Bool {
    inputs.allSatisfy { name, value in
      guard case .tensor(let tensor)? = values[name], let array = value.multiArrayValue else { return false }
      return tensor.address == array.base
    }
  }

  /// The tensor that lies in a caller's array, for outputs that equal an input.
  var tensors: [TensorMemory] {
    values.values.compactMap { if case .tensor(let memory) = $0 { return memory } else { return nil } }
  }
}

private func runtimeValue(_ value: MLFeatureValue, _ description: MLFeatureDescription, _ evaluator: any ModelEvaluator)
  throws -> RuntimeValue
{
  switch (description.type, value.storage) {
  case (.multiArray, .multiArray(let array)): return .tensor(try tensor(array, description, evaluator))
  case (.image, .image(let image)): return .tensor(try tensor(image, description, evaluator))
  case (.int64, .int64(let number)): return .int64(number)
  case (.int64, .double(let number)):
    guard let integer = Int64(exactly: number) else { throw mismatch(description, "\(number)") }
    return .int64(integer)
  case (.double, .double(let number)): return .double(number)
  case (.double, .int64(let number)): return .double(Double(number))
  case (.string, .string(let text)): return .string(text)
  case (.dictionary, .dictionary(let dictionary)): return try pairs(dictionary, description)
  case (.dictionary, .probabilities): return try pairs(value.dictionaryValue, description)
  case (.sequence, .sequence(let sequence)):
    guard description.sequenceConstraint?.allows(sequence.count) ?? false else {
      throw mismatch(description, "a sequence of \(sequence.count)")
    }
    switch (description.sequenceConstraint?.valueDescription.type, sequence.storage) {
    case (.string, .strings(let strings)): return .strings(strings)
    case (.int64, .int64s(let integers)): return .int64s(integers)
    default: throw mismatch(description, "a sequence of \(sequence.type)")
    }
  default: throw mismatch(description, "a value of the type \(value.type)")
  }
}

private func tensor(_ array: MLMultiArray, _ description: MLFeatureDescription, _ evaluator: any ModelEvaluator) throws
  -> TensorMemory
{
  guard let constraint = description.multiArrayConstraint else { throw mismatch(description, "an array") }
  guard constraint.allows(array.sizes) else { throw mismatch(description, "the shape \(array.sizes)") }
  guard constraint.dataType.accepts(array.dataType) else {
    throw mismatch(description, "elements of \(array.dataType.name)")
  }
  let taken = evaluator.tensorType(ofInput: description.name)
  return try array.packed(as: taken?.element ?? constraint.dataType.element, shape: array.sizes.matchingRank(of: taken))
}

private func tensor(_ image: CVPixelBuffer, _ description: MLFeatureDescription, _ evaluator: any ModelEvaluator) throws
  -> TensorMemory
{
  guard let constraint = description.imageConstraint else { throw mismatch(description, "an image") }
  guard constraint.allows(width: image.width, height: image.height) else {
    throw mismatch(description, "an image of height \(image.height) and width \(image.width)")
  }
  var tensor = try image.tensor(
    constraint.colorSpace, element: evaluator.tensorType(ofInput: description.name)?.element ?? .float32)
  tensor.spec.shape = tensor.spec.shape.matchingRank(of: evaluator.tensorType(ofInput: description.name))
  return tensor
}

private func pairs(_ dictionary: [AnyHashable: NSNumber], _ description: MLFeatureDescription) throws -> RuntimeValue {
  if description.dictionaryConstraint?.keyType == .string {
    return .stringDictionary(
      try dictionary.map { key, value in
        guard let key = key.base as? String else { throw mismatch(description, "the key \(key)") }
        return (key, value.doubleValue)
      }.sorted { $0.key < $1.key })
  }
  return .int64Dictionary(
    try dictionary.map { key, value in
      guard let key = integerKey(key) else { throw mismatch(description, "the key \(key)") }
      return (key, value.doubleValue)
    }.sorted { $0.key < $1.key })
}

/// What an optional input is when nobody gives it: the declared default in every element, else zeros.
private func defaultValue(_ description: MLFeatureDescription, _ evaluator: any ModelEvaluator) throws -> RuntimeValue?
{
  guard let constraint = description.multiArrayConstraint, !constraint.sizes.isEmpty,
    constraint.defaultValue != nil || evaluator.fillsOptionalArrays
  else { return nil }
  let array = try MLMultiArray(sizes: [1], strides: [0], dataType: .double)
  array.base.storeBytes(of: constraint.defaultValue ?? 0, as: Double.self)
  let repeated = MLMultiArray(
    base: array.base, sizes: constraint.sizes, strides: [Int](repeating: 0, count: constraint.sizes.count),
    dataType: .double, owner: array)
  let taken = evaluator.tensorType(ofInput: description.name)
  return .tensor(
    try repeated.packed(
      as: taken?.element ?? constraint.dataType.element, shape: constraint.sizes.matchingRank(of: taken)))
}

private func mismatch(_ description: MLFeatureDescription, _ found: String) -> MLModelError {
  MLModelError(.featureType, "input '\(description.name)' has \(found); expected \(description.expectation)")
}

extension MLMultiArrayDataType {
  /// Numbers convert where nothing but precision is lost: not from fractions to integers, not to fewer integers.
  fileprivate func accepts(_ given: MLMultiArrayDataType) -> Bool {
    self == given || isFloat || (self == .int32 && given == .int8)
  }
}

extension [Int] {
  /// Features have at least one axis, values of a program may have none: leading axes of size 1 come and go.
  func matchingRank(of type: TensorType?) -> [Int] {
    guard let type, !type.hasUnknownRank, type.shape.count != count else { return self }
    let rank = type.shape.count
    if rank > count { return [Int](repeating: 1, count: rank - count) + self }
    return prefix(count - rank).allSatisfy { $0 == 1 } ? Array(suffix(rank)) : self
  }
}

extension MLFeatureDescription {
  /// For messages: what a value has to be.
  var expectation: String {
    switch type {
    case .multiArray: return multiArrayConstraint?.expectation ?? "an array"
    case .image: return imageConstraint?.expectation ?? "an image"
    case .int64: return "an integer"
    case .double: return "a number"
    case .string: return "a string"
    case .dictionary: return "a dictionary with \(dictionaryConstraint?.keyType == .string ? "string" : "integer") keys"
    case .sequence:
      let elements = sequenceConstraint?.valueDescription.type == .string ? "strings" : "integers"
      return "a sequence of \(sequenceConstraint?.countText ?? "")\(elements)"
    case .state: return "a state"
    case .invalid: return "nothing"
    }
  }
}
