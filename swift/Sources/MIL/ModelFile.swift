/// Reads model files of every format.
public enum ModelFile {
  public enum Format: String, Sendable { case mlpackage, mlmodel, mlmodelc, safetensors, gguf }

  /// The format by the file's or directory's content; names what it recognises but cannot be read.
  public static func detect(path: String) throws -> Format { try FormatDetection.detect(path) }

  public static func load(path: String) throws -> ModelSpecification {
    switch try detect(path: path) {
    case .mlpackage: return try ModelPackage(path: path).model()
    case .mlmodel: return try model(at: path, package: Path.directory(of: path))
    case .mlmodelc: return try CompiledModel(path: path).model()
    case .safetensors, .gguf:
      throw ModelError(
        .unsupported,
        "\(path): a file of weights has no program to run; expected a Core ML model (.mlpackage, .mlmodel, .mlmodelc)")
    }
  }

  /// The model in one protobuf file; its weight files lie in its directory and not outside `package`.
  static func model(at path: String, package: String) throws -> ModelSpecification {
    let file = try MappedFile(path: path)
    if file.slice.starts(with: gitLFSPrefix) { throw gitLFSPointer(path, what: "the model") }
    return try model(parsing: file.slice, name: path, directory: Path.directory(of: path), package: package)
  }

  /// The model in a protobuf message in memory. `name` stands for it in messages; weight files are looked for in
  /// `directory` and not outside `package`.
  public static func model(parsing bytes: ByteSlice, name: String, directory: String, package: String) throws
    -> ModelSpecification
  {
    let weights = try WeightFiles(directory: directory, package: package)
    return try ModelReader(weights: weights).model(ProtobufMessage(bytes, name: name))
  }

  /// The program in a MIL text in memory; the same of names and weight files.
  public static func program(parsingText bytes: ByteSlice, name: String, directory: String, package: String) throws
    -> Program
  {
    try MILTextParser.parse(bytes, name: name, weights: WeightFiles(directory: directory, package: package)).program
  }
}
