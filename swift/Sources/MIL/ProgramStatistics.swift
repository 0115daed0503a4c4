/// What a program consists of: operations by name, and its weights' bytes by storage precision.
public struct ProgramStatistics: Sendable {
  /// Operation counts by `<opset>.<type>`, as `ios16.conv`; constants are not counted.
  public private(set) var operationCounts: [String: Int] = [:]
  /// Bytes of weights by storage precision: F32, F16, INT8, INT4, LUT6 (6-bit palette), SPARSE, …
  public private(set) var weightByteCounts: [String: Int] = [:]
  private var computeByteCounts: [String: Int] = [:]

  public init(_ program: Program) {
    for function in program.functions.values {
      let opset = osOpset(function.opset)
      add(function.block, opset: opset)
    }
  }

  /// The precision that most weight bytes are stored in; without weights, that of most computed values.
  public var quantization: String {
    func largest(_ counts: [String: Int]) -> String? { counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
    return largest(weightByteCounts) ?? largest(computeByteCounts) ?? "F32"
  }

  private mutating func add(_ block: Block, opset: String) {
    for operation in block.operations {
      if operation.type == "const" {
        if let value = operation.attributes["val"] { addWeight(value, precision: nil) }
        continue
      }
      operationCounts["\(opset).\(operation.type)", default: 0] += 1
      let constants =
        Array(operation.attributes.values)
        + operation.inputs.values.joined().compactMap { if case .constant(let value) = $0 { value } else { nil } }
      for value in constants {
        addWeight(value, precision: operation.type.hasPrefix("constexpr_") ? storagePrecision(of: operation) : nil)
      }
      for case .tensor(let type) in operation.outputs.map(\.type) where type.element.isFloat {
        computeByteCounts[type.element.precisionName, default: 0] += 1
      }
      for block in operation.blocks { add(block, opset: opset) }
    }
  }

  /// Integers outside constexpr operations are parameters (axes, shapes), not weights.
  private mutating func addWeight(_ value: Constant, precision: String?) {
    guard case .tensor(let type) = value.type, case .bytes(let bytes) = value.payload else { return }
    guard precision != nil || (type.element.isFloat && type.shape.count > 0) else { return }
    weightByteCounts[precision ?? type.element.precisionName, default: 0] += bytes.count
  }

  private func storagePrecision(of operation: Operation) -> String {
    func elementType(_ parameter: String) -> TensorType? {
      let constant: Constant?
      if case .constant(let value)? = operation.inputs[parameter]?.first {
        constant = value
      } else {
        constant = operation.attributes[parameter]
      }
      guard case .tensor(let type)? = constant?.type else { return nil }
      return type
    }
    if operation.type.contains("sparse") { return "SPARSE" }
    if operation.type.contains("lut") {
      if let indices = elementType("indices") ?? elementType("indices_nonzero_data"), indices.element.bitWidth < 8 {
        return "LUT\(indices.element.bitWidth)"
      }
      // iOS 16 indices are packed bytes; the palette's size tells their width.
      guard let palette = elementType("lut")?.elementCount, palette > 1 else { return "LUT8" }
      return "LUT\(Int.bitWidth - (palette - 1).leadingZeroBitCount)"
    }
    return (elementType("quantized_data") ?? elementType("data") ?? elementType("source_val"))?.element.precisionName
      ?? "INT8"
  }
}

extension ElementType {
  /// As in `metadata.quantization`.
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
func osOpset(_ opset: String) -> String { opsetNames.first { $0.coreML == opset }?.os ?? opset.lowercased() }

/// `ios15` … (MIL text) as the protobuf's name.
func coreMLOpset(_ opset: String) -> String { opsetNames.first { $0.os == opset }?.coreML ?? opset }

private let opsetNames = [
  ("CoreML5", "ios15"), ("CoreML6", "ios16"), ("CoreML7", "ios17"), ("CoreML8", "ios18"), ("CoreML9", "ios26"),
].map { (coreML: $0.0, os: $0.1) }
