// libFuzzer's entry. TENSORLOGIC_FUZZ names the reader: what the bytes stand for in a model that is otherwise whole. Every reader runs
// through MLModel(contentsOf:), as in the library, so that what reading gives also goes through lowering, passes and planning.
import CoreML
import Glibc
import MIL

private enum Reader: String {
  /// The protobuf of a .mlmodel file: programs, neural networks, classical models, pipelines, by the corpus.
  case model, network, classical
  /// One file of a package or of a compiled model.
  case weights, manifest, text
  /// A file of tensors.
  case safetensors, gguf

  /// The bytes' file inside the folder of the case.
  var file: String {
    switch self {
    case .model, .network, .classical: return "model.mlmodel"
    case .weights: return "model.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    case .manifest: return "model.mlpackage/Manifest.json"
    case .text: return "model.mlmodelc/model.mil"
    case .safetensors, .gguf: return "tensors.\(rawValue)"
    }
  }
}

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

private let reader = environment("TENSORLOGIC_FUZZ").flatMap(Reader.init) ?? .model
/// A folder of this process, in memory, that holds the rest of the model.
private let folder = environment("TENSORLOGIC_FUZZ_FOLDER") ?? "."
private let file = "\(folder)/\(reader.file)"
private let model = "\(folder)/\(reader.file.prefix { $0 != "/" })"

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  guard descriptor >= 0, write(descriptor, data, size) == size, close(descriptor) == 0 else { abort() }
  if reader == .safetensors || reader == .gguf {
    if let tensors = try? TensorFile(path: model) { readAll(tensors) }
    return 0
  }
  guard let loaded = try? MLModel(contentsOf: URL(fileURLWithPath: model)) else { return 0 }
  // Small models without loops that bytes can make endless are also run.
  if reader == .classical { _ = try? loaded.prediction(from: MLDictionaryFeatureProvider(dictionary: zeros(loaded))) }
  return 0
}

/// A value of the right type for every input that the model takes.
private func zeros(_ model: MLModel) -> [String: Any] {
  var values: [String: Any] = [:]
  for (name, feature) in model.modelDescription.inputDescriptionsByName {
    switch feature.type {
    case .int64: values[name] = MLFeatureValue(int64: 0)
    case .double: values[name] = MLFeatureValue(double: 0)
    case .string: values[name] = MLFeatureValue(string: "")
    case .dictionary: values[name] = try? MLFeatureValue(dictionary: [:])
    case .multiArray:
      guard let constraint = feature.multiArrayConstraint,
        constraint.shape.reduce(1.0, { $0 * $1.doubleValue }) <= 4096
      else { continue }
      values[name] = (try? MLMultiArray(shape: constraint.shape, dataType: constraint.dataType)).map(MLFeatureValue.init(multiArray:))
    default: continue
    }
  }
  return values
}

/// Touches what opening only promised to be there.
private func readAll(_ file: TensorFile) {
  for entry in file.metadata { _ = entry.value.json }
  for tensor in file.tensors {
    withExtendedLifetime(tensor.bytes) {
      let bytes = tensor.bytes.bytes
      if let first = bytes.first, let last = bytes.last { sink = first &+ last }
    }
  }
}

private var sink: UInt8 = 0
