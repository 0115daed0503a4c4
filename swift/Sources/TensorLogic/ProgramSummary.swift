import MIL

/// What an ML program is made of: operations by name, and in which types it stores weights and computes.
struct ProgramSummary {
  private var counts: [String: Int] = [:]
  private var weightElements: [String: Int] = [:]
  private var computed: Set<String> = []
  private let opset: String
  /// Of the values so far: parameters may be bound to constants by name.
  private var types: [String: MIL.TensorType] = [:]

  init?(_ specification: MIL.ModelSpecification, functionName: String) {
    guard case .mlProgram(let program) = specification.kind, let function = program.functions[functionName] else { return nil }
    opset = ProgramSummary.opsetName(function.opset)
    add(function.block)
  }

  /// Most frequent first.
  var operations: JSON {
    var object = JSON.Object()
    for (name, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) { object[name] = JSON(count) }
    return .object(object)
  }

  /// The type that most weights are stored in.
  var quantization: String {
    weightElements.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? computePrecision
  }

  /// The float type of the results: F16, F32, or "mixed".
  var computePrecision: String { computed.count == 1 ? computed.first ?? "mixed" : computed.isEmpty ? "none" : "mixed" }

  /// `CoreML6` in files is `ios16` in coremltools and in compiled models.
  private static func opsetName(_ name: String) -> String {
    guard name.hasPrefix("CoreML"), let number = Int(name.dropFirst(6)), number < 100 else { return name }
    return "ios\(number + 10)"
  }

  private mutating func add(_ block: MIL.Block) {
    for operation in block.operations {
      for inner in operation.blocks { add(inner) }
      for output in operation.outputs {
        if case .tensor(let type) = output.type { types[output.name] = type }
      }
      if operation.type == "const" || operation.type.hasPrefix("constexpr_") { addWeight(operation) }
      guard operation.type != "const" else { continue }
      counts["\(opset).\(operation.type)", default: 0] += 1
      // Casts are how a program of one type takes and gives another.
      guard operation.type != "cast", !operation.type.hasPrefix("constexpr_") else { continue }
      for output in operation.outputs {
        guard case .tensor(let type) = output.type, type.element.isFloat else { continue }
        computed.insert(storageName(type.element))
      }
    }
  }

  private mutating func addWeight(_ operation: MIL.Operation) {
    guard case .tensor(let type)? = operation.outputs.first?.type, let sizes = type.sizes else { return }
    var elementCount = 1
    for size in sizes { elementCount = elementCount.multipliedReportingOverflow(by: size).partialValue }
    guard let name = weightName(operation, type) else { return }
    weightElements[name, default: 0] += max(elementCount, 0)
  }

  private func weightName(_ operation: MIL.Operation, _ type: MIL.TensorType) -> String? {
    switch operation.type {
    case "constexpr_affine_dequantize": return parameterType(operation, "quantized_data").map { storageName($0.element) }
    case "constexpr_blockwise_shift_scale": return parameterType(operation, "data").map { storageName($0.element) }
    case "constexpr_lut_to_dense": return paletteBits(operation).map { "PAL\($0)" }
    default: return type.element.isFloat ? storageName(type.element) : nil
    }
  }

  private func parameterType(_ operation: MIL.Operation, _ name: String) -> MIL.TensorType? {
    if case .tensor(let type)? = operation.attributes[name]?.type { return type }
    switch operation.inputs[name]?.first {
    case .constant(let constant)?:
      if case .tensor(let type) = constant.type { return type }
      return nil
    case .name(let value)?: return types[value]
    case nil: return nil
    }
  }

  /// iOS 16 packs indices into bytes, the table's length says how many bits; iOS 18 has types of so many bits.
  private func paletteBits(_ operation: MIL.Operation) -> Int? {
    if let indices = parameterType(operation, "indices"), indices.element.bitWidth > 0, parameterType(operation, "shape") == nil {
      return indices.element.bitWidth
    }
    guard let length = parameterType(operation, "lut")?.sizes?.last, length > 0 else { return nil }
    return max(Int.bitWidth - (length - 1).leadingZeroBitCount, 1)
  }
}

/// Integers by width: whether a zero point makes them signed does not matter to anybody who reads it.
private func storageName(_ element: MIL.ElementType) -> String {
  switch element {
  case .float16: return "F16"
  case .float32: return "F32"
  case .float64: return "F64"
  case .bfloat16: return "BF16"
  case .float8e4m3fn, .float8e5m2: return "F8"
  default: return element == .bool ? "BOOL" : "INT\(element.bitWidth)"
  }
}
