import Kernels

let elementwiseKernels: [String: (KernelCall) throws -> Void] = [
  "relu": { try activate($0, TLK_EW_RELU) },
  "gelu": { try activate($0, TLK_EW_GELU) },
  "sigmoid": { try activate($0, TLK_EW_SIGMOID) },
  "tanh": { try activate($0, TLK_EW_TANH) },
  "silu": { try activate($0, TLK_EW_SILU) },
  "add": { try combine($0, TLK_EW_ADD) },
  "sub": { try combine($0, TLK_EW_SUB) },
  "mul": { try combine($0, TLK_EW_MUL) },
  "div": { try combine($0, TLK_EW_DIV) },
  "convert": convert,
  "rope": rope,
]

private func instruction(
  _ opcode: tlk_ew_opcode, to: UInt8 = 0, _ a: UInt8 = 0, _ b: UInt8 = 0
) -> tlk_ew_instruction {
  tlk_ew_instruction(
    opcode: UInt8(truncatingIfNeeded: opcode.rawValue), dst: to, a: a, b: b, c: 0, immediate: 0, p: 0, q: 0)
}

private func setStrides(_ operand: inout tlk_ew_operand, _ strides: [Int]) {
  operand.dtype = TLK_F16
  withUnsafeMutableBytes(of: &operand.strides) { bytes in
    let values = bytes.bindMemory(to: Int.self)
    for (axis, stride) in strides.enumerated() where axis < values.count { values[axis] = stride }
  }
}

private func activate(_ call: KernelCall, _ opcode: tlk_ew_opcode) throws {
  try call.expect(count: 2)
  let x = try call.tensor(0, "x")
  let y = try call.tensor(1, "y", shape: x.shape)
  let code = [instruction(TLK_EW_LOAD), instruction(opcode), instruction(TLK_EW_STORE)]
  try run(call, code, shape: [x.count], inputs: [(x, [1])], output: (y, [1]))
}

private func combine(_ call: KernelCall, _ opcode: tlk_ew_opcode) throws {
  try call.expect(count: 3)
  let a = try call.tensor(0, "a"), b = try call.tensor(1, "b"), y = try call.tensor(2, "y")
  let code = [
    instruction(TLK_EW_LOAD, to: 0, 0), instruction(TLK_EW_LOAD, to: 1, 1), instruction(opcode, to: 0, 0, 1),
    instruction(TLK_EW_STORE),
  ]
  let inputs = try [a, b].map { ($0, try broadcastStrides($0.shape, to: y.shape, call)) }
  try run(call, code, shape: y.shape, inputs: inputs, output: (y, denseStrides(y.shape)))
}

private func run(
  _ call: KernelCall, _ code: [tlk_ew_instruction], shape: [Int], inputs: [(KernelCall.Operand, [Int])],
  output: (KernelCall.Operand, [Int])
) throws {
  var program = tlk_ew_program()
  let sizes = shape.isEmpty ? [1] : shape
  program.rank = sizes.count
  withUnsafeMutableBytes(of: &program.shape) { bytes in
    for (axis, size) in sizes.enumerated() { bytes.bindMemory(to: Int.self)[axis] = size }
  }
  program.input_count = inputs.count
  program.output_count = 1
  program.instruction_count = code.count
  withUnsafeMutableBytes(of: &program.inputs) { bytes in
    let operands = bytes.bindMemory(to: tlk_ew_operand.self)
    for (index, input) in inputs.enumerated() { setStrides(&operands[index], input.1) }
  }
  withUnsafeMutableBytes(of: &program.outputs) { setStrides(&$0.bindMemory(to: tlk_ew_operand.self)[0], output.1) }
  let sources = inputs.map { UnsafeRawPointer($0.0.address) as UnsafeRawPointer? }
  let targets = [output.0.address as UnsafeMutableRawPointer?]
  try code.withUnsafeBufferPointer { instructions in
    program.instructions = instructions.baseAddress
    try call.check(tlk_ew_run(&program, sources, targets))
  }
}

func denseStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in strides.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// Strides of `shape` along the axes of `target`, right aligned; 0 where an axis repeats.
private func broadcastStrides(_ shape: [Int], to target: [Int], _ call: KernelCall) throws -> [Int] {
  guard shape.count <= target.count else { throw call.wrong("shape \(shape) does not broadcast to \(target)") }
  let offset = target.count - shape.count
  let dense = denseStrides(shape)
  return try target.indices.map { axis in
    guard axis >= offset else { return 0 }
    let size = shape[axis - offset]
    guard size == 1 || size == target[axis] else { throw call.wrong("shape \(shape) does not broadcast to \(target)") }
    return size == 1 ? 0 : dense[axis - offset]
  }
}

private func convert(_ call: KernelCall) throws {
  try call.expect(count: 2)
  let x = call.operands[0], y = call.operands[1]
  guard x.count == y.count else { throw call.wrong("shapes \(x.shape) and \(y.shape)") }
  try call.check(tlk_convert(x.address, x.format.kernel, y.address, y.format.kernel, x.count))
}

private func rope(_ call: KernelCall) throws {
  try call.expect(count: 2)
  let x = try call.tensor(0, "x")
  let y = try call.tensor(1, "y", shape: x.shape)
  guard x.shape.count >= 2, let width = x.shape.last, width % 2 == 0 else {
    throw call.wrong("x has shape \(x.shape), expected [..., tokens, an even width]")
  }
  let tokens = x.shape[x.shape.count - 2]
  let base = try call.number("base")
  guard base > 0 else { throw call.wrong("base: \(base) is not positive") }
  try call.check(
    tlk_rope(
      x.address, TLK_F16, y.address, x.count / (tokens * width), tokens, width,
      call.integer("firstPosition", minimum: 0), base, call.flag("adjacent")))
}
