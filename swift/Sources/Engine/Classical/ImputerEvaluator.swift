import MIL

/// imputer: the imputed value stands in for a feature that is not given, and for elements that are written as missing.
struct ImputerEvaluator: ClassicalModel {
  private let imputer: Imputer
  private let input: FeatureDescription
  private let output: FeatureDescription

  init(_ imputer: Imputer, _ features: ClassicalFeatures) throws {
    self.imputer = imputer
    input = try features.onlyInput()
    output = try features.onlyOutput()
    let count: Int
    switch imputer.value {
    case .doubles(let values): count = values.count
    case .int64s(let values): count = values.count
    default: return
    }
    if let expected = input.elementCount, count != 1, count != expected {
      throw features.failure("\(count) imputed values for the \(expected) numbers of '\(input.name)'")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    [output.name: try inputs[input.name].map(replaced) ?? imputed()]
  }

  private func imputed() throws -> RuntimeValue {
    switch imputer.value {
    case .double(let number): return try all(number)
    case .int64(let number): return try all(Double(number), exactly: number)
    case .string(let text): return .string(text)
    case .doubles(let numbers): return try output.value(of: numbers)
    case .int64s(let numbers): return try output.value(of: numbers.map(Double.init))
    case .stringDictionary(let pairs):
      return .stringDictionary(pairs.map { (key: $0.key, value: $0.value) }.sorted { $0.key < $1.key })
    case .int64Dictionary(let pairs):
      return .int64Dictionary(pairs.map { (key: $0.key, value: $0.value) }.sorted { $0.key < $1.key })
    }
  }

  /// One number for the whole feature.
  private func all(_ number: Double, exactly integer: Int64? = nil) throws -> RuntimeValue {
    if case .int64 = output.kind, let integer { return .int64(integer) }
    return try output.value(of: [Double](repeating: number, count: output.elementCount ?? 1))
  }

  private func replaced(_ value: RuntimeValue) throws -> RuntimeValue {
    switch value {
    case .string(let text):
      if case .string(let missing)? = imputer.replaced, text == missing { return try imputed() }
      return value
    case .int64(let number):
      if case .int64(let missing)? = imputer.replaced, number == missing { return try imputed() }
      return try output.kind.isInteger ? value : output.value(of: Double(number))
    case .double(let number): return try isMissing(number) ? imputed() : output.value(of: number)
    case .tensor:
      let numbers = try value.numbers(of: input.name)
      let stand = try standIns(numbers.count)
      let filled = numbers.indices.map { isMissing(numbers[$0]) ? stand[$0] : numbers[$0] }
      return try output.value(of: filled, shape: value.shape)
    case .stringDictionary(let pairs):
      guard case .stringDictionary(let stand) = imputer.value else { throw mismatch() }
      return .stringDictionary(filled(pairs, stand).sorted { $0.key < $1.key })
    case .int64Dictionary(let pairs):
      guard case .int64Dictionary(let stand) = imputer.value else { throw mismatch() }
      return .int64Dictionary(filled(pairs, stand).sorted { $0.key < $1.key })
    case .strings, .int64s: throw mismatch()
    }
  }

  /// Keys that are not there are missing, too.
  private func filled<Key: Hashable>(_ pairs: [(key: Key, value: Double)], _ stand: [Key: Double]) -> [(
    key: Key, value: Double
  )] {
    var result = stand
    for (key, value) in pairs where !(isMissing(value) && stand[key] != nil) { result[key] = value }
    return result.map { (key: $0.key, value: $0.value) }
  }

  private func standIns(_ count: Int) throws -> [Double] {
    let values: [Double]
    switch imputer.value {
    case .double(let number): values = [number]
    case .int64(let number): values = [Double(number)]
    case .doubles(let numbers): values = numbers
    case .int64s(let numbers): values = numbers.map(Double.init)
    default: throw mismatch()
    }
    if values.count == count { return values }
    guard values.count == 1 else {
      throw ModelError(.argument, "'\(input.name)' has \(count) numbers, the model has \(values.count) imputed values")
    }
    return [Double](repeating: values[0], count: count)
  }

  /// Without a value that marks what is missing, NaN does.
  private func isMissing(_ number: Double) -> Bool {
    switch imputer.replaced {
    case .double(let missing)?: return number == missing || (number.isNaN && missing.isNaN)
    case .int64(let missing)?: return number == Double(missing)
    case .string?: return false
    case nil: return number.isNaN
    }
  }

  private func mismatch() -> ModelError {
    ModelError(.argument, "input '\(input.name)' has another type than the model's imputed value")
  }
}

extension FeatureKind {
  fileprivate var isInteger: Bool {
    if case .int64 = self { return true }
    return false
  }
}
