/// What a program or a neural network is made of: operations by name, and the types in which it stores weights and computes.
public struct ProgramStatistics: Sendable {
  /// Operation counts by `<opset>.<type>`, as `ios16.conv`, layer counts by kind; constants are not counted.
  public internal(set) var operationCounts: [String: Int] = [:]
  /// Numbers of weights by storage precision: F32, F16, INT8, INT4, LUT6 (6-bit palette), SPARSE, …
  public internal(set) var weightCounts: [String: Int] = [:]
  var computed: Set<String> = []
  /// Of the values so far: the data of compressed weights may be bound by name.
  private var types: [String: TensorType] = [:]

  init() {}

  /// Counts one function, or all of them.
  public init(_ program: Program, functionName: String? = nil) {
    for function in program.functions.values where functionName == nil || function.name == functionName {
      types = [:]
      add(function.block, opset: osOpset(function.opset))
    }
  }

  /// The precision that most weights are stored in; without weights, the one computed in.
  public var quantization: String {
    weightCounts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? computePrecision
  }

  /// The float type of the results: F16, F32, "mixed", or "none".
  public var computePrecision: String {
    computed.count > 1 ? "mixed" : computed.first ?? "none"
  }

  private mutating func add(_ block: Block, opset: String) {
    for operation in block.operations {
      for inner in operation.blocks { add(inner, opset: opset) }
      for output in operation.outputs {
        if case .tensor(let type) = output.type { types[output.name] = type }
      }
      if operation.type == "const" || operation.type.hasPrefix("constexpr_") { addWeights(operation) }
      guard operation.type != "const" else { continue }
      operationCounts["\(opset).\(operation.type)", default: 0] += 1
      // Casts are how a program of one type takes and gives another.
      guard operation.type != "cast", !operation.type.hasPrefix("constexpr_") else { continue }
      for case .tensor(let type) in operation.outputs.map(\.type) where type.element.isFloat {
        computed.insert(type.element.precisionName)
      }
    }
  }

  /// Scalars and integers outside constexpr operations are parameters, not weights.
  private mutating func addWeights(_ operation: Operation) {
    guard case .tensor(let type)? = operation.outputs.first?.type, let count = type.elementCount else { return }
    guard let precision = storagePrecision(operation, type) else { return }
    weightCounts[precision, default: 0] += count
  }

  private func storagePrecision(_ operation: Operation, _ type: TensorType) -> String? {
    switch operation.type {
    case "const": return type.element.isFloat && !type.shape.isEmpty ? type.element.precisionName : nil
    case let name where name.contains("sparse"): return "SPARSE"
    case let name where name.contains("lut"): return paletteBits(operation).map { "LUT\($0)" }
    default:
      let data =
        parameter("quantized_data", operation) ?? parameter("data", operation) ?? parameter("source_val", operation)
      return data?.element.precisionName
    }
  }

  /// iOS 16 packs indices into bytes, the palette's length says how many bits; iOS 18 has types of so many bits.
  private func paletteBits(_ operation: Operation) -> Int? {
    if let indices = parameter("indices", operation), parameter("shape", operation) == nil {
      return indices.element.bitWidth
    }
    guard let length = parameter("lut", operation)?.elementCount, length > 1 else { return nil }
    return Int.bitWidth - (length - 1).leadingZeroBitCount
  }

  private func parameter(_ name: String, _ operation: Operation) -> TensorType? {
    let type: ValueType?
    switch operation.inputs[name]?.first {
    case .constant(let constant): type = constant.type
    case .name(let value): return types[value]
    case nil: type = operation.attributes[name]?.type
    }
    guard case .tensor(let tensor)? = type else { return nil }
    return tensor
  }
}

extension ElementType {
  /// As in `metadata.quantization`. Integers go by width: whether a zero point makes them signed does not matter there.
  var precisionName: String {
    switch self {
    case .float16: return "F16"
    case .float32: return "F32"
    case .float64: return "F64"
    case .bfloat16: return "BF16"
    case .float8e4m3fn, .float8e5m2: return "F8"
    case .bool: return "BOOL"
    case .string: return "STRING"
    default: return "INT\(bitWidth)"
    }
  }
}

/// `CoreML5` … `CoreML9` (protobuf) as the name that people know: ios15 … ios18, ios26.
public func osOpset(_ opset: String) -> String { opsetNames.first { $0.coreML == opset }?.os ?? opset.lowercased() }

/// `ios15` … (MIL text) as the protobuf's name.
func coreMLOpset(_ opset: String) -> String { opsetNames.first { $0.os == opset }?.coreML ?? opset }

private let opsetNames = [
  (coreML: "CoreML5", os: "ios15"), (coreML: "CoreML6", os: "ios16"), (coreML: "CoreML7", os: "ios17"),
  (coreML: "CoreML8", os: "ios18"), (coreML: "CoreML9", os: "ios26"),
]
