import MIL

public enum MLModelStructure: Sendable {
  public struct Program: Sendable {
    public struct ValueType: Sendable {}
    public struct Value: Sendable {}
    public struct NamedValueType: Sendable {
      public let name: String
      public let type: ValueType
    }
    public enum Binding: Sendable { case value(Value), name(String) }
    public struct Argument: Sendable {
      public let bindings: [Binding]
    }
    public struct Operation: Sendable {
      public let operatorName: String
      public let inputs: [String: Argument]
      public let outputs: [NamedValueType]
      public let blocks: [Block]
    }
    public struct Block: Sendable {
      public let inputs: [NamedValueType]
      public let outputNames: [String]
      public let operations: [Operation]
    }
    public struct Function: Sendable {
      public let inputs: [NamedValueType]
      public let block: Block
    }
    public let functions: [String: Function]
  }
  public struct NeuralNetwork: Sendable {
    public struct Layer: Sendable {
      public let name: String
      public let type: String
      public let inputNames: [String]
      public let outputNames: [String]
    }
    public let layers: [Layer]
  }
  public struct Pipeline: Sendable {
    public let subModelNames: [String]
    public let subModels: [MLModelStructure]
  }
  case neuralNetwork(NeuralNetwork), program(Program), pipeline(Pipeline), unsupported

  public static func load(contentsOf url: URL) async throws -> MLModelStructure {
    try MLModelStructure(ModelFile.load(path: url.path))
  }
}

extension MLModelStructure {
  init(_ specification: ModelSpecification) throws {
    switch specification.kind {
    case .mlProgram(let program):
      self = .program(Program(functions: program.functions.mapValues { Program.Function($0) }))
    case .neuralNetwork(_, let message):
      self = .neuralNetwork(
        NeuralNetwork(
          layers: try NeuralNetworkLowering.layers(message).map { layer in
            NeuralNetwork.Layer(
              name: layer.name, type: layer.type, inputNames: layer.inputs, outputNames: layer.outputs)
          }))
    case .pipeline(_, let models, let names):
      self = .pipeline(Pipeline(subModelNames: names, subModels: try models.map(MLModelStructure.init)))
    case .other: self = .unsupported
    }
  }
}

extension MLModelStructure.Program.Function {
  init(_ function: Function) {
    let opset = osOpset(function.opset)
    self.init(inputs: named(function.inputs), block: MLModelStructure.Program.Block(function.block, opset))
  }
}

extension MLModelStructure.Program.Block {
  /// Operators are named with their opset, as `ios16.conv`.
  init(_ block: Block, _ opset: String) {
    self.init(
      inputs: named(block.inputs), outputNames: block.outputs,
      operations: block.operations.map { operation in
        MLModelStructure.Program.Operation(
          operatorName: "\(opset).\(operation.type)",
          inputs: operation.inputs.mapValues { bindings in
            MLModelStructure.Program.Argument(
              bindings: bindings.map { binding in
                if case .name(let name) = binding { return .name(name) }
                return .value(MLModelStructure.Program.Value())
              })
          }, outputs: named(operation.outputs),
          blocks: operation.blocks.map { MLModelStructure.Program.Block($0, opset) })
      })
  }
}

private func named(_ values: [NamedType]) -> [MLModelStructure.Program.NamedValueType] {
  values.map { MLModelStructure.Program.NamedValueType(name: $0.name, type: MLModelStructure.Program.ValueType()) }
}
