import CTensorLogic
import MIL

extension LoadedModel {
  /// The JSON of tl_model_graph; no operations for models that are no program. A neural network as the program that it is lowered to,
  /// for its default shapes.
  func graph() throws -> JSON {
    guard let specification, let function else { return [] }
    var writer = GraphWriter()
    switch specification.kind {
    case .mlProgram(let program):
      if let code = program.functions[function.name] { writer.add(code.block) }
    case .neuralNetwork(_, let message):
      let lowering = try NeuralNetworkLowering(message: message, description: function)
      if let code = try lowering.lower(lowering.defaultShapes()).program.functions["main"] { writer.add(code.block) }
    case .pipeline, .other: break
    }
    return .array(writer.operations)
  }
}

private struct GraphWriter {
  private(set) var operations: [JSON] = []
  private var constants: [String: Constant] = [:]
  private var blockCount = 0

  /// Constants up to this length are parameters, longer ones are data.
  private static let valueLimit = 32

  @discardableResult
  mutating func add(_ block: Block) -> Int {
    let number = blockCount
    blockCount += 1
    for operation in block.operations {
      if operation.type == "const" {
        if let name = operation.outputs.first?.name { constants[name] = operation.attributes["val"] }
        continue
      }
      let place = operations.count
      operations.append(.null)
      let blocks = operation.blocks.map { JSON(add($0)) }
      operations[place] = describe(operation, number, blocks)
    }
    return number
  }

  private func describe(_ operation: Operation, _ block: Int, _ blocks: [JSON]) -> JSON {
    var inputs: [JSON] = operation.inputs.sorted { $0.key < $1.key }.map { parameter, bindings in
      [.string(parameter), .array(bindings.map(operand))]
    }
    for (parameter, constant) in operation.attributes.sorted(by: { $0.key < $1.key }) where parameter != "name" {
      inputs.append([.string(parameter), [value(constant)]])
    }
    let name = operation.outputs.first?.name ?? operation.attributes["name"]?.firstText ?? ""
    return [
      "type": .string(operation.type), "name": .string(name), "block": JSON(block), "inputs": .array(inputs),
      "outputs": .array(operation.outputs.map { output in type(output.type, ["name": .string(output.name)]) }),
      "blocks": .array(blocks),
    ]
  }

  private func operand(_ binding: Binding) -> JSON {
    switch binding {
    case .constant(let constant): return value(constant)
    case .name(let name):
      if let constant = constants[name] { return value(constant) }
      return ["name": .string(name)]
    }
  }

  private func type(_ type: ValueType, _ object: JSON.Object) -> JSON {
    var object = object
    switch type {
    case .tensor(let tensor):
      object["dtype"] = .string(tensor.element.name)
      object["shape"] = .array(
        tensor.shape.map { size in if case .fixed(let size) = size { return JSON(size) } else { return .null } })
    case .list: object["dtype"] = "list"
    case .state: object["dtype"] = "state"
    case .tuple: object["dtype"] = "tuple"
    case .dictionary: object["dtype"] = "dictionary"
    }
    return .object(object)
  }

  private func value(_ constant: Constant) -> JSON {
    var object = JSON.Object()
    if let contents = contents(constant) { object["value"] = contents }
    return type(constant.type, object)
  }

  private func contents(_ constant: Constant) -> JSON? {
    switch constant.payload {
    case .strings(let strings):
      guard strings.count <= GraphWriter.valueLimit else { return nil }
      return strings.count == 1 ? .string(strings[0]) : .array(strings.map { .string($0) })
    case .bytes(let slice):
      guard case .tensor(let tensor) = constant.type, let sizes = tensor.sizes, let count = tensor.elementCount,
        count <= GraphWriter.valueLimit, let numbers = Numbers.read(slice.bytes, tensor.element, count: count)
      else { return nil }
      let values: [JSON] = numbers.map { number in
        if tensor.element == .bool { return .bool(number != 0) }
        return number.isFinite ? .number(number) : .string("\(number)")
      }
      return sizes.isEmpty ? values.first : .array(values)
    case .elements, .dictionary: return nil
    }
  }
}

extension Constant {
  fileprivate var firstText: String? {
    if case .strings(let strings) = payload { return strings.first }
    return nil
  }
}

/// Small constants as numbers.
private enum Numbers {
  static func read(_ bytes: UnsafeRawBufferPointer, _ element: ElementType, count: Int) -> [Double]? {
    guard let format = ElementFormat(element), bytes.count >= count * format.byteWidth else { return nil }
    var numbers = [Double](repeating: 0, count: count)
    let isRead = numbers.withUnsafeMutableBytes { target -> Bool in
      guard let from = bytes.baseAddress, let to = target.baseAddress,
        let source = try? Layout(format: format, shape: [count]), let dense = try? Layout(format: .float64, shape: [count])
      else { return false }
      return (try? copyElements(from, source, to: to, dense)) != nil
    }
    return isRead ? numbers : nil
  }
}
