import MIL

/// The index of every category; the first of equal ones counts.
struct CategoryIndex: Sendable {
  private enum Storage: Sendable {
    case strings([String: Int])
    case int64s([Int64: Int])
  }
  private let storage: Storage
  let count: Int

  init(_ categories: Categories) {
    count = categories.count
    switch categories {
    case .strings(let values):
      storage = .strings(Dictionary(values.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }))
    case .int64s(let values):
      storage = .int64s(Dictionary(values.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }))
    }
  }

  var hasStrings: Bool {
    if case .strings = storage { return true }
    return false
  }

  func index(of text: String) -> Int? {
    if case .strings(let places) = storage { return places[text] }
    return nil
  }
  func index(of number: Int64) -> Int? {
    if case .int64s(let places) = storage { return places[number] }
    return nil
  }
}

struct OneHotEvaluator: ClassicalModel {
  private let categories: CategoryIndex
  private let ignoresUnknown: Bool
  private let input: FeatureDescription
  private let output: FeatureDescription
  private let isSparse: Bool

  init(_ encoder: OneHotEncoder, _ features: ClassicalFeatures) throws {
    categories = CategoryIndex(encoder.categories)
    ignoresUnknown = encoder.ignoresUnknown
    input = try features.onlyInput()
    output = try features.onlyOutput()
    switch output.kind {
    case .dictionary(stringKeys: false): isSparse = true
    case .multiArray: isSparse = false
    default: throw features.failure("output '\(output.name)' has to be an array or a dictionary with integer keys")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    let index = try place(of: inputs[input.name])
    if isSparse {
      return [output.name: .int64Dictionary(index.map { [(key: Int64($0), value: 1)] } ?? [])]
    }
    var numbers = [Double](repeating: 0, count: categories.count)
    if let index { numbers[index] = 1 }
    return [output.name: .array(numbers, shape: [numbers.count])]
  }

  private func place(of value: RuntimeValue?) throws -> Int? {
    let found: Int?
    let text: String
    switch value {
    case .string(let value)?: (found, text) = (categories.index(of: value), value)
    case .int64(let value)?: (found, text) = (categories.index(of: value), "\(value)")
    default: throw ModelError(.argument, "input '\(input.name)' has to be a string or an integer")
    }
    guard found != nil || ignoresUnknown else {
      throw ModelError(.argument, "input '\(input.name)': '\(text)' is none of the \(categories.count) categories")
    }
    return found
  }
}

struct DictVectorizerEvaluator: ClassicalModel {
  private let keys: CategoryIndex
  private let input: FeatureDescription
  private let output: FeatureDescription
  private let isSparse: Bool

  init(_ vectorizer: DictVectorizer, _ features: ClassicalFeatures) throws {
    keys = CategoryIndex(vectorizer.keys)
    input = try features.onlyInput()
    output = try features.onlyOutput()
    switch output.kind {
    case .dictionary(stringKeys: false): isSparse = true
    case .multiArray: isSparse = false
    default: throw features.failure("output '\(output.name)' has to be an array or a dictionary with integer keys")
    }
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    var found: [(index: Int, value: Double)]
    // Keys that the vectorizer has never seen count for nothing, as in scikit-learn.
    switch inputs[input.name] {
    case .stringDictionary(let pairs)?:
      found = pairs.compactMap { pair in keys.index(of: pair.key).map { ($0, pair.value) } }
    case .int64Dictionary(let pairs)?:
      found = pairs.compactMap { pair in keys.index(of: pair.key).map { ($0, pair.value) } }
    default: throw ModelError(.argument, "input '\(input.name)' has to be a dictionary")
    }
    if isSparse {
      found.sort { $0.index < $1.index }
      return [output.name: .int64Dictionary(found.map { (key: Int64($0.index), value: $0.value) })]
    }
    var numbers = [Double](repeating: 0, count: keys.count)
    for (index, value) in found { numbers[index] = value }
    return [output.name: .array(numbers, shape: [numbers.count])]
  }
}

struct CategoricalMappingEvaluator: ClassicalModel {
  private let mapping: CategoricalMapping
  private let input: FeatureDescription
  private let output: FeatureDescription

  init(_ mapping: CategoricalMapping, _ features: ClassicalFeatures) throws {
    self.mapping = mapping
    input = try features.onlyInput()
    output = try features.onlyOutput()
  }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    switch (mapping.mapping, inputs[input.name]) {
    case (.toInt64(let numbers), .string(let text)?):
      guard let number = numbers[text] ?? mapping.int64ForUnknown else { throw unknown("'\(text)'") }
      return [output.name: .int64(number)]
    case (.toString(let texts), .int64(let number)?):
      guard let text = texts[number] ?? mapping.stringForUnknown else { throw unknown("\(number)") }
      return [output.name: .string(text)]
    case (.toInt64, _): throw ModelError(.argument, "input '\(input.name)' has to be a string")
    case (.toString, _): throw ModelError(.argument, "input '\(input.name)' has to be an integer")
    }
  }

  private func unknown(_ value: String) -> ModelError {
    ModelError(.argument, "input '\(input.name)': \(value) is not in the mapping, which has no value for the unknown")
  }
}
