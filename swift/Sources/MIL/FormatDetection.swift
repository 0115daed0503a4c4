/// Tells formats apart by content; names and extensions play no part.
enum FormatDetection {
  static func detect(_ path: String) throws -> ModelFile.Format {
    if Path.kind(path) == .directory { return try directory(path) }
    let mapped = try MappedFile(path: path)
    return try withExtendedLifetime(mapped) { try file(mapped.slice, name: path) }
  }

  private static func directory(_ path: String) throws -> ModelFile.Format {
    func has(_ name: String) -> Bool { Path.kind(Path.join(path, name)) != nil }
    if has(ModelPackage.manifestName) { return .mlpackage }
    if has("coremldata.bin") || has("model.mil") || has("model.espresso.net") { return .mlmodelc }
    if has("saved_model.pb") { throw unsupported(path, "a TensorFlow SavedModel; convert it with coremltools") }
    if has("Data/com.apple.CoreML") || has("com.apple.CoreML") {
      throw ModelError(
        .notFound, "\(path): a model package without its \(ModelPackage.manifestName); copy the whole .mlpackage")
    }
    let entries = Path.entries(of: path)
    if entries.isEmpty { throw ModelError(.malformed, "\(path): the directory is empty, expected a model") }
    let models = entries.filter { $0.hasSuffix(".mlpackage") || $0.hasSuffix(".mlmodel") || $0.hasSuffix(".mlmodelc") }
    let hint = models.isEmpty ? "" : "; it contains \(models.prefix(3).joined(separator: ", "))"
    throw ModelError(
      .unsupported,
      "\(path): no model in this directory: expected \(ModelPackage.manifestName) (.mlpackage) or coremldata.bin and model.mil (.mlmodelc)\(hint)"
    )
  }

  static func file(_ file: ByteSlice, name: String) throws -> ModelFile.Format {
    if file.starts(with: "GGUF") { return .gguf }
    if isSafeTensors(file) { return .safetensors }
    if file.starts(with: gitLFSPrefix) { throw gitLFSPointer(name, what: "the model") }
    if let what = recognised(file) { throw unsupported(name, what) }
    if isONNX(file) { throw unsupported(name, "an ONNX model; convert the original network with coremltools") }
    // specificationVersion or description: every writer puts the fields in the order of their numbers.
    if file.load(UInt8.self, at: 0) == 0x08 || file.load(UInt8.self, at: 0) == 0x12 { return .mlmodel }
    let first = file.bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    throw ModelError(
      .unsupported,
      "\(name): not a model of a known format (it begins with \(first)); expected a Core ML model, SafeTensors or GGUF")
  }

  /// A header length within the reader's cap, then a JSON object. A header longer than the file is a truncated file, which the reader says.
  private static func isSafeTensors(_ file: ByteSlice) -> Bool {
    guard let length = file.load(UInt64.self, at: 0), let opening = file.load(UInt8.self, at: 8) else { return false }
    return opening == UInt8(ascii: "{") && length >= 2 && length <= UInt64(SafeTensorsReader.maximumHeaderBytes)
  }

  /// Formats that are known by their first bytes but cannot be read.
  private static func recognised(_ file: ByteSlice) -> String? {
    if file.starts(with: "PK\u{3}\u{4}") { return zipContent(file) }
    if file.starts(with: "program(") {
      return "the text of a compiled model; pass the .mlmodelc folder that it belongs to"
    }
    if file.load(UInt64.self, at: 0) == 0x0A1A_0A0D_4644_4889 {
      return "an HDF5 file (Keras); convert it with coremltools"
    }
    if file.load(UInt16.self, at: 0) == 0x8B1F { return "a gzip archive; unpack it first" }
    if file.slice(at: 4, byteCount: 4)?.starts(with: "TFL3") == true {
      return "a TensorFlow Lite model; convert the original network with coremltools"
    }
    if let protocolVersion = file.load(UInt8.self, at: 1), file.load(UInt8.self, at: 0) == 0x80,
      (2...5).contains(protocolVersion)
    {
      return "a Python pickle (PyTorch); convert it with coremltools"
    }
    if file.load(UInt32.self, at: 4) == 2, file.load(UInt32.self, at: BlobStorage.alignment) == 0xDEAD_BEEF {
      return "the weights of a model; pass the .mlpackage or .mlmodelc that they belong to"
    }
    switch file.bytes.first {
    case UInt8(ascii: "{"):
      return "a JSON text; if it is a package's \(ModelPackage.manifestName), pass the .mlpackage folder"
    case UInt8(ascii: "<"): return "an HTML or XML page; the download of the model went wrong"
    default: return nil
    }
  }

  private static func zipContent(_ file: ByteSlice) -> String {
    guard let length = file.load(UInt16.self, at: 26), let name = file.slice(at: 30, byteCount: Int(length))?.text
    else { return "a ZIP archive; unpack it first" }
    if name.contains(".mlpackage") || name.contains(".mlmodel") || name.hasPrefix(ModelPackage.manifestName) {
      return "a zipped Core ML model; unpack it first"
    }
    if name.hasSuffix("data.pkl") || name.contains("/data/") || name.contains("/version") {
      return "a PyTorch file; convert it with coremltools"
    }
    return "a ZIP archive (its first entry is \(name.debugDescription)); unpack it first"
  }

  /// ONNX ModelProto has graph = 7 and opset_import = 8 and nothing beyond 25; Core ML's model type is 200 or more.
  private static func isONNX(_ file: ByteSlice) -> Bool {
    var fields = ProtobufMessage(file, name: "").fields()
    var hasGraph = false
    while let field = try? fields.next() {
      if field.number >= 100 { return false }
      if case .bytes = field.value, field.number == 7 || field.number == 8 { hasGraph = true }
    }
    return hasGraph
  }

  private static func unsupported(_ name: String, _ what: String) -> ModelError {
    ModelError(.unsupported, "\(name): this is \(what). Expected a Core ML model (.mlpackage, .mlmodel, .mlmodelc)")
  }
}
