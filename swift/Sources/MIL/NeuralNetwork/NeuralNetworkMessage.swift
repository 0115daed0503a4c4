/// The message NeuralNetwork (also as the branches and bodies of control flow), NeuralNetworkClassifier or NeuralNetworkRegressor.
struct NeuralNetworkMessage {
  struct Layer {
    var name = ""
    var inputs: [String] = []
    var outputs: [String] = []
    /// Number of the layer's kind in the oneof, with its parameters.
    var kind = 0
    var parameters: ProtobufMessage
    /// Ranks that the file notes for the outputs.
    var outputRanks: [Int] = []
  }

  enum ClassLabels {
    case strings([String])
    case ints([Int64])
  }

  struct Preprocessing {
    var featureName = ""
    var scaler: ProtobufMessage?
    var meanImage: ProtobufMessage?
  }

  var layers: [Layer] = []
  var preprocessing: [Preprocessing] = []
  var mapsArraysToRank5 = true
  var mapsImagesToRank5 = true
  var classLabels: ClassLabels?
  var labelProbabilityLayerName = ""

  init(_ message: ProtobufMessage) throws {
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: layers.append(try NeuralNetworkMessage.layer(field.message()))
      case 2: preprocessing.append(try NeuralNetworkMessage.preprocessing(field.message()))
      case 5: mapsArraysToRank5 = try field.int64() == 0
      case 6: mapsImagesToRank5 = try field.int64() == 0
      case 100: classLabels = .strings(try LayerParameters(field.message()).strings(1))
      case 101: classLabels = .ints(try LayerParameters(field.message()).int64s(1))
      case 200: labelProbabilityLayerName = try field.string()
      default: break
      }
    }
  }

  private static func layer(_ message: ProtobufMessage) throws -> Layer {
    var layer = Layer(parameters: message)
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: layer.name = try field.string()
      case 2: layer.inputs.append(try field.string())
      case 3: layer.outputs.append(try field.string())
      case 5: layer.outputRanks.append(try LayerParameters(field.message()).int(1))
      case 100...:
        layer.kind = field.number
        layer.parameters = try field.message()
      default: break
      }
    }
    return layer
  }

  private static func preprocessing(_ message: ProtobufMessage) throws -> Preprocessing {
    var result = Preprocessing()
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: result.featureName = try field.string()
      case 10: result.scaler = try field.message()
      case 11: result.meanImage = try field.message()
      default: break
      }
    }
    return result
  }
}
