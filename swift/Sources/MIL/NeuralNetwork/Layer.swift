/// One layer with the values that it reads.
struct Layer {
  let name: String
  let kind: LayerKind
  let inputs: [NetworkTensor]
  let outputCount: Int
  let outputRanks: [Int]
  let parameters: LayerParameters

  func fail(_ what: String, _ code: ModelError.Code = .malformed) -> ModelError { ModelError(code, "layer '\(name)' (\(kind.name)): \(what)") }

  func input(_ index: Int = 0) throws -> NetworkTensor {
    guard inputs.indices.contains(index) else { throw fail("has \(inputs.count) inputs, expected at least \(index + 1)") }
    return inputs[index]
  }

  func optional(_ index: Int) -> NetworkTensor? { inputs.indices.contains(index) ? inputs[index] : nil }

  func rank(of x: NetworkTensor) throws -> Int {
    guard let rank = x.rank else { throw fail("the rank of the input '\(x.name)' is known only at run time", .unsupported) }
    return rank
  }

  /// A non-negative axis of a value of this rank.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else { throw fail("axis \(axis) is outside \(-rank)…\(rank - 1)") }
    return axis < 0 ? axis + rank : axis
  }

  /// A known size of an input's axis.
  func size(of x: NetworkTensor, _ axis: Int) throws -> Int {
    guard let size = x.shape.flatMap({ $0.indices.contains(axis) ? $0[axis] : nil }) else {
      throw fail("the size of axis \(axis) of '\(x.name)' is known only at run time", .unsupported)
    }
    return size
  }

  /// A constant made from a weight field.
  func weights(_ field: Int, shape: [Int], channelAxis: Int = 0, _ writer: GraphWriter) throws -> NetworkTensor {
    try weights(parameters, field, shape: shape, channelAxis: channelAxis, writer)
  }

  func weights(_ parameters: LayerParameters, _ field: Int, shape: [Int], channelAxis: Int = 0, _ writer: GraphWriter) throws -> NetworkTensor {
    guard let message = try parameters.messages(field).last else { throw fail("has no weights in field \(field)") }
    return writer.constant(try constant(message, shape: shape, channelAxis: channelAxis, writer), shape, .float32)
  }

  func constant(_ message: ProtobufMessage, shape: [Int], channelAxis: Int = 0, _ writer: GraphWriter) throws -> Constant {
    do {
      return try writer.weights.constant(message, shape: shape, channelAxis: channelAxis)
    } catch let error as ModelError {
      throw fail(error.message, error.code)
    }
  }
}

/// One kind of layer: its number and name in NeuralNetwork.proto and how it becomes MIL operations.
struct LayerKind {
  let number: Int
  let name: String
  let lower: (Layer, GraphWriter) throws -> [NetworkTensor]

  init(_ number: Int, _ name: String, _ lower: @escaping (Layer, GraphWriter) throws -> [NetworkTensor]) {
    self.number = number
    self.name = name
    self.lower = lower
  }

  /// A kind with one output.
  init(_ number: Int, _ name: String, one lower: @escaping (Layer, GraphWriter) throws -> NetworkTensor) {
    self.init(number, name) { [try lower($0, $1)] }
  }

  /// By number. Control flow is not among them: it lowers networks, not values (`NetworkLowering+ControlFlow`).
  static let table: [Int: LayerKind] = {
    let families = [
      activations, unaryFunctions, arithmetic, comparisons, convolutions, products, pooling, normalizations, recurrent, legacyShapes, shapes,
      joins, slices, gathers, reductions, fills, resizing, selections,
    ]
    return Dictionary(families.flatMap { $0 }.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
  }()
}
