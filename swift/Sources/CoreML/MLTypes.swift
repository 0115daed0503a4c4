// The raw values are Apple's.

public enum MLComputeUnits: Int, Sendable { case cpuOnly = 0, cpuAndGPU = 1, all = 2, cpuAndNeuralEngine = 3 }

public enum MLMultiArrayDataType: Int, Sendable {
  case double = 65600, float32 = 65568, float16 = 65552, int32 = 131104, int8 = 131080
  public static var float64: MLMultiArrayDataType { .double }
  public static var float: MLMultiArrayDataType { .float32 }
}

public enum MLFeatureType: Int, Sendable {
  case invalid = 0, int64, double, string, image, multiArray, dictionary, sequence, state
}

public enum MLMultiArrayShapeConstraintType: Int, Sendable { case unspecified = 1, enumerated = 2, range = 3 }
public enum MLImageSizeConstraintType: Int, Sendable { case unspecified = 0, enumerated = 2, range = 3 }

public let MLModelErrorDomain = "com.apple.CoreML"

public struct MLModelError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: Int, Sendable {
    case generic = 0, featureType = 1, io = 3, customLayer = 4, customModel = 5, update = 6, parameters = 7
    case modelDecryptionKeyFetch = 8, modelDecryption = 9, modelCollection = 10, predictionCancelled = 11
  }
  public let code: Code
  private let text: String

  public init(_ code: Code, userInfo: [String: Any] = [:]) {
    self.code = code
    text = userInfo[NSLocalizedDescriptionKey] as? String ?? "\(MLModelErrorDomain) error \(code.rawValue)"
  }
  init(_ code: Code, _ text: String) { self.init(code, userInfo: [NSLocalizedDescriptionKey: text]) }
  public var description: String { text }
}

public struct MLModelMetadataKey: RawRepresentable, Hashable, Sendable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public static let description = MLModelMetadataKey(rawValue: "MLModelDescriptionKey")
  public static let versionString = MLModelMetadataKey(rawValue: "MLModelVersionStringKey")
  public static let author = MLModelMetadataKey(rawValue: "MLModelAuthorKey")
  public static let license = MLModelMetadataKey(rawValue: "MLModelLicenseKey")
  public static let creatorDefinedKey = MLModelMetadataKey(rawValue: "MLModelCreatorDefinedKey")
}
