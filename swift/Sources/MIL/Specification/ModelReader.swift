/// Model.proto → `ModelSpecification`.
struct ModelReader {
  /// Pipelines may hold pipelines; bounds the stack.
  private static let maximumPipelineDepth = 16
  /// Specification 10 is that of iOS 26 and macOS 26.
  static let newestVersion = 10

  private let weights: WeightFiles

  init(weights: WeightFiles) { self.weights = weights }

  func model(_ message: ProtobufMessage, depth: Int = 0) throws -> ModelSpecification {
    guard depth < ModelReader.maximumPipelineDepth else {
      throw message.malformed("expected at most \(ModelReader.maximumPipelineDepth) nested pipelines")
    }
    var version = 0
    var description: DescriptionReader?
    var isUpdatable = false
    var content: ProtobufField?
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: version = Int(try field.int32())
      case 2: description = try DescriptionReader(field.message())
      case 10: isUpdatable = try field.bool()
      case 200...: content = field
      default: break
      }
    }
    guard version > 0 else {
      throw message.malformed("specification version \(version), expected 1 or more; not a Core ML model")
    }
    guard version <= ModelReader.newestVersion else {
      throw ModelError(
        .unsupported,
        "\(message.name): specification version \(version), expected at most \(ModelReader.newestVersion); the model needs a newer version of this package"
      )
    }
    guard let description else { throw message.malformed("the model has no description") }
    guard let content else {
      throw message.malformed("there is no model behind the description; the file is truncated or damaged")
    }
    guard let kindName = modelKindNames[content.number] else {
      throw ModelError(
        .unsupported,
        "\(message.name): model type \(content.number) is not known to this version (specification version \(version))")
    }
    let specification = ModelSpecification(
      specificationVersion: version, functions: description.functions,
      defaultFunctionName: description.defaultFunctionName, metadata: description.metadata,
      isUpdatable: isUpdatable, kind: try kind(content, depth: depth), kindName: kindName)
    if case .mlProgram(let program) = specification.kind {
      try specification.checkFeatures(against: program, file: message.name)
    }
    return specification
  }

  private func kind(_ field: ProtobufField, depth: Int) throws -> ModelKind {
    let message = try field.message()
    switch field.number {
    case 502: return .mlProgram(try ProgramReader(weights: weights).program(message))
    case 303, 403, 500: return .neuralNetwork(fieldNumber: field.number, message: message.slice)
    case 202: return try pipeline(message, fieldNumber: 202, depth: depth)
    case 200, 201:
      var pipeline: ModelKind?
      try message.forEach(field: 1) {
        pipeline = try self.pipeline($0.message(), fieldNumber: field.number, depth: depth)
      }
      guard let pipeline else { throw message.malformed("the pipeline is missing") }
      return pipeline
    default: return .other(fieldNumber: field.number, message: message.slice)
    }
  }

  private func pipeline(_ message: ProtobufMessage, fieldNumber: Int, depth: Int) throws -> ModelKind {
    var models: [ModelSpecification] = []
    var names: [String] = []
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1:
        models.append(
          try within("model \(models.count) of the pipeline") { try model(field.message(), depth: depth + 1) })
      case 2: names.append(try field.string())
      default: break
      }
    }
    guard !models.isEmpty else { throw message.malformed("the pipeline has no models") }
    return .pipeline(fieldNumber: fieldNumber, models: models, names: names)
  }
}

extension ModelSpecification {
  /// The description and the program must speak of the same inputs and outputs.
  func checkFeatures(against program: Program, file: String) throws {
    for description in functions {
      guard let function = program.functions[description.name] else {
        throw ModelError(
          .malformed,
          "\(file): the description has a function '\(description.name)', the program has: \(program.functions.keys.sorted().joined(separator: ", "))"
        )
      }
      let described = Set((description.inputs + description.states).map(\.name))
      let taken = Set(function.inputs.map(\.name))
      for name in described.subtracting(taken).sorted() {
        throw ModelError(.malformed, "\(file): feature '\(name)' is not an input of function '\(function.name)'")
      }
      for name in taken.subtracting(described).sorted() {
        throw ModelError(
          .malformed, "\(file): input '\(name)' of function '\(function.name)' is not in the description")
      }
      let given = Set(function.block.outputs)
      for output in description.outputs where !given.contains(output.name) {
        throw ModelError(
          .malformed, "\(file): feature '\(output.name)' is not an output of function '\(function.name)'")
      }
    }
  }
}
