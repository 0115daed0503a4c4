import MIL

/// featureVectorizer: numbers, arrays and sparse vectors (dictionaries by index) side by side.
struct FeatureVectorizerEvaluator: ClassicalModel {
  private let vectorizer: FeatureVectorizer
  private let output: FeatureDescription

  init(_ vectorizer: FeatureVectorizer, _ features: ClassicalFeatures) throws {
    self.vectorizer = vectorizer
    output = try features.onlyOutput()
    for column in vectorizer.columns where !features.inputs.contains(where: { $0.name == column.name }) {
      throw features.failure("column '\(column.name)' is no input of the model")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    var numbers: [Double] = []
    numbers.reserveCapacity(vectorizer.size)
    for column in vectorizer.columns { numbers += try elements(of: column, inputs[column.name]) }
    return [output.name: try output.value(of: numbers)]
  }

  private func elements(of column: FeatureVectorizer.Column, _ value: RuntimeValue?) throws -> [Double] {
    guard let value else { return [Double](repeating: .nan, count: column.size) }
    if case .int64Dictionary(let pairs) = value {
      var elements = [Double](repeating: 0, count: column.size)
      for (key, number) in pairs {
        guard let index = Int(exactly: key), elements.indices.contains(index) else {
          throw ModelError(.argument, "'\(column.name)' has the index \(key), expected 0…\(column.size - 1)")
        }
        elements[index] = number
      }
      return elements
    }
    let elements = try value.numbers(of: column.name)
    guard elements.count == column.size else {
      throw ModelError(.argument, "'\(column.name)' has \(elements.count) numbers, expected \(column.size)")
    }
    return elements
  }
}

struct ArrayFeatureExtractorEvaluator: ClassicalModel {
  private let extractor: ArrayFeatureExtractor
  private let input: FeatureDescription
  private let output: FeatureDescription

  init(_ extractor: ArrayFeatureExtractor, _ features: ClassicalFeatures) throws {
    self.extractor = extractor
    input = try features.onlyInput()
    output = try features.onlyOutput()
    if let count = input.elementCount, let outside = extractor.indices.first(where: { $0 >= count }) {
      throw features.failure("the index \(outside) is outside '\(input.name)', which has \(count) elements")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    guard let value = inputs[input.name] else { throw ModelError(.argument, "input '\(input.name)' is missing") }
    let numbers = try value.numbers(of: input.name)
    let extracted = try extractor.indices.map { index in
      guard index < numbers.count else {
        throw ModelError(.argument, "'\(input.name)' has \(numbers.count) elements, the model reads number \(index)")
      }
      return numbers[index]
    }
    return [output.name: try output.value(of: extracted)]
  }
}

struct ScalerEvaluator: ClassicalModel {
  private let scaler: Scaler
  private let input: FeatureDescription
  private let output: FeatureDescription

  init(_ scaler: Scaler, _ features: ClassicalFeatures) throws {
    self.scaler = scaler
    input = try features.onlyInput()
    output = try features.onlyOutput()
    guard let count = input.elementCount else { return }
    for (values, what) in [(scaler.shifts, "shifts"), (scaler.scales, "scales")] where values.count > 1 {
      guard values.count == count else {
        throw features.failure(
          "\(values.count) \(what) for the \(count) numbers of '\(input.name)', expected 1 or \(count)")
      }
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    guard let value = inputs[input.name] else { throw ModelError(.argument, "input '\(input.name)' is missing") }
    let numbers = try value.numbers(of: input.name)
    let shifts = try parameters(scaler.shifts, for: numbers.count, absent: 0, "shifts")
    let scales = try parameters(scaler.scales, for: numbers.count, absent: 1, "scales")
    let scaled = numbers.indices.map { (numbers[$0] + shifts[$0]) * scales[$0] }
    return [output.name: try output.value(of: scaled, shape: value.shape)]
  }

  /// One value stands for all elements.
  private func parameters(_ values: [Double], for count: Int, absent: Double, _ what: String) throws -> [Double] {
    if values.count <= 1 { return [Double](repeating: values.first ?? absent, count: count) }
    guard values.count == count else {
      throw ModelError(.argument, "'\(input.name)' has \(count) numbers, the model has \(values.count) \(what)")
    }
    return values
  }
}

struct NormalizerEvaluator: ClassicalModel {
  private let normalizer: Normalizer
  private let input: FeatureDescription
  private let output: FeatureDescription

  init(_ normalizer: Normalizer, _ features: ClassicalFeatures) throws {
    self.normalizer = normalizer
    input = try features.onlyInput()
    output = try features.onlyOutput()
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    guard let value = inputs[input.name] else { throw ModelError(.argument, "input '\(input.name)' is missing") }
    let numbers = try value.numbers(of: input.name)
    let norm = norm(numbers)
    // What has no length stays as it is, as in scikit-learn.
    let scaled = norm == 0 ? numbers : numbers.map { $0 / norm }
    return [output.name: try output.value(of: scaled, shape: value.shape)]
  }

  private func norm(_ numbers: [Double]) -> Double {
    switch normalizer.norm {
    case .maximum: return numbers.max() ?? 0
    case .l1: return numbers.reduce(0) { $0 + abs($1) }
    case .l2: return numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}

extension RuntimeValue {
  /// nil where the value is no array.
  var shape: [Int]? {
    if case .tensor(let tensor) = self { return tensor.spec.shape }
    return nil
  }
}
