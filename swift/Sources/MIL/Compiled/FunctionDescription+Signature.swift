extension FunctionDescription {
  /// The features of a function without a description: as the metadata has them, else as the signature's types tell.
  init(signature function: Function, shapes: FlexibleShapes?, metadata: CompiledMetadata?) {
    self.init(name: function.name, inputs: [], outputs: [])
    for input in function.inputs {
      if case .state(.tensor(let type)) = input.type {
        states.append(
          FeatureDescription(
            name: input.name, kind: .state(shape: type.defaultShape, dataType: type.element.arrayDataType)))
      } else {
        inputs.append(
          metadata?.feature(input.name, schema: "inputSchema")
            ?? FeatureDescription(name: input.name, kind: input.type.featureKind(input.name, shapes)))
      }
    }
    let types = function.block.outputTypes(inputs: function.inputs)
    for output in function.block.outputs {
      let kind =
        types[output]?.featureKind(output, nil)
        ?? .multiArray(shape: [], dataType: .float32, flexibility: .fixed, defaultValue: nil)
      outputs.append(metadata?.feature(output, schema: "outputSchema") ?? FeatureDescription(name: output, kind: kind))
    }
  }
}

extension Block {
  fileprivate func outputTypes(inputs: [NamedType]) -> [String: ValueType] {
    let named = inputs + operations.flatMap(\.outputs)
    return Dictionary(named.map { ($0.name, $0.type) }) { $1 }
  }
}

extension ValueType {
  fileprivate func featureKind(_ name: String, _ shapes: FlexibleShapes?) -> FeatureKind {
    switch self {
    case .tensor(let type) where type.element == .string: return .string
    case .dictionary(.tensor(let key), _): return .dictionary(stringKeys: key.element == .string)
    case .tensor(let type):
      let shape = shapes?.defaults[name] ?? type.defaultShape
      return .multiArray(
        shape: shape, dataType: type.element.arrayDataType,
        flexibility: shapes?.flexibility(of: name, rank: shape.count) ?? .fixed, defaultValue: nil)
    default: return .multiArray(shape: [], dataType: .float32, flexibility: .fixed, defaultValue: nil)
    }
  }
}

extension TensorType {
  /// Unknown dimensions are 1, the least that every model takes.
  fileprivate var defaultShape: [Int] { shape.map { if case .fixed(let size) = $0 { size } else { 1 } } }
}

extension ElementType {
  /// The multi-array type that holds every value of this element type.
  fileprivate var arrayDataType: ArrayDataType {
    switch self {
    case .float16: return .float16
    case .float64: return .double
    case .int8: return .int8
    case .bool, .int16, .int32, .int64, .int4, .uint8, .uint16, .uint32, .uint64, .uint4, .uint2, .uint1, .uint6,
      .uint3:
      return .int32
    default: return .float32
    }
  }
}
