public protocol MLFeatureProvider: AnyObject {
  var featureNames: Set<String> { get }
  func featureValue(for featureName: String) -> MLFeatureValue?
}

open class MLDictionaryFeatureProvider: NSObject, MLFeatureProvider {
  open private(set) var dictionary: [String: MLFeatureValue]

  init(values: [String: MLFeatureValue]) { dictionary = values }

  /// Values: MLFeatureValue, or what one can be made of.
  public init(dictionary: [String: Any]) throws {
    self.dictionary = [:]
    for (name, value) in dictionary {
      switch value {
      case let value as MLFeatureValue: self.dictionary[name] = value
      case let value as MLMultiArray: self.dictionary[name] = MLFeatureValue(multiArray: value)
      case let value as CVPixelBuffer: self.dictionary[name] = MLFeatureValue(pixelBuffer: value)
      case let value as String: self.dictionary[name] = MLFeatureValue(string: value)
      case let value as Int: self.dictionary[name] = MLFeatureValue(int64: Int64(value))
      case let value as Int64: self.dictionary[name] = MLFeatureValue(int64: value)
      case let value as Double: self.dictionary[name] = MLFeatureValue(double: value)
      case let value as [AnyHashable: NSNumber]: self.dictionary[name] = try MLFeatureValue(dictionary: value)
      default: throw MLModelError(.featureType, "feature \(name): a \(Swift.type(of: value)) cannot be a feature value")
      }
    }
  }

  open subscript(featureName: String) -> MLFeatureValue? { dictionary[featureName] }
  open var featureNames: Set<String> { Set(dictionary.keys) }
  open func featureValue(for featureName: String) -> MLFeatureValue? { dictionary[featureName] }
}
