/// A `.mlmodelc`: what Core ML compiles a model into. That of an ML program has `model.mil` (text), the same weight
/// files as the package, `coremldata.bin` and, from Xcode, `metadata.json`. Of other kinds only Core ML knows the format.
struct CompiledModel {
  let path: String
  private let enclosure: Enclosure

  init(path: String) throws {
    self.path = path
    enclosure = try Enclosure(path)
  }

  private func has(_ name: String) -> Bool { Path.kind(Path.join(path, name)) != nil }

  private func file(_ name: String, what: String) throws -> ByteSlice {
    try MappedFile(path: enclosure.locate(name, in: path, what: what)).slice
  }

  func model() throws -> ModelSpecification {
    guard has("model.mil") else { throw unsupportedKind() }
    let text = try file("model.mil", what: "the program")
    let textPath = Path.join(path, "model.mil")
    if text.starts(with: gitLFSPrefix) { throw gitLFSPointer(textPath, what: "the program") }
    let parsed = try MILTextParser.parse(text, name: textPath, weights: WeightFiles(directory: path, package: path))
    let metadata =
      has("metadata.json")
      ? try CompiledMetadata(file("metadata.json", what: "the metadata"), name: Path.join(path, "metadata.json")) : nil
    let description = try description(of: parsed, metadata: metadata)
    let specification = ModelSpecification(
      specificationVersion: metadata?.specificationVersion ?? parsed.program.impliedSpecificationVersion,
      functions: description.functions,
      defaultFunctionName: description.defaultFunctionName, metadata: description.metadata, isUpdatable: false,
      kind: .mlProgram(parsed.program), kindName: "mlProgram")
    try specification.checkFeatures(against: parsed.program, file: textPath)
    return specification
  }

  /// The model's own description where it can be found, else what the metadata and the program's signature tell.
  private func description(of parsed: MILTextParser.Result, metadata: CompiledMetadata?) throws -> CompiledDescription {
    if has("coremldata.bin"),
      let found = CompiledDescription(searching: try file("coremldata.bin", what: "the description"))
    {
      return found
    }
    let functions = parsed.program.functions.values.sorted { $0.name < $1.name }.map { function in
      FunctionDescription(signature: function, shapes: parsed.flexibleShapes[function.name], metadata: metadata)
    }
    let main = functions.first { $0.name == DescriptionReader.mainFunctionName } ?? functions[0]
    return CompiledDescription(
      functions: functions, defaultFunctionName: main.name, metadata: metadata?.metadata ?? ModelMetadata())
  }

  private func unsupportedKind() -> ModelError {
    let advice = "its format is known to Core ML alone. Load the .mlmodel or .mlpackage that it was compiled from"
    if has("model.espresso.net") || has("neural_network_optionals") {
      return ModelError(.unsupported, "\(path): a compiled neural network (Espresso); \(advice)")
    }
    if has("model0") { return ModelError(.unsupported, "\(path): a compiled pipeline; \(advice)") }
    let number = (try? file("coremldata.bin", what: "the description"))?.load(UInt32.self, at: 0)
    if let number, let kind = modelKindNames[Int(number)], kind != "mlProgram" {
      return ModelError(.unsupported, "\(path): a compiled \(kind); \(advice)")
    }
    return ModelError(.notFound, "\(path)/model.mil: the compiled program is missing; copy the whole .mlmodelc")
  }
}

extension Program {
  /// What the newest opset of the functions needs: CoreML5 came with specification 6.
  fileprivate var impliedSpecificationVersion: Int {
    functions.values.compactMap { $0.opset.hasPrefix("CoreML") ? Int($0.opset.dropFirst(6)) : nil }.max().map {
      min($0, 100) + 1
    } ?? 6
  }
}
