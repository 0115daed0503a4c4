import CTensorLogic
import CoreML
import Kernels
import MIL

/// A model that is ready to run, with what its file says that Core ML's API does not.
final class LoadedModel: Handled {
  static let handleKind = HandleKind.model

  let path: String
  let options: ModelOptions
  /// nil for files that only Apple's Core ML reads.
  let specification: MIL.ModelSpecification?
  let function: MIL.FunctionDescription?
  /// In the order of the file.
  let inputs: [MLFeatureDescription]
  let outputs: [MLFeatureDescription]
  let states: [MLFeatureDescription]
  let description: MLModelDescription
  private let model: MLModel
  /// "Use an MLModel instance on one thread or one dispatch queue at a time" (its documentation).
  private let predictionLock = Lock()

  init(path: String, options: ModelOptions) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw Failure(TL_E_ARGUMENT, "path: expected the path of a model, got \(path.debugDescription)")
    }
    self.path = path
    self.options = options
    (specification, function, model) = try ModelFile.readingOnce(path) {
      let specification = try readSpecification(path)
      let function = try selectFunction(specification, options.function, path)
      return (specification, function, try load(path, options.configuration()))
    }
    description = model.modelDescription
    inputs = ordered(description.inputDescriptionsByName, function?.inputs)
    outputs = ordered(description.outputDescriptionsByName, function?.outputs)
    if #available(macOS 15.0, *) {
      states = ordered(description.stateDescriptionsByName, function?.states)
    } else {
      states = []
    }
    Counters.shared.changeLoadedModels(by: 1)
  }

  deinit { Counters.shared.changeLoadedModels(by: -1) }

  func predict(_ inputs: any MLFeatureProvider, _ options: MLPredictionOptions, _ state: ModelState?) throws
    -> any MLFeatureProvider
  {
    try withPredictionLock {
      guard let state else { return try model.prediction(from: inputs, options: options) }
      guard #available(macOS 15.0, *) else { throw Failure(TL_E_UNSUPPORTED, "states need macOS 15") }
      return try state.withState { try model.prediction(from: inputs, using: $0, options: options) }
    }
  }

  @available(macOS 15.0, *)
  func makeState() -> MLState { model.makeState() }

  #if canImport(ObjectiveC)
    private func withPredictionLock<R>(_ body: () throws -> R) rethrows -> R { try predictionLock.withLock(body) }
  #else
    /// The portable engine runs one model on several threads at once.
    private func withPredictionLock<R>(_ body: () throws -> R) rethrows -> R { try body() }
  #endif

  var device: String {
    guard isPortable else { return "coreml (\(options.computeUnitsName))" }
    return options.precision == .fast && tlk_isa_active() == TLK_ISA_AMX ? "cpu (portable, bf16 products)" : "cpu (portable)"
  }
}

private func load(_ path: String, _ configuration: MLModelConfiguration) throws -> MLModel {
  do {
    return try MLModel(contentsOf: CompiledModels.url(of: path), configuration: configuration)
  } catch {
    // What is wrong with an operation does not say in which file.
    var failure = Failure(error)
    if !failure.message.contains(path) { failure.message = "\(path): \(failure.message)" }
    throw failure
  }
}

private func readSpecification(_ path: String) throws -> MIL.ModelSpecification? {
  do {
    return try ModelFile.load(path: path)
  } catch let error as ModelError where error.code == .unsupported && !isPortable {
    return nil
  }
}

private func selectFunction(_ specification: MIL.ModelSpecification?, _ name: String?, _ path: String) throws -> MIL
  .FunctionDescription?
{
  guard let specification else { return nil }
  let wanted = name ?? specification.defaultFunctionName
  if let function = specification.functions.first(where: { $0.name == wanted }) { return function }
  let known = specification.functions.map(\.name).joined(separator: ", ")
  throw Failure(TL_E_NOT_FOUND, "\(path): there is no function '\(wanted)'; the model has \(known)")
}

/// Core ML gives dictionaries; the file has an order.
private func ordered(_ byName: [String: MLFeatureDescription], _ order: [MIL.FeatureDescription]?)
  -> [MLFeatureDescription]
{
  guard let order else { return byName.values.sorted { $0.name < $1.name } }
  return order.compactMap { byName[$0.name] }
}
