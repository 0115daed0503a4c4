import MIL

/// Reads a file as its name says, damaged in every way that one byte allows and cut at every length.
/// Reading must answer with a model or a `ModelError`; a trap ends the process, which is what the test looks for.
func mutate(_ path: String) -> JSON {
  guard let file = try? MappedFile(path: path) else { return ["error": .string("cannot read \(path)")] }
  let original = withExtendedLifetime(file) { [UInt8](file.bytes) }
  let directory = String(path.prefix { _ in true }.reversed().drop { $0 != "/" }.dropFirst().reversed())
  var accepted = 0
  var refused = 0

  func attempt(_ bytes: [UInt8]) {
    let slice = bytes.withUnsafeBytes { ByteSlice(copying: $0) }
    do {
      try read(slice, path: path, directory: directory)
      accepted += 1
    } catch { refused += 1 }
  }

  for length in 0..<original.count { attempt(Array(original[..<length])) }
  for offset in original.indices {
    var damaged = original
    for bit in 0..<8 {
      damaged[offset] = original[offset] ^ (1 << UInt8(bit))
      attempt(damaged)
    }
    for byte: UInt8 in [0, 0x7F, 0x80, 0xFF] {
      damaged[offset] = byte
      attempt(damaged)
    }
  }
  return ["accepted": JSON(accepted), "refused": JSON(refused)]
}

private func read(_ slice: ByteSlice, path: String, directory: String) throws {
  if path.hasSuffix(".json") {
    _ = try JSON(parsing: slice, name: path)
  } else if path.hasSuffix(".bin") {
    let storage = try BlobStorage(slice, name: path)
    for byteCount in [0, 2, 64] { _ = try? storage.data(at: 64, byteCount: byteCount) }
  } else if path.hasSuffix(".safetensors") || path.hasSuffix(".gguf") {
    for (_, value) in try TensorFile(parsing: slice, path: path).metadata { _ = value.json }
  } else if path.hasSuffix(".mil") {
    _ = try ModelFile.program(parsingText: slice, name: path, directory: directory, package: directory)
  } else {
    let model = try ModelFile.model(parsing: slice, name: path, directory: directory, package: directory)
    guard case .neuralNetwork(_, let message) = model.kind, let function = model.functions.first else { return }
    _ = try ProgramStatistics(network: message)
    let lowering = try NeuralNetworkLowering(message: message, description: function)
    _ = try lowering.lower(lowering.defaultShapes())
  }
}
