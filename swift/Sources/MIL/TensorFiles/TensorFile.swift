/// One tensor of a file: its elements lie where the file is mapped.
public struct StoredTensor: Sendable {
  public let name: String
  public let type: StoredType
  /// Row-major, outermost first.
  public let shape: [Int]
  public let bytes: ByteSlice
}

/// A file of named tensors without a program: SafeTensors (also in shards) or GGUF. Opening reads the header alone; everything
/// in it is checked, and the bytes of every tensor lie inside the file.
public struct TensorFile: Sendable {
  public enum Format: String, Sendable { case safetensors = "SafeTensors", gguf = "GGUF" }

  public let format: Format
  public let path: String
  /// Of GGUF; SafeTensors has none.
  public let version: Int
  /// In the file's order.
  public let metadata: [(key: String, value: MetadataValue)]
  public let tensors: [StoredTensor]
  /// Whether writes to the tensors' memory stay private to this process; otherwise the memory is read-only.
  public let isWritable: Bool

  /// The type that most bytes are stored in.
  public var quantization: String {
    var byteCounts: [StoredType: Int] = [:]
    for tensor in tensors { byteCounts[tensor.type, default: 0] += tensor.bytes.count }
    return byteCounts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key.rawValue ?? "none"
  }
}

extension TensorFile {
  /// Whether the path is a SafeTensors or GGUF file, an index of shards, or a folder with one of them. Never fails: what cannot be read is none.
  public static func detect(path: String) -> Bool {
    if Path.kind(path) == .directory { return (try? SafeTensorsIndex.member(of: path)) != nil && !hasModel(path) }
    guard let file = try? MappedFile(path: path) else { return false }
    return withExtendedLifetime(file) {
      if SafeTensorsIndex.isIndex(file.slice) { return true }
      guard let format = try? FormatDetection.file(file.slice, name: path) else { return false }
      return format == .safetensors || format == .gguf
    }
  }

  public init(path: String) throws {
    let path = Path.kind(path) == .directory ? try SafeTensorsIndex.member(of: path) : path
    let file = try MappedFile(path: path, isPrivatelyWritable: true)
    if SafeTensorsIndex.isIndex(file.slice) {
      self = try SafeTensorsIndex.open(path: path, file: file)
      return
    }
    self = try TensorFile(parsing: file.slice, path: path, isWritable: file.isWritable)
  }

  /// From bytes in memory, which are no index; `path` stands for them in messages.
  public init(parsing bytes: ByteSlice, path: String, isWritable: Bool = false) throws {
    switch try FormatDetection.file(bytes, name: path) {
    case .safetensors: self = try SafeTensorsReader.read(bytes, path: path, isWritable: isWritable)
    case .gguf: self = try GGUFReader.read(bytes, path: path, isWritable: isWritable)
    default: throw ModelError(.unsupported, "\(path): this is a model, not a file of weights; loadModel loads it")
    }
  }

  /// A folder with a Core ML model in it stays one, whatever lies beside it.
  private static func hasModel(_ directory: String) -> Bool { (try? FormatDetection.detect(directory)) != nil }
}
