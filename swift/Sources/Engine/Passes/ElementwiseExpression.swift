import Kernels
import MIL

/// A chain of elementwise operations that runs in one pass over memory and rounds once, at its end.
struct ElementwiseExpression {
  enum Source { case operand(Int), result(Int) }
  struct Instruction {
    var form: ElementwiseForm
    var sources: [Source]
  }
  var operands: [Value]
  var instructions: [Instruction]

  /// One operation.
  init(_ form: ElementwiseForm, _ operands: [Value]) {
    self.operands = operands
    instructions = [Instruction(form: form, sources: operands.indices.map(Source.operand))]
  }

  /// The operand's own expression takes its place. nil when the chain would get too long for one program.
  func inlining(_ other: ElementwiseExpression, for operand: Value) -> ElementwiseExpression? {
    var merged = other
    merged.operands += operands.filter { value in value !== operand && !merged.operands.contains { $0 === value } }
    guard merged.operands.count <= 10, instructions.count + other.instructions.count <= 24 else { return nil }
    let inlined = Source.result(other.instructions.count - 1)
    for instruction in instructions {
      var moved = instruction
      moved.sources = instruction.sources.map { source in
        switch source {
        case .result(let index): return .result(index + other.instructions.count)
        case .operand(let index):
          let value = operands[index]
          if value === operand { return inlined }
          return .operand(merged.operands.firstIndex { $0 === value } ?? 0)
        }
      }
      merged.instructions.append(moved)
    }
    return merged.fitsRegisters ? merged : nil
  }

  private var fitsRegisters: Bool { (try? program()) != nil }
}

extension ElementwiseExpression {
  private struct OutOfRegisters: Error {}

  /// The instructions with registers, loads and the final store; memory operands (those that are not immediate) in order.
  func program() throws -> (instructions: [tlk_ew_instruction], memory: [Value]) {
    var result: [tlk_ew_instruction] = []
    var memory: [Value] = []
    var lastUseOfOperand = [Int](repeating: -1, count: operands.count)
    var lastUseOfResult = [Int](repeating: -1, count: instructions.count)
    for (index, instruction) in instructions.enumerated() {
      for source in instruction.sources {
        switch source {
        case .operand(let operand): lastUseOfOperand[operand] = index
        case .result(let earlier): lastUseOfResult[earlier] = index
        }
      }
    }
    var free = Array((0..<UInt8(TLK_EW_REGISTERS)).reversed())
    func take() throws -> UInt8 {
      guard let register = free.popLast() else { throw OutOfRegisters() }
      return register
    }
    var operandRegister = [UInt8?](repeating: nil, count: operands.count)
    var resultRegister = [UInt8](repeating: 0, count: instructions.count)
    for (index, instruction) in instructions.enumerated() {
      var registers: [UInt8] = []
      for source in instruction.sources {
        switch source {
        case .result(let earlier): registers.append(resultRegister[earlier])
        case .operand(let operand):
          if let loaded = operandRegister[operand] {
            registers.append(loaded)
            continue
          }
          let register = try take()
          operandRegister[operand] = register
          registers.append(register)
          let value = operands[operand]
          let isFloat = value.tensor.element.isFloat
          if value.isFoldable, value.tensor.count == 1, let number = value.numbers?.first {
            if isFloat {
              result.append(tlk_ew_instruction(TLK_EW_FILL, register, p: Float(number)))
            } else {
              result.append(tlk_ew_instruction(TLK_EW_I_FILL, register, immediate: Int32(truncatingIfNeeded: Int64(number))))
            }
          } else {
            if !memory.contains(where: { $0 === value }) { memory.append(value) }
            let input = memory.firstIndex { $0 === value } ?? 0
            result.append(tlk_ew_instruction(TLK_EW_LOAD, register, a: UInt8(input)))
          }
        }
      }
      for (operand, register) in operandRegister.enumerated() where lastUseOfOperand[operand] == index {
        if let register { free.append(register) }
      }
      for source in instruction.sources {
        if case .result(let earlier) = source, lastUseOfResult[earlier] == index, !free.contains(resultRegister[earlier]) { free.append(resultRegister[earlier]) }
      }
      // The destination never shares a register with a source: kernels may write before they have read everything.
      let blocked = Set(registers)
      guard let position = free.lastIndex(where: { !blocked.contains($0) }) else { throw OutOfRegisters() }
      let destination = free.remove(at: position)
      resultRegister[index] = destination
      var encoded = tlk_ew_instruction(instruction.form.opcode, destination, p: instruction.form.p, q: instruction.form.q)
      if registers.count > 0 { encoded.a = registers[0] }
      if registers.count > 1 { encoded.b = registers[1] }
      if registers.count > 2 { encoded.c = registers[2] }
      result.append(encoded)
    }
    result.append(tlk_ew_instruction(TLK_EW_STORE, 0, a: resultRegister[instructions.count - 1]))
    guard memory.count <= Int(TLK_EW_INPUTS) else { throw OutOfRegisters() }
    return (result, memory)
  }

  /// The kernel that computes the expression into `output`.
  func kernel(_ node: Node, output: Value) throws -> Kernel {
    let (instructions, memory) = try program()
    let spec = output.tensor
    let operandStrides = memory.map { ElementwiseExpression.broadcastStrides($0.tensor.shape, to: spec.shape) }
    let collapsed = ElementwiseExpression.collapse(spec.shape, operandStrides + [spec.strides])
    guard collapsed.shape.count <= Int(TLK_MAX_RANK) else { throw node.fail("rank \(spec.rank) is more than the engine's \(TLK_MAX_RANK)", .unsupported) }
    var program = tlk_ew_program()
    program.rank = collapsed.shape.count
    program.input_count = memory.count
    program.output_count = 1
    program.instruction_count = instructions.count
    withUnsafeMutableBytes(of: &program.shape) { raw in
      for (axis, size) in collapsed.shape.enumerated() { raw.storeBytes(of: size, toByteOffset: axis * 8, as: Int.self) }
    }
    func operand(_ value: Value, _ strides: [Int]) throws -> tlk_ew_operand {
      var operand = tlk_ew_operand()
      operand.dtype = try node.kernelType(value.tensor, value.name)
      withUnsafeMutableBytes(of: &operand.strides) { raw in
        for (axis, stride) in strides.enumerated() { raw.storeBytes(of: stride, toByteOffset: axis * 8, as: Int.self) }
      }
      return operand
    }
    let stride = MemoryLayout<tlk_ew_operand>.stride
    let inputs = try zip(memory, collapsed.strides).map { try operand($0, $1) }
    let result = try operand(output, collapsed.strides[memory.count])
    withUnsafeMutableBytes(of: &program.inputs) { raw in
      for (index, operand) in inputs.enumerated() { raw.storeBytes(of: operand, toByteOffset: index * stride, as: tlk_ew_operand.self) }
    }
    withUnsafeMutableBytes(of: &program.outputs) { raw in raw.storeBytes(of: result, as: tlk_ew_operand.self) }
    let code = OwnedArray(instructions)
    program.instructions = UnsafePointer(code.pointer)
    let slots = memory.map(\.slot)
    let target = output.slot
    // In place: a copy for each run would be 1.4 KB.
    let fixed = OwnedArray([program])
    return { frame in
      let status = withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: max(slots.count, 1)) { inputs -> tlk_status in
        for (index, slot) in slots.enumerated() { inputs.initializeElement(at: index, to: UnsafeRawPointer(frame[slot])) }
        var out: UnsafeMutableRawPointer? = frame[target]
        return withExtendedLifetime((code, fixed)) { withUnsafePointer(to: &out) { tlk_ew_run(fixed.pointer, inputs.baseAddress, $0) } }
      }
      try node.check(status)
    }
  }

  /// Strides of an operand along the axes of the result, 0 where it is repeated.
  static func broadcastStrides(_ shape: [Int], to result: [Int]) -> [Int] {
    let own = TensorSpec(.float32, shape).strides
    let missing = result.count - shape.count
    return result.indices.map { axis in
      guard axis >= missing else { return 0 }
      return shape[axis - missing] == 1 ? 0 : own[axis - missing]
    }
  }

  /// Merges neighbouring axes that every operand walks through without a jump, and drops axes of size 1.
  static func collapse(_ shape: [Int], _ strides: [[Int]]) -> (shape: [Int], strides: [[Int]]) {
    var sizes: [Int] = []
    var kept = [[Int]](repeating: [], count: strides.count)
    for axis in shape.indices where shape[axis] != 1 {
      if let last = sizes.indices.last, strides.indices.allSatisfy({ kept[$0][last] == strides[$0][axis] &* shape[axis] }) {
        sizes[last] = sizes[last] &* shape[axis]
        for index in strides.indices { kept[index][last] = strides[index][axis] }
      } else {
        sizes.append(shape[axis])
        for index in strides.indices { kept[index].append(strides[index][axis]) }
      }
    }
    return (sizes, kept)
  }
}

/// An array whose address does not change, for structs that C keeps pointers into.
final class OwnedArray<Element: BitwiseCopyable>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  init(_ elements: [Element]) {
    pointer = .allocate(capacity: max(elements.count, 1))
    pointer.initialize(from: elements, count: elements.count)
  }
  deinit { pointer.deallocate() }
}

extension tlk_ew_instruction {
  init(_ opcode: tlk_ew_opcode, _ destination: UInt8, a: UInt8 = 0, immediate: Int32 = 0, p: Float = 0, q: Float = 0) {
    self.init(opcode: UInt8(opcode.rawValue), dst: destination, a: a, b: 0, c: 0, immediate: immediate, p: p, q: q)
  }
}
