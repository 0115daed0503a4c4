/// Writes MIL operations while layers are lowered, and keeps for each blob of the network which value holds it now.
final class GraphWriter {
  /// The blobs of the network in the scope that is being lowered.
  var blobs: [String: NetworkTensor] = [:]
  private(set) var operations: [Operation] = []
  let weights: LayerWeights
  /// Layers that the file puts into a loop or branch nest; bounds the recursion.
  var depth = 0
  private var loweredLayers = 0
  /// How converters write ReLU6 (min is no layer of one input): −max(−relu(x), −6).
  enum Origin {
    case relu(of: NetworkTensor)
    case negative(of: NetworkTensor)
    /// max(−x, the number)
    case negativeAbove(Float, of: NetworkTensor)
  }
  /// What values are of others, by name.
  var origins: [String: Origin] = [:]
  /// Values of the old five axes → the same without the sequence, by name (`raised`).
  private var planar: [String: NetworkTensor] = [:]
  private var usedNames: Set<String> = []
  private var counter = 0
  /// Name of the blob that is being made: the stem of the values' names, so that errors at run time lead to the layer.
  private var stem = "value"

  init(weights: LayerWeights) { self.weights = weights }

  /// Far more layers than any network has: bodies of nested loops are lowered several times each.
  private static let layerLimit = 1 << 20
  /// Sizes beyond it are left to the engine, which refuses them: products of two below it cannot overflow.
  private static let sizeLimit = 1 << 31

  func begin(_ stem: String) throws {
    self.stem = stem
    loweredLayers += 1
    guard loweredLayers <= GraphWriter.layerLimit else { throw ModelError(.unsupported, "loops and branches are nested too deep: more than \(GraphWriter.layerLimit) layers") }
  }

  func uniqueName(_ wanted: String) -> String {
    if usedNames.insert(wanted).inserted { return wanted }
    while true {
      counter += 1
      let name = "\(wanted).\(counter)"
      if usedNames.insert(name).inserted { return name }
    }
  }

  func emit(_ type: String, _ arguments: [String: Argument], shapes: [[Int?]?], elements: [ElementType], blocks: [Block] = []) -> [NetworkTensor] {
    let outputs = zip(shapes, elements).map { NetworkTensor(name: uniqueName(stem), shape: GraphWriter.bounded($0), element: $1) }
    operations.append(Operation(type, inputs: arguments.mapValues(\.bindings), outputs: outputs.map(\.named), blocks: blocks))
    return outputs
  }

  @discardableResult
  func emit(_ type: String, _ arguments: [String: Argument], _ shape: [Int?]?, _ element: ElementType = .float32) -> NetworkTensor {
    let output = NetworkTensor(name: uniqueName(stem), shape: GraphWriter.bounded(shape), element: element)
    operations.append(Operation(type, inputs: arguments.mapValues(\.bindings), outputs: [output.named]))
    return output
  }

  private static func bounded(_ shape: [Int?]?) -> [Int?]? {
    shape.map { $0.map { size in size.flatMap { (0...sizeLimit).contains($0) ? $0 : nil } } }
  }

  func append(_ operation: Operation) { operations.append(operation) }

  /// x [batch, C, H, W] with the sequence's axis before it. Layers that can go on with x do, so that convolutions, norms and activations
  /// meet without axes coming and going between them, which would keep them from being fused.
  func raised(_ x: NetworkTensor) -> NetworkTensor {
    let five = expandDims(x, [0])
    planar[five.name] = x
    return five
  }

  /// What `raised` was given.
  func lowered(_ x: NetworkTensor) -> NetworkTensor? { planar[x.name] }

  /// Runs `body` with a fresh list of operations and a copy of the blobs; the blobs are restored.
  func block<R>(_ body: () throws -> R) rethrows -> (result: R, operations: [Operation], blobs: [String: NetworkTensor]) {
    let (outerOperations, outerBlobs) = (operations, blobs)
    operations = []
    defer { (operations, blobs) = (outerOperations, outerBlobs) }
    let result = try body()
    return (result, operations, blobs)
  }

  func constant(_ values: [Float], _ shape: [Int]) -> NetworkTensor { constant(.floats(values, shape: shape), shape, .float32) }
  func constant(_ values: [Int]) -> NetworkTensor { constant(.ints(values, shape: [values.count]), [values.count], .int32) }

  func constant(_ constant: Constant, _ shape: [Int], _ element: ElementType) -> NetworkTensor {
    let output = NetworkTensor(name: uniqueName(stem), shape: shape, element: element)
    operations.append(Operation("const", inputs: [:], outputs: [output.named], attributes: ["val": constant]))
    return output
  }
}

extension NetworkTensor {
  var named: NamedType {
    var type = TensorType(element, (shape ?? []).map { $0.map(Dimension.fixed) ?? .unknown })
    type.hasUnknownRank = shape == nil
    return NamedType(name, .tensor(type))
  }
}
