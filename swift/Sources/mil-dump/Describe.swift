import MIL

func members(_ object: JSON.Object) -> [(String, JSON)] { object.keys.map { ($0, object[$0] ?? .null) } }

func errorJSON(_ error: Error) -> JSON {
  guard let error = error as? ModelError else { return ["code": "unexpected", "message": .string("\(error)")] }
  return ["code": .string("\(error.code)"), "message": .string(error.message)]
}

func describe(_ model: ModelSpecification, withGraph: Bool) -> JSON.Object {
  var object: JSON.Object = [
    "kind": .string(model.kindName), "specificationVersion": JSON(model.specificationVersion),
    "isUpdatable": .bool(model.isUpdatable),
    "defaultFunction": .string(model.defaultFunctionName), "functions": .array(model.functions.map(describe)),
    "metadata": [
      "shortDescription": .string(model.metadata.shortDescription), "version": .string(model.metadata.version),
      "author": .string(model.metadata.author),
      "license": .string(model.metadata.license),
      "userDefined": dictionary(model.metadata.userDefined.mapValues(JSON.string)),
    ],
  ]
  func add(_ statistics: ProgramStatistics) {
    object["quantization"] = .string(statistics.quantization)
    object["operations"] = dictionary(statistics.operationCounts.mapValues { JSON($0) })
    object["weights"] = dictionary(statistics.weightCounts.mapValues { JSON($0) })
  }
  switch model.kind {
  case .mlProgram(let program):
    add(ProgramStatistics(program))
    if withGraph { object["program"] = dictionary(program.functions.mapValues(describe)) }
  case .neuralNetwork(_, let message):
    object["messageByteCount"] = JSON(message.count)
    if let statistics = try? ProgramStatistics(network: message) { add(statistics) }
  case .other(_, let message): object["messageByteCount"] = JSON(message.count)
  case .pipeline(_, let models, let names):
    object["modelNames"] = .array(names.map(JSON.string))
    object["models"] = .array(models.map { .object(describe($0, withGraph: withGraph)) })
  }
  return object
}

private func dictionary(_ values: [String: JSON]) -> JSON {
  var object = JSON.Object()
  for (key, value) in values.sorted(by: { $0.key < $1.key }) { object[key] = value }
  return .object(object)
}

private func describe(_ function: FunctionDescription) -> JSON {
  [
    "name": .string(function.name), "inputs": .array(function.inputs.map(describe)),
    "outputs": .array(function.outputs.map(describe)),
    "states": .array(function.states.map(describe)), "predictedFeatureName": .string(function.predictedFeatureName),
    "predictedProbabilitiesName": .string(function.predictedProbabilitiesName),
  ]
}

private func describe(_ feature: FeatureDescription) -> JSON {
  [
    "name": .string(feature.name), "kind": .string("\(feature.kind)".replacing("MIL.", with: "")),
    "optional": .bool(feature.isOptional), "description": .string(feature.shortDescription),
  ]
}

private func describe(_ function: Function) -> JSON {
  [
    "opset": .string(function.opset), "inputs": .array(function.inputs.map(describe)),
    "block": describe(function.block),
  ]
}

private func describe(_ named: NamedType) -> JSON { .string("\(named.name): \(named.type)") }

private func describe(_ block: Block) -> JSON {
  [
    "inputs": .array(block.inputs.map(describe)), "outputs": .array(block.outputs.map(JSON.string)),
    "operations": .array(
      block.operations.map { operation in
        [
          "type": .string(operation.type),
          "inputs": dictionary(operation.inputs.mapValues { .array($0.map(describe)) }),
          "outputs": .array(operation.outputs.map(describe)),
          "attributes": dictionary(operation.attributes.mapValues(describe)),
          "blocks": .array(operation.blocks.map(describe)),
        ]
      }),
  ]
}

private func describe(_ binding: Binding) -> JSON {
  switch binding {
  case .name(let name): return .string(name)
  case .constant(let value): return describe(value)
  }
}

private func describe(_ constant: Constant) -> JSON {
  let value: JSON
  switch constant.payload {
  case .bytes(let bytes):
    let digits = bytes.bytes.prefix(64).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    value = .string(bytes.count > 64 ? "\(digits)… (\(bytes.count) bytes)" : digits)
  case .strings(let strings): value = .array(strings.map(JSON.string))
  case .elements(let elements): value = .array(elements.map(describe))
  case .dictionary(let entries): value = .array(entries.map { .array([describe($0.key), describe($0.value)]) })
  }
  return ["type": .string("\(constant.type)"), "value": value]
}
