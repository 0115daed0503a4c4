// What a model file declares about itself: features, metadata and the kind of model inside.

/// Sizes that a dimension may take. `upper` nil = unbounded.
public struct SizeRange: Hashable, Sendable {
  public var lower: Int
  public var upper: Int?
  public init(lower: Int, upper: Int?) {
    self.lower = lower
    self.upper = upper
  }
}

public enum ShapeFlexibility: Hashable, Sendable {
  case fixed
  case enumerated([[Int]])
  case ranges([SizeRange])

  /// Models may declare shapes without a default: the first enumerated shape, or the smallest sizes.
  public func defaultShape(declared: [Int]) -> [Int] {
    if !declared.isEmpty { return declared }
    switch self {
    case .fixed: return declared
    case .enumerated(let shapes): return shapes.first ?? []
    case .ranges(let ranges): return ranges.map { max($0.lower, 1) }
    }
  }
}

/// Raw values of `ArrayFeatureType.ArrayDataType` = `MLMultiArrayDataType`.
public enum ArrayDataType: Int, Sendable, Hashable {
  case float16 = 65552, float32 = 65568, double = 65600, int32 = 131104, int8 = 131080
}

public enum ColorSpace: Int, Sendable, Hashable { case grayscale = 10, rgb = 20, bgr = 30, grayscaleFloat16 = 40 }

public enum FeatureKind: Sendable {
  case int64, double, string
  case image(width: Int, height: Int, colorSpace: ColorSpace, flexibility: ShapeFlexibility)
  case multiArray(shape: [Int], dataType: ArrayDataType, flexibility: ShapeFlexibility, defaultValue: Double?)
  case dictionary(stringKeys: Bool)
  case sequence(strings: Bool, size: SizeRange)
  case state(shape: [Int], dataType: ArrayDataType)
}

public struct FeatureDescription: Sendable {
  public var name: String
  public var shortDescription: String
  public var kind: FeatureKind
  public var isOptional: Bool
  public init(name: String, shortDescription: String = "", kind: FeatureKind, isOptional: Bool = false) {
    self.name = name
    self.shortDescription = shortDescription
    self.kind = kind
    self.isOptional = isOptional
  }
}

/// Features of one function of a model (models before specification 9 have one, `main`).
public struct FunctionDescription: Sendable {
  public var name: String
  public var inputs: [FeatureDescription]
  public var outputs: [FeatureDescription]
  public var states: [FeatureDescription]
  public var predictedFeatureName: String
  public var predictedProbabilitiesName: String
  public init(
    name: String, inputs: [FeatureDescription], outputs: [FeatureDescription], states: [FeatureDescription] = [],
    predictedFeatureName: String = "", predictedProbabilitiesName: String = ""
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.states = states
    self.predictedFeatureName = predictedFeatureName
    self.predictedProbabilitiesName = predictedProbabilitiesName
  }
}

public struct ModelMetadata: Sendable {
  public var shortDescription = "", version = "", author = "", license = ""
  public var userDefined: [String: String] = [:]
  public init() {}
}

/// The kind of model inside, decoded as far as the reader goes; the payload of kinds that have an evaluator or a
/// lowering of their own is kept as the protobuf message's bytes and decoded there.
public indirect enum ModelKind: Sendable {
  case mlProgram(Program)
  /// neuralNetwork (500), neuralNetworkClassifier (403), neuralNetworkRegressor (303)
  case neuralNetwork(fieldNumber: Int, message: ByteSlice)
  /// pipeline (202), pipelineClassifier (200), pipelineRegressor (201)
  case pipeline(fieldNumber: Int, models: [ModelSpecification], names: [String])
  /// Everything else by its number in the `Type` oneof of Model.proto (glmRegressor = 300, …).
  case other(fieldNumber: Int, message: ByteSlice)
}

public struct ModelSpecification: Sendable {
  public var specificationVersion: Int
  /// At least one; `defaultFunctionName` is among them.
  public var functions: [FunctionDescription]
  public var defaultFunctionName: String
  public var metadata: ModelMetadata
  public var isUpdatable: Bool
  public var kind: ModelKind
  /// The oneof's name in Model.proto: `mlProgram`, `neuralNetworkClassifier`, `glmRegressor`, …
  public var kindName: String
  public init(
    specificationVersion: Int, functions: [FunctionDescription], defaultFunctionName: String, metadata: ModelMetadata,
    isUpdatable: Bool, kind: ModelKind, kindName: String
  ) {
    self.specificationVersion = specificationVersion
    self.functions = functions
    self.defaultFunctionName = defaultFunctionName
    self.metadata = metadata
    self.isUpdatable = isUpdatable
    self.kind = kind
    self.kindName = kindName
  }
}
