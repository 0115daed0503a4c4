/// Model.proto `ModelDescription`: the features of every function, and the metadata.
struct DescriptionReader {
  /// The one function of models that do not list theirs.
  static let mainFunctionName = "main"

  private(set) var functions: [FunctionDescription] = []
  private(set) var defaultFunctionName = ""
  private(set) var metadata = ModelMetadata()
  /// Numbers of the fields seen, for those who must guess whether these bytes are a description at all.
  private(set) var fieldNumbers: Set<Int> = []

  init(_ message: ProtobufMessage) throws {
    var single = FunctionDescription(name: DescriptionReader.mainFunctionName, inputs: [], outputs: [])
    var fields = message.fields()
    while let field = try fields.next() {
      fieldNumbers.insert(field.number)
      switch field.number {
      case 1: single.inputs.append(try FeatureReader.feature(field.message()))
      case 10: single.outputs.append(try FeatureReader.feature(field.message()))
      case 11: single.predictedFeatureName = try field.string()
      case 12: single.predictedProbabilitiesName = try field.string()
      case 13: single.states.append(try FeatureReader.feature(field.message()))
      case 20: functions.append(try DescriptionReader.function(field.message()))
      case 21: defaultFunctionName = try field.string()
      case 100: metadata = try DescriptionReader.metadata(field.message())
      default: break
      }
    }
    if functions.isEmpty { functions = [single] }
    if defaultFunctionName.isEmpty { defaultFunctionName = functions[0].name }
    guard functions.contains(where: { $0.name == defaultFunctionName }) else {
      throw message.malformed(
        "the default function '\(defaultFunctionName)' is not among the functions \(functions.map(\.name).joined(separator: ", "))"
      )
    }
    for index in functions.indices { try DescriptionReader.checkNames(&functions[index], in: message) }
  }

  private static func checkNames(_ function: inout FunctionDescription, in message: ProtobufMessage) throws {
    var inputs: Set<String> = []
    for feature in function.inputs + function.states where !inputs.insert(feature.name).inserted {
      throw message.malformed("two input features are named '\(feature.name)'")
    }
    // coremltools lists an output twice when a pass has merged two equal ones.
    var outputs: Set<String> = []
    function.outputs.removeAll { !outputs.insert($0.name).inserted }
  }

  private static func function(_ message: ProtobufMessage) throws -> FunctionDescription {
    var function = FunctionDescription(name: "", inputs: [], outputs: [])
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: function.name = try field.string()
      case 2: function.inputs.append(try FeatureReader.feature(field.message()))
      case 3: function.outputs.append(try FeatureReader.feature(field.message()))
      case 4: function.predictedFeatureName = try field.string()
      case 5: function.predictedProbabilitiesName = try field.string()
      case 6: function.states.append(try FeatureReader.feature(field.message()))
      default: break
      }
    }
    guard !function.name.isEmpty else { throw message.malformed("a function has no name") }
    return function
  }

  private static func metadata(_ message: ProtobufMessage) throws -> ModelMetadata {
    var metadata = ModelMetadata()
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: metadata.shortDescription = try field.string()
      case 2: metadata.version = try field.string()
      case 3: metadata.author = try field.string()
      case 4: metadata.license = try field.string()
      case 100:
        let entry = try field.message()
        var key = ""
        var value = ""
        try entry.forEach(field: 1) { key = try $0.string() }
        try entry.forEach(field: 2) { value = try $0.string() }
        metadata.userDefined[key] = value
      default: break
      }
    }
    return metadata
  }
}
