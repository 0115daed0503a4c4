import Engine
import MIL

open class MLModel: NSObject {
  public let modelDescription: MLModelDescription
  private let usedConfiguration: MLModelConfiguration
  private let predictor: any FeaturePredictor

  public convenience init(contentsOf url: URL) throws {
    try self.init(contentsOf: url, configuration: MLModelConfiguration())
  }

  public init(contentsOf url: URL, configuration: MLModelConfiguration) throws {
    let specification = try ModelFile.load(path: url.path)
    let name = configuration.functionName ?? specification.defaultFunctionName
    guard let function = specification.functions.first(where: { $0.name == name }) else {
      let known = specification.functions.map(\.name).joined(separator: ", ")
      throw ModelError(.notFound, "\(url.path): there is no function '\(name)'; the model has \(known)")
    }
    usedConfiguration = configuration.snapshot()
    predictor = try makePredictor(
      specification, function: function, options: configuration.executableOptions, path: url.path)
    modelDescription = predictor.description
  }

  /// The engine reads model files as they are: nothing to compile, the same place.
  public class func compileModel(at modelURL: URL) throws -> URL { modelURL }

  open var configuration: MLModelConfiguration { usedConfiguration.snapshot() }

  open func prediction(from input: any MLFeatureProvider) throws -> any MLFeatureProvider {
    try predict(input, MLPredictionOptions(), nil)
  }
  open func prediction(from input: any MLFeatureProvider, options: MLPredictionOptions) throws -> any MLFeatureProvider
  {
    try predict(input, options, nil)
  }

  public func makeState() -> MLState { MLState(predictor.makeState()) }
  open func prediction(from inputFeatures: any MLFeatureProvider, using state: MLState) throws -> any MLFeatureProvider
  {
    try predict(inputFeatures, MLPredictionOptions(), state)
  }
  open func prediction(from inputFeatures: any MLFeatureProvider, using state: MLState, options: MLPredictionOptions)
    throws -> any MLFeatureProvider
  {
    try predict(inputFeatures, options, state)
  }

  private func predict(_ provider: any MLFeatureProvider, _ options: MLPredictionOptions, _ state: MLState?) throws
    -> any MLFeatureProvider
  {
    let (prepared, revision) = options.takePrepared()
    if let prepared, prepared.isFor(predictor, provider) {
      defer { options.keepPrepared(prepared, revision: revision) }
      return try prepared(state?.storage)
    }
    let backings = options.outputBackings
    let outputs = try predictor.predict(provider, backings: backings, state: state?.storage)
    let result = MLDictionaryFeatureProvider(values: outputs)
    // A subclass may give other backings each time it is asked.
    if type(of: options) == MLPredictionOptions.self {
      options.keepPrepared(try predictor.prepare(provider, backings: backings, result), revision: revision)
    }
    return result
  }
}

public final class MLState: NSObject, @unchecked Sendable {
  let storage: StateStorage
  init(_ storage: StateStorage) { self.storage = storage }

  /// A state that the model does not have is an empty array: there is no error to throw here.
  public func withMultiArray<R>(for stateName: String, _ body: (MLMultiArray) throws -> R) rethrows -> R {
    try body(storage.tensors[stateName].flatMap(MLMultiArray.init(sharing:)) ?? MLMultiArray.empty)
  }
}

extension MLMultiArray {
  /// The tensor's own memory; nil for element types that arrays do not have.
  convenience init?(sharing tensor: TensorMemory) {
    guard let dataType = tensor.spec.element.multiArray else { return nil }
    self.init(
      base: tensor.address, sizes: tensor.spec.shape, strides: denseStrides(tensor.spec.shape), dataType: dataType,
      owner: tensor.owner)
  }

  fileprivate static var empty: MLMultiArray {
    let bytes = OwnedBytes(byteCount: 0)
    return MLMultiArray(base: bytes.pointer, sizes: [0], strides: [1], dataType: .float32, owner: bytes)
  }
}

extension ElementType {
  var multiArray: MLMultiArrayDataType? {
    switch self {
    case .float16: return .float16
    case .float32: return .float32
    case .float64: return .double
    case .int32: return .int32
    case .int8: return .int8
    default: return nil
    }
  }
}
