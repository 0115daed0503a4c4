// Branches become `cond`, loops `while_loop`. Blobs that a block writes and that exist outside of it are the block's results.
// `break` and `continue` set flags; what follows a branch that may set them runs only if it did not.

extension NetworkLowering {
  enum Flag: String {
    /// The rest of this iteration is skipped.
    case leaves = "\u{0}leaves"
    /// The loop ends.
    case breaks = "\u{0}breaks"
  }

  /// Deeper nests than any converter makes; bounds the recursion.
  private static let depthLimit = 32

  func setFlag(_ flag: Flag) { writer.blobs[flag.rawValue] = writer.constant([1], [1]) }
  private func clearFlag(_ flag: Flag) { writer.blobs[flag.rawValue] = writer.constant([0], [1]) }

  private func network(_ parameters: LayerParameters, _ field: Int) throws -> [NeuralNetworkMessage.Layer] {
    try parameters.messages(field).last.map { try NeuralNetworkMessage($0).layers } ?? []
  }

  /// Whether a branch has a `break` or `continue` for the loop around it.
  func mayLeave(_ layer: NeuralNetworkMessage.Layer) throws -> Bool {
    guard layer.kind == 605 else { return layer.kind == 620 || layer.kind == 625 }
    let parameters = try LayerParameters(layer.parameters)
    return try (network(parameters, 1) + network(parameters, 2)).contains { try mayLeave($0) }
  }

  func lowerBranch(_ layer: NeuralNetworkMessage.Layer) throws {
    let parameters = try LayerParameters(layer.parameters)
    let condition = writer.holds(try blob(layer.inputs.first ?? "", layer.name))
    try lowerConditional(condition, try network(parameters, 1), try network(parameters, 2))
  }

  func lowerUnlessLeaving(_ layers: [NeuralNetworkMessage.Layer]) throws {
    guard !layers.isEmpty, let leaves = writer.blobs[Flag.leaves.rawValue] else { return try lower(layers) }
    try lowerConditional(writer.isTrue(leaves), [], layers)
  }

  private func nested<R>(_ body: () throws -> R) throws -> R {
    guard writer.depth < NetworkLowering.depthLimit else { throw ModelError(.unsupported, "branches and loops are nested more than \(NetworkLowering.depthLimit) deep") }
    writer.depth += 1
    defer { writer.depth -= 1 }
    return try body()
  }

  private func lowerConditional(_ condition: NetworkTensor, _ ifLayers: [NeuralNetworkMessage.Layer], _ elseLayers: [NeuralNetworkMessage.Layer]) throws {
    let before = writer.blobs
    let yes = try nested { try writer.block { try lower(ifLayers) } }
    let no = try nested { try writer.block { try lower(elseLayers) } }
    func wrote(_ blobs: [String: NetworkTensor], _ name: String) -> Bool { blobs[name].map { $0.name != before[name]?.name } ?? false }
    let names = Set(yes.blobs.keys).union(no.blobs.keys).filter { name in
      (wrote(yes.blobs, name) || wrote(no.blobs, name)) && yes.blobs[name] != nil && no.blobs[name] != nil
    }.sorted()
    guard !names.isEmpty else { return }
    let (made, other) = (names.compactMap { yes.blobs[$0] }, names.compactMap { no.blobs[$0] })
    let results = writer.emit(
      "cond", ["pred": .tensor(condition)], shapes: zip(made, other).map { merged($0.shape, $1.shape) }, elements: made.map(\.element),
      blocks: [Block(outputs: made.map(\.name), operations: yes.operations), Block(outputs: other.map(\.name), operations: no.operations)])
    for (name, result) in zip(names, results) { writer.blobs[name] = result }
  }

  private func merged(_ a: [Int?]?, _ b: [Int?]?) -> [Int?]? {
    guard let a, let b, a.count == b.count else { return nil }
    return zip(a, b).map { $0 == $1 ? $0 : nil }
  }

  // ---- loops --------------------------------------------------------------------------------------------------------

  private static let conditionName = "\u{0}condition"
  private static let iterationName = "\u{0}iteration"

  func lowerLoop(_ layer: NeuralNetworkMessage.Layer) throws {
    let parameters = try LayerParameters(layer.parameters)
    let (body, conditionLayers, conditionVariable) = (try network(parameters, 4), try network(parameters, 3), try parameters.string(2))
    let limit = try layer.inputs.first.map { try blob($0, layer.name) }
    let most = try parameters.int(1)
    let saved = [Flag.leaves, .breaks].map { ($0, writer.blobs[$0.rawValue]) }
    let savedCounters = [NetworkLowering.conditionName, NetworkLowering.iterationName].map { ($0, writer.blobs[$0]) }
    try evaluate(conditionLayers, conditionVariable, layer)
    writer.blobs[NetworkLowering.iterationName] = writer.constant([0], [1])
    clearFlag(.breaks)
    clearFlag(.leaves)
    // Without a condition the loop runs as often as it says, be it not at all.
    let counts = limit != nil || most > 0 || conditionLayers.isEmpty

    func goOn() -> NetworkTensor {
      var condition = writer.constant([1], [1])
      if let variable = writer.blobs[NetworkLowering.conditionName], !conditionLayers.isEmpty { condition = variable }
      var result = writer.holds(condition)
      if counts, let iteration = writer.blobs[NetworkLowering.iterationName] {
        let below = limit.map { writer.binary("less", iteration, $0, .bool) } ?? writer.binary("less", iteration, Float(most), .bool)
        result = writer.binary("logical_and", result, below, .bool)
      }
      if let breaks = writer.blobs[Flag.breaks.rawValue] {
        result = writer.binary("logical_and", result, writer.binary("equal", breaks, 0, .bool), .bool)
      }
      return writer.squeeze(writer.reshape(result, [1]), [0])
    }
    func iterate() throws {
      clearFlag(.leaves)
      try lower(body)
      if let iteration = writer.blobs[NetworkLowering.iterationName] { writer.blobs[NetworkLowering.iterationName] = writer.binary("add", iteration, 1) }
      try evaluate(conditionLayers, conditionVariable, layer)
    }
    try lowerWhile(goOn, iterate)
    for (flag, value) in saved { writer.blobs[flag.rawValue] = value }
    for (name, value) in savedCounters { writer.blobs[name] = value }
  }

  private func evaluate(_ layers: [NeuralNetworkMessage.Layer], _ variable: String, _ layer: NeuralNetworkMessage.Layer) throws {
    guard !layers.isEmpty else { return }
    try nested { try lower(layers) }
    writer.blobs[NetworkLowering.conditionName] = try blob(variable, layer.name)
  }

  private func lowerWhile(_ goOn: () -> NetworkTensor, _ iterate: () throws -> Void) throws {
    // Which blobs change, and which sizes with them, shows only after the body was lowered: at most three rounds, as sizes only get less known.
    var variables = writer.blobs.filter { $0.key.hasPrefix("\u{0}") }.mapValues(\.shape)
    for round in 0... {
      let names = variables.keys.sorted()
      let initial = names.compactMap { writer.blobs[$0] }
      func inputs() -> [NetworkTensor] {
        zip(names, initial).map { name, value in
          NetworkTensor(name: writer.uniqueName("\(value.name).loop"), shape: variables[name] ?? nil, element: value.element)
        }
      }
      let (conditionInputs, bodyInputs) = (inputs(), inputs())
      let body = try nested {
        try writer.block {
          for (name, input) in zip(names, bodyInputs) { writer.blobs[name] = input }
          try iterate()
        }
      }
      var changed = false
      for (name, value) in body.blobs {
        guard let outer = writer.blobs[name] else { continue }
        if let known = variables[name] {
          let shape = merged(known, value.shape)
          if shape != known {
            variables[name] = .some(shape)
            changed = true
          }
        } else if outer.name != value.name {
          variables[name] = .some(merged(outer.shape, value.shape))
          changed = true
        }
      }
      if changed {
        guard round < 16 else { throw ModelError(.unsupported, "the shapes in a loop do not settle") }
        continue
      }
      let condition = writer.block {
        for (name, input) in zip(names, conditionInputs) { writer.blobs[name] = input }
        return goOn()
      }
      let results = writer.emit(
        "while_loop", ["loop_vars": .tensors(initial)], shapes: names.map { variables[$0] ?? nil }, elements: initial.map(\.element),
        blocks: [
          Block(inputs: conditionInputs.map(\.named), outputs: [condition.result.name], operations: condition.operations),
          Block(inputs: bodyInputs.map(\.named), outputs: names.compactMap { body.blobs[$0]?.name }, operations: body.operations),
        ])
      for (name, result) in zip(names, results) { writer.blobs[name] = result }
      return
    }
  }
}
