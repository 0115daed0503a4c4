#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads model files of every format.
public enum ModelFile {
  public enum Format: String, Sendable { case mlpackage, mlmodel, mlmodelc, safetensors, gguf }

  /// The format by the file's or directory's content; names what it recognises but cannot be read.
  public static func detect(path: String) throws -> Format { try FormatDetection.detect(path) }

  /// Inside `body`, `load` of this path on this thread reads the file once and then answers with what it has read: whoever asks twice
  /// (the bridge, and the portable Core ML under it) sees one state of the file.
  public static func readingOnce<R>(_ path: String, _ body: () throws -> R) rethrows -> R {
    let (outer, once) = (OnceRead.current, OnceRead(path))
    OnceRead.current = once
    defer { withExtendedLifetime(once) { OnceRead.current = outer } }
    return try body()
  }

  public static func load(path: String) throws -> ModelSpecification {
    guard let once = OnceRead.current, once.path == path else { return try read(path: path) }
    if let known = once.specification { return known }
    let specification = try read(path: path)
    once.specification = specification
    return specification
  }

  private static func read(path: String) throws -> ModelSpecification {
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

/// What `readingOnce` keeps for a thread.
private final class OnceRead {
  let path: String
  var specification: ModelSpecification?
  init(_ path: String) { self.path = path }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Retained by `readingOnce`, whose variable outlives the pointer here.
  static var current: OnceRead? {
    get { pthread_getspecific(key).map { Unmanaged<OnceRead>.fromOpaque($0).takeUnretainedValue() } }
    set { pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }) }
  }
}
