import Engine

/// A list of strings or of integers.
open class MLSequence: NSObject {
  enum Storage {
    case strings([String])
    case int64s([Int64])
  }
  let storage: Storage
  init(_ storage: Storage) { self.storage = storage }

  public convenience init(strings stringValues: [String]) { self.init(.strings(stringValues)) }
  public convenience init(int64s int64Values: [NSNumber]) { self.init(.int64s(int64Values.map(\.int64Value))) }

  open var type: MLFeatureType {
    if case .strings = storage { return .string }
    return .int64
  }
  var count: Int {
    switch storage {
    case .strings(let values): return values.count
    case .int64s(let values): return values.count
    }
  }
  open var stringValues: [String] {
    if case .strings(let values) = storage { return values }
    return []
  }
  open var int64Values: [NSNumber] {
    if case .int64s(let values) = storage { return values.map { NSNumber(value: $0) } }
    return []
  }
}

open class MLFeatureValue: NSObject {
  enum Storage {
    case int64(Int64)
    case double(Double)
    case string(String)
    case multiArray(MLMultiArray)
    case image(CVPixelBuffer)
    case dictionary([AnyHashable: NSNumber])
    /// Class probabilities as the engine gives them; most callers of a classifier never ask for the dictionary of all.
    case probabilities(RuntimeValue)
    case sequence(MLSequence)
    case undefined(MLFeatureType)
  }
  let storage: Storage
  init(_ storage: Storage) { self.storage = storage }

  public convenience init(int64 value: Int64) { self.init(.int64(value)) }
  public convenience init(double value: Double) { self.init(.double(value)) }
  public convenience init(string value: String) { self.init(.string(value)) }
  public convenience init(multiArray value: MLMultiArray) { self.init(.multiArray(value)) }
  public convenience init(pixelBuffer value: CVPixelBuffer) { self.init(.image(value)) }
  public convenience init(sequence: MLSequence) { self.init(.sequence(sequence)) }
  public convenience init(undefined type: MLFeatureType) { self.init(.undefined(type)) }
  /// Keys: all strings or all integers.
  public convenience init(dictionary value: [AnyHashable: NSNumber]) throws {
    guard value.keys.allSatisfy({ $0 is String }) || value.keys.allSatisfy({ integerKey($0) != nil }) else {
      throw MLModelError(.featureType, "dictionary: expected keys that are all strings or all integers")
    }
    self.init(.dictionary(value))
  }

  open var type: MLFeatureType {
    switch storage {
    case .int64: return .int64
    case .double: return .double
    case .string: return .string
    case .multiArray: return .multiArray
    case .image: return .image
    case .dictionary, .probabilities: return .dictionary
    case .sequence: return .sequence
    case .undefined(let type): return type
    }
  }
  open var isUndefined: Bool {
    if case .undefined = storage { return true }
    return false
  }
  open var int64Value: Int64 {
    if case .int64(let value) = storage { return value }
    return 0
  }
  open var doubleValue: Double {
    if case .double(let value) = storage { return value }
    return 0
  }
  open var stringValue: String {
    if case .string(let value) = storage { return value }
    return ""
  }
  open var multiArrayValue: MLMultiArray? {
    if case .multiArray(let value) = storage { return value }
    return nil
  }
  open var imageBufferValue: CVPixelBuffer? {
    if case .image(let value) = storage { return value }
    return nil
  }
  open var dictionaryValue: [AnyHashable: NSNumber] {
    switch storage {
    case .dictionary(let value): return value
    case .probabilities(.stringDictionary(let pairs)): return numbers(pairs)
    case .probabilities(.int64Dictionary(let pairs)): return numbers(pairs)
    default: return [:]
    }
  }
  open var sequenceValue: MLSequence? {
    if case .sequence(let value) = storage { return value }
    return nil
  }
}

/// Class labels are not always unique; the largest probability stands for a label.
private func numbers<Key: Hashable>(_ pairs: [(key: Key, value: Double)]) -> [AnyHashable: NSNumber] {
  var dictionary = [AnyHashable: NSNumber](minimumCapacity: pairs.count)
  for (key, value) in pairs {
    if let known = dictionary[key], known.doubleValue >= value { continue }
    dictionary[key] = NSNumber(value: value)
  }
  return dictionary
}

/// A dictionary key as an integer, however it was made.
func integerKey(_ key: AnyHashable) -> Int64? {
  switch key.base {
  case let value as Int64: return value
  case let value as Int: return Int64(value)
  case let value as NSNumber: return value.int64Value
  default: return nil
  }
}
