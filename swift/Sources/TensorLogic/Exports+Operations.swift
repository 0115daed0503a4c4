import CTensorLogic
import Kernels

@_cdecl("tl_tensor_elementwise")
public func tl_tensor_elementwise(
  _ operation: Int32, _ format: Int32, _ a: UnsafeRawPointer?, _ aStrides: UnsafePointer<Int64>?,
  _ b: UnsafeRawPointer?, _ bStrides: UnsafePointer<Int64>?, _ target: UnsafeMutableRawPointer?, _ rank: UInt32,
  _ shape: UnsafePointer<Int64>?
) -> Int32 {
  export {
    let operation = try ElementOperation(code: operation)
    let format = try floatFormat(format)
    let from = try Layout(format: format, rank: rank, shape: shape, strides: aStrides)
    guard from.shape.count <= TLK_MAX_RANK else {
      throw Failure(TL_E_ARGUMENT, "rank: \(rank) is more than \(TLK_MAX_RANK)")
    }
    guard from.elementCount > 0 else { return }
    var operands = [from]
    var inputs: [UnsafeRawPointer?] = [try required(a, "a")]
    if operation != .negate {
      operands.append(try Layout(format: format, rank: rank, shape: shape, strides: bStrides))
      inputs.append(try required(b, "b"))
    }
    let to = try Layout(format: format, shape: from.shape)
    try run(operation, operands, inputs, to, try required(target, "target"))
  }
}

@_cdecl("tl_tensor_matmul")
public func tl_tensor_matmul(
  _ format: Int32, _ a: UnsafeRawPointer?, _ aOffsets: UnsafePointer<Int64>?, _ b: UnsafeRawPointer?,
  _ bOffsets: UnsafePointer<Int64>?, _ target: UnsafeMutableRawPointer?, _ batch: UInt32, _ m: UInt64, _ n: UInt64,
  _ k: UInt64
) -> Int32 {
  export {
    let format = try floatFormat(format)
    let (m, n, k) = (try size(m, "m"), try size(n, "n"), try size(k, "k"))
    let outElements = try product(product(m, n), Int(batch))
    _ = try (product(product(m, k), format.byteWidth), product(product(k, n), format.byteWidth))
    guard try product(outElements, format.byteWidth) > 0 else { return }
    let target = try required(target, "target")
    // A sum of nothing.
    if k == 0 {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: outElements * format.byteWidth)
      return
    }
    let starts = try [offsets(aOffsets, batch, "a_offsets"), offsets(bOffsets, batch, "b_offsets")]
    var matmul = tlk_matmul()
    (matmul.batch, matmul.m, matmul.n, matmul.k) = (Int(batch), m, n, k)
    (matmul.a, matmul.b, matmul.out) = (try required(a, "a"), try required(b, "b"), target)
    (matmul.a_pitch, matmul.b_pitch, matmul.out_pitch, matmul.out_stride) = (k, n, n, m * n)
    (matmul.a_dtype, matmul.b_dtype, matmul.out_dtype) = (format.kernel, format.kernel, format.kernel)
    matmul.alpha = 1
    try starts[0].withUnsafeBufferPointer { a in
      try starts[1].withUnsafeBufferPointer { b in
        (matmul.a_offsets, matmul.b_offsets) = (a.baseAddress, b.baseAddress)
        try check(tlk_matmul_run(&matmul), "tl_tensor_matmul")
      }
    }
  }
}

/// `enum tl_operation`.
private enum ElementOperation: Int32 {
  case add = 1, subtract = 2, multiply = 3, divide = 4, negate = 5

  init(code: Int32) throws {
    guard let operation = ElementOperation(rawValue: code) else {
      throw Failure(TL_E_ARGUMENT, "operation: \(code) is not a tl_operation")
    }
    self = operation
  }

  var opcode: tlk_ew_opcode {
    switch self {
    case .add: return TLK_EW_ADD
    case .subtract: return TLK_EW_SUB
    case .multiply: return TLK_EW_MUL
    case .divide: return TLK_EW_DIV
    case .negate: return TLK_EW_NEG
    }
  }
}

private func run(
  _ operation: ElementOperation, _ operands: [Layout], _ inputs: [UnsafeRawPointer?], _ to: Layout,
  _ target: UnsafeMutableRawPointer
) throws {
  let result = UInt8(operands.count)
  var code = (0..<result).map { instruction(TLK_EW_LOAD, $0, $0) }
  code.append(instruction(operation.opcode, result, 0, 1))
  code.append(instruction(TLK_EW_STORE, 0, result))
  var program = tlk_ew_program()
  program.rank = to.shape.count
  (program.input_count, program.output_count, program.instruction_count) = (operands.count, 1, code.count)
  store(to.shape, in: &program.shape)
  store(operands.map(operand), in: &program.inputs)
  store([operand(to)], in: &program.outputs)
  try code.withUnsafeBufferPointer { code in
    program.instructions = code.baseAddress
    var outputs: [UnsafeMutableRawPointer?] = [target]
    try check(tlk_ew_run(&program, inputs, &outputs), "tl_tensor_elementwise")
  }
}

private func instruction(_ opcode: tlk_ew_opcode, _ target: UInt8, _ a: UInt8, _ b: UInt8 = 0) -> tlk_ew_instruction {
  var instruction = tlk_ew_instruction()
  (instruction.opcode, instruction.dst, instruction.a, instruction.b) = (UInt8(opcode.rawValue), target, a, b)
  return instruction
}

private func operand(_ layout: Layout) -> tlk_ew_operand {
  var operand = tlk_ew_operand()
  operand.dtype = layout.format.kernel
  store(layout.strides, in: &operand.strides)
  return operand
}

/// Swift sees an array of a C struct as a tuple; what does not fit into it is left out.
private func store<T, Tuple>(_ values: [T], in tuple: inout Tuple) {
  withUnsafeMutableBytes(of: &tuple) { bytes in
    values.withUnsafeBytes { bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(bytes.count))) }
  }
}

private func floatFormat(_ code: Int32) throws -> ElementFormat {
  let format = try ElementFormat(code: code)
  guard format == .float16 || format == .float32 else {
    throw Failure(TL_E_ARGUMENT, "dtype: arithmetic takes float16 or float32, got \(format.name)")
  }
  return format
}

private func size(_ value: UInt64, _ name: StaticString) throws -> Int {
  guard value <= UInt64(Int32.max) else { throw Failure(TL_E_ARGUMENT, "\(name): \(value) is more than \(Int32.max)") }
  return Int(value)
}

private func offsets(_ values: UnsafePointer<Int64>?, _ count: UInt32, _ name: StaticString) throws -> [Int] {
  let values = UnsafeBufferPointer(start: try required(values, name), count: Int(count)).map { Int($0) }
  guard values.allSatisfy({ $0 >= 0 }) else { throw Failure(TL_E_ARGUMENT, "\(name): negative") }
  return values
}
