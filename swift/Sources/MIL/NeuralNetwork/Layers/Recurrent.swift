extension LayerKind {
  static let recurrent: [LayerKind] = [
    LayerKind(400, "simpleRecurrent", simple), LayerKind(410, "gru", gatedUnit), LayerKind(420, "uniDirectionalLSTM", longShortTerm),
    LayerKind(430, "biDirectionalLSTM", bidirectional),
  ]

  // Sequences are [steps, batch, features, 1, 1] in networks, [steps, batch, features] in MIL; states [1, batch, hidden, 1, 1] and [batch, hidden].

  private static func sequence(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    switch try layer.rank(of: x) {
    case 5: return writer.squeeze(x, [3, 4])
    case 3: return x
    case let rank: throw layer.fail("the input has rank \(rank), expected 5")
    }
  }

  private static func state(_ layer: Layer, _ index: Int, like x: NetworkTensor, hidden: Int, _ writer: GraphWriter) throws -> NetworkTensor {
    if let given = layer.optional(index) {
      switch try layer.rank(of: given) {
      case 5: return writer.squeeze(given, [0, 3, 4])
      case 3: return writer.squeeze(given, [0])
      default: return given
      }
    }
    let (shape, known) = writer.sizes([.axis(x, 1), .size(hidden)])
    return writer.emit("fill", ["shape": shape, "value": 0.0], known)
  }

  /// Results with the two trailing axes again, as many as the layer has outputs.
  private static func outputs(_ layer: Layer, _ results: [NetworkTensor], _ writer: GraphWriter) -> [NetworkTensor] {
    results.prefix(max(layer.outputCount, 1)).enumerated().map { writer.expandDims($1, $0 == 0 ? [3, 4] : [0, 3, 4]) }
  }

  /// The activation for the parameter `name`, with its α and β where the file gives them. Converters leave them out.
  private static func activation(_ layer: Layer, _ name: String, _ message: ProtobufMessage?, default fallback: String) throws -> [String: Argument] {
    guard let message else { return [name: .text(fallback)] }
    let parameters = try LayerParameters(message)
    for (field, type) in [(5, "linear"), (10, "relu"), (30, "tanh"), (31, "scaled_tanh"), (40, "sigmoid"), (41, "sigmoid_hard")] {
      guard let given = try parameters.nested(field) else { continue }
      let (alpha, beta) = (try given.float(1), try given.float(2))
      if field == 5, given.has(1) || given.has(2), alpha != 1 || beta != 0 { break }
      guard field == 31 || field == 41, alpha != 0 || beta != 0 else { return [name: .text(type)] }
      return [name: .text(type), name + "_alpha": .float(alpha), name + "_beta": .float(beta)]
    }
    throw layer.fail("an activation that recurrent layers do not have", .unsupported)
  }

  /// Matrices or vectors one above the other.
  private static func stacked(_ layer: Layer, _ parameters: LayerParameters, _ fields: [Int], _ shape: [Int], _ writer: GraphWriter) throws -> NetworkTensor {
    let parts = try fields.map { try layer.weights(parameters, $0, shape: shape, writer) }
    return parts.count == 1 ? parts[0] : writer.concat(parts, axis: 0)
  }

  private static func emit(
    _ layer: Layer, _ type: String, _ arguments: [String: Argument], _ x: NetworkTensor, hidden: Int, width: Int, keepsSequence: Bool, _ writer: GraphWriter
  ) -> [NetworkTensor] {
    let batch = x.shape?[1]
    let shapes: [[Int?]?] = [[keepsSequence ? x.shape?[0] : 1, batch, width], [batch, width], [batch, width]]
    let count = type == "lstm" ? 3 : 2
    return writer.emit(type, arguments, shapes: Array(shapes.prefix(count)), elements: [ElementType](repeating: .float32, count: count))
  }

  private static func simple(_ layer: Layer, _ writer: GraphWriter) throws -> [NetworkTensor] {
    let p = layer.parameters
    let (features, hidden, keeps) = (try p.int(1), try p.int(2), try p.bool(15))
    let x = try sequence(layer, writer)
    var arguments: [String: Argument] = [
      "x": .tensor(x), "initial_h": .tensor(try state(layer, 1, like: x, hidden: hidden, writer)),
      "weight_ih": .tensor(try layer.weights(30, shape: [hidden, features], writer)), "weight_hh": .tensor(try layer.weights(31, shape: [hidden, hidden], writer)),
      "direction": .text(try p.bool(100) ? "reverse" : "forward"), "output_sequence": .bool(keeps),
    ]
    arguments.merge(try activation(layer, "activation", p.messages(10).last, default: "tanh")) { $1 }
    if try p.bool(20) { arguments["bias"] = .tensor(try layer.weights(32, shape: [hidden], writer)) }
    return outputs(layer, emit(layer, "rnn", arguments, x, hidden: hidden, width: hidden, keepsSequence: keeps, writer), writer)
  }

  private static func gatedUnit(_ layer: Layer, _ writer: GraphWriter) throws -> [NetworkTensor] {
    let p = layer.parameters
    let (features, hidden, keeps) = (try p.int(1), try p.int(2), try p.bool(15))
    let x = try sequence(layer, writer)
    let activations = try p.messages(10)
    // MIL's order of gates: reset, output, update.
    var arguments: [String: Argument] = [
      "x": .tensor(x), "initial_h": .tensor(try state(layer, 1, like: x, hidden: hidden, writer)),
      "weight_ih": .tensor(try stacked(layer, p, [31, 32, 30], [hidden, features], writer)),
      "weight_hh": .tensor(try stacked(layer, p, [51, 52, 50], [hidden, hidden], writer)),
      "direction": .text(try p.bool(100) ? "reverse" : "forward"), "output_sequence": .bool(keeps),
    ]
    arguments.merge(try activation(layer, "recurrent_activation", activations.first, default: "sigmoid")) { $1 }
    arguments.merge(try activation(layer, "activation", activations.dropFirst().first, default: "tanh")) { $1 }
    if try p.bool(20) { arguments["bias"] = .tensor(try stacked(layer, p, [71, 72, 70], [hidden], writer)) }
    return outputs(layer, emit(layer, "gru", arguments, x, hidden: hidden, width: hidden, keepsSequence: keeps, writer), writer)
  }

  /// Weights of one direction under MIL's names, in MIL's order of gates: input, forget, output, cell.
  private static func weights(
    _ layer: Layer, _ weights: LayerParameters, _ options: LayerParameters?, features: Int, hidden: Int, suffix: String, _ writer: GraphWriter
  ) throws -> [String: Argument] {
    let isCoupled = try isCoupled(options)
    /// A coupled forget gate is 1 − σ(input) = σ(−input).
    func gates(input: Int, forget: Int, _ others: [Int], _ shape: [Int]) throws -> [NetworkTensor] {
      let first = try layer.weights(weights, input, shape: shape, writer)
      let second = try isCoupled ? writer.binary("mul", first, -1) : layer.weights(weights, forget, shape: shape, writer)
      return [first, second] + (try others.map { try layer.weights(weights, $0, shape: shape, writer) })
    }
    var arguments: [String: Argument] = [
      "weight_ih" + suffix: .tensor(writer.concat(try gates(input: 1, forget: 2, [4, 3], [hidden, features]), axis: 0)),
      "weight_hh" + suffix: .tensor(writer.concat(try gates(input: 20, forget: 21, [23, 22], [hidden, hidden]), axis: 0)),
    ]
    let hasBias = try options?.bool(20) ?? false, addsOne = try options?.bool(30) ?? false
    if hasBias || addsOne {
      let zeros = writer.constant([Float](repeating: 0, count: hidden), [hidden])
      var biases = try hasBias ? gates(input: 40, forget: 41, [43, 42], [hidden]) : [zeros, zeros, zeros, zeros]
      if addsOne { biases[1] = writer.binary("add", biases[1], 1) }
      arguments["bias" + suffix] = .tensor(writer.concat(biases, axis: 0))
    }
    if try options?.bool(40) ?? false { arguments["peephole" + suffix] = .tensor(writer.concat(try gates(input: 60, forget: 61, [62], [hidden]), axis: 0)) }
    return arguments
  }

  private static func options(_ layer: Layer, _ options: LayerParameters?, activations: [ProtobufMessage]) throws -> [String: Argument] {
    var arguments: [String: Argument] = [
      "output_sequence": .bool(try options?.bool(10) ?? false), "clip": .float(try options?.float(60, zeroMeans: 50) ?? 50),
    ]
    arguments.merge(try activation(layer, "recurrent_activation", activations.first, default: "sigmoid")) { $1 }
    arguments.merge(try activation(layer, "cell_activation", activations.dropFirst().first, default: "tanh")) { $1 }
    arguments.merge(try activation(layer, "activation", activations.dropFirst(2).first, default: "tanh")) { $1 }
    if try isCoupled(options), let first = activations.first, !(try LayerParameters(first).has(40)) {
      throw layer.fail("coupled input and forget gates are supported with sigmoid gates only", .unsupported)
    }
    return arguments
  }

  private static func isCoupled(_ options: LayerParameters?) throws -> Bool { try options?.bool(50) ?? false }

  private static func hiddenSize(_ layer: Layer) throws -> Int {
    let hidden = try layer.parameters.int(2)
    guard hidden > 0, hidden < 1 << 24 else { throw layer.fail("\(hidden) output values, expected at least 1") }
    return hidden
  }

  private static func longShortTerm(_ layer: Layer, _ writer: GraphWriter) throws -> [NetworkTensor] {
    let p = layer.parameters
    let (features, hidden, given) = (try p.int(1), try hiddenSize(layer), try p.nested(15))
    guard let matrices = try p.nested(20) else { throw layer.fail("has no weights") }
    let x = try sequence(layer, writer)
    var arguments = try options(layer, given, activations: p.messages(10))
    arguments.merge(try weights(layer, matrices, given, features: features, hidden: hidden, suffix: "", writer)) { $1 }
    arguments["x"] = .tensor(x)
    arguments["initial_h"] = .tensor(try state(layer, 1, like: x, hidden: hidden, writer))
    arguments["initial_c"] = .tensor(try state(layer, 2, like: x, hidden: hidden, writer))
    arguments["direction"] = .text(try p.bool(100) ? "reverse" : "forward")
    return outputs(layer, emit(layer, "lstm", arguments, x, hidden: hidden, width: hidden, keepsSequence: try given?.bool(10) ?? false, writer), writer)
  }

  private static func bidirectional(_ layer: Layer, _ writer: GraphWriter) throws -> [NetworkTensor] {
    let p = layer.parameters
    let (features, hidden, given) = (try p.int(1), try hiddenSize(layer), try p.nested(15))
    let matrices = try p.messages(20).map { try LayerParameters($0) }
    guard matrices.count == 2 else { throw layer.fail("has weights for \(matrices.count) directions, expected 2") }
    let x = try sequence(layer, writer)
    var arguments = try options(layer, given, activations: p.messages(10))
    for (suffix, set) in zip(["", "_back"], matrices) {
      arguments.merge(try weights(layer, set, given, features: features, hidden: hidden, suffix: suffix, writer)) { $1 }
    }
    // Inputs: x, h, c, h reversed, c reversed.
    func states(_ forward: Int, _ reverse: Int) throws -> Argument {
      .tensor(writer.concat([try state(layer, forward, like: x, hidden: hidden, writer), try state(layer, reverse, like: x, hidden: hidden, writer)], axis: 1))
    }
    arguments["x"] = .tensor(x)
    arguments["initial_h"] = try states(1, 3)
    arguments["initial_c"] = try states(2, 4)
    arguments["direction"] = "bidirectional"
    let results = emit(layer, "lstm", arguments, x, hidden: hidden, width: 2 * hidden, keepsSequence: try given?.bool(10) ?? false, writer)
    guard layer.outputCount > 1, results.count == 3 else { return outputs(layer, results, writer) }
    func half(_ state: NetworkTensor, _ index: Int) -> NetworkTensor {
      writer.emit(
        "slice_by_index", ["x": .tensor(state), "begin": .ints([0, index * hidden]), "end": .ints([0, (index + 1) * hidden]), "begin_mask": .bools([true, false]), "end_mask": .bools([true, false])],
        [state.shape?[0], hidden])
    }
    return outputs(layer, [results[0], half(results[1], 0), half(results[2], 0), half(results[1], 1), half(results[2], 1)], writer)
  }
}
