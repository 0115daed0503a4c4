import CTensorLogic
import Kernels
import MIL

/// One call of an engine kernel: tensors in place, inputs first, and parameters.
struct KernelCall {
  struct Operand {
    let address: UnsafeMutableRawPointer
    let format: ElementFormat
    let shape: [Int]
    var count: Int { shape.reduce(1, *) }
  }

  let operation: String
  let operands: [Operand]
  private let parameters: JSON
  /// Keeps the memory.
  private let buffers: [Buffer]

  /// places: buffer handle and byte offset of each tensor.
  init(_ call: String, places: UnsafeBufferPointer<UInt64>) throws {
    let json: JSON
    do { json = try JSON(parsing: call, name: "call") } catch { throw Failure(TL_E_ARGUMENT, Failure(error).message) }
    guard let operation = json["operation"]?.stringValue, case .array(let tensors)? = json["tensors"] else {
      throw Failure(TL_E_ARGUMENT, "call: expected {operation, tensors, parameters}")
    }
    guard tensors.count * 2 == places.count else {
      throw Failure(TL_E_ARGUMENT, "call: \(tensors.count) tensors and \(places.count / 2) places")
    }
    self.operation = operation
    parameters = json["parameters"] ?? .null
    var buffers: [Buffer] = []
    operands = try tensors.enumerated().map { index, tensor in
      guard let handle = UInt32(exactly: places[2 * index]) else {
        throw Failure(TL_E_HANDLE, "\(places[2 * index]) is not a buffer handle")
      }
      let buffer = try HandleTable.shared.get(handle, as: Buffer.self)
      buffers.append(buffer)
      return try KernelCall.operand(tensor, buffer, offset: places[2 * index + 1], index)
    }
    self.buffers = buffers
  }

  private static func operand(_ tensor: JSON, _ buffer: Buffer, offset: UInt64, _ index: Int) throws -> Operand {
    guard case .array(let sizes)? = tensor["shape"], sizes.count <= Int(TLK_MAX_RANK),
      let code = tensor["dtype"]?.integerValue.flatMap({ Int32(exactly: $0) })
    else { throw Failure(TL_E_ARGUMENT, "tensor \(index): expected {dtype, shape} of at most \(TLK_MAX_RANK) axes") }
    let format = try ElementFormat(code: code)
    var bytes = format.byteWidth
    let shape = try sizes.map { size -> Int in
      guard let value = size.integerValue.flatMap({ Int(exactly: $0) }), value > 0 else {
        throw Failure(TL_E_ARGUMENT, "tensor \(index): a size is not a positive integer")
      }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: value)
      guard !overflow, value <= Int(Int32.max) else { throw Failure(TL_E_ARGUMENT, "tensor \(index) is too large") }
      bytes = product
      return value
    }
    guard offset <= UInt64(buffer.byteLength), bytes <= buffer.byteLength - Int(offset) else {
      throw Failure(TL_E_ARGUMENT, "tensor \(index): \(bytes) bytes at \(offset) are outside of \(buffer.byteLength)")
    }
    return Operand(address: buffer.address + Int(offset), format: format, shape: shape)
  }

  // MARK: what operations ask for

  /// The tensor at `index`, with the rank and the shape that the operation needs.
  func tensor(_ index: Int, _ name: String, _ format: ElementFormat = .float16, shape: [Int]? = nil, rank: Int? = nil)
    throws -> Operand
  {
    guard index < operands.count else { throw wrong("\(name) is missing") }
    let operand = operands[index]
    guard operand.format == format else { throw wrong("\(name) is \(operand.format.name), expected \(format.name)") }
    if let shape, operand.shape != shape { throw wrong("\(name) has shape \(operand.shape), expected \(shape)") }
    if let rank, operand.shape.count != rank { throw wrong("\(name) has shape \(operand.shape), expected \(rank) axes") }
    return operand
  }

  func expect(count: Int) throws {
    guard operands.count == count else { throw wrong("\(operands.count) tensors, expected \(count)") }
  }

  func integers(_ name: String, count: Int, minimum: Int) throws -> [Int] {
    guard case .array(let values)? = parameters[name], values.count == count else {
      throw wrong("\(name): expected \(count) integers")
    }
    return try values.map { try checked($0, name, minimum) }
  }

  func integer(_ name: String, minimum: Int) throws -> Int { try checked(parameters[name] ?? .null, name, minimum) }

  func flag(_ name: String) -> Bool { parameters[name]?.boolValue ?? false }

  func number(_ name: String) throws -> Float {
    guard let value = double(parameters[name]) else { throw wrong("\(name): expected a number") }
    return Float(value)
  }

  func numbers(_ name: String, count: Int) throws -> [Float] {
    guard case .array(let values)? = parameters[name], values.count == count else {
      throw wrong("\(name): expected \(count) numbers")
    }
    return try values.map { value in
      guard let number = double(value) else { throw wrong("\(name): expected numbers") }
      return Float(number)
    }
  }

  func wrong(_ text: String) -> Failure { Failure(TL_E_ARGUMENT, "\(operation): \(text)") }

  func check(_ status: tlk_status) throws {
    switch status {
    case TLK_OK: return
    case TLK_E_MEMORY: throw Failure(TL_E_MEMORY, "\(operation): no memory for the kernel")
    default: throw wrong("the kernel refused its arguments (\(status.rawValue))")
    }
  }

  private func double(_ value: JSON?) -> Double? {
    switch value {
    case .integer(let value)?: return Double(value)
    case .number(let value)?: return value
    default: return nil
    }
  }

  private func checked(_ value: JSON, _ name: String, _ minimum: Int) throws -> Int {
    // Far from overflow in sums and products of two.
    guard let value = value.integerValue.flatMap({ Int(exactly: $0) }), value >= minimum, value <= 1 << 30 else {
      throw wrong("\(name): expected integers of at least \(minimum)")
    }
    return value
  }

  /// f32 of an operand; parameters of kernels are f32.
  func floats(_ operand: Operand) throws -> [Float] {
    var values = [Float](repeating: 0, count: operand.count)
    try check(tlk_convert(operand.address, operand.format.kernel, &values, TLK_F32, operand.count))
    return values
  }
}

@_cdecl("tl_kernel_run")
public func tl_kernel_run(
  _ call: UnsafePointer<UInt8>?, _ callByteLength: UInt32, _ places: UnsafePointer<UInt64>?, _ tensorCount: UInt32
) -> Int32 {
  export {
    guard tensorCount > 0, tensorCount <= 16 else { throw Failure(TL_E_ARGUMENT, "tensor_count: \(tensorCount) of 1…16") }
    let places = UnsafeBufferPointer(start: try required(places, "places"), count: Int(tensorCount) * 2)
    let call = try KernelCall(text(call, callByteLength, "call"), places: places)
    guard let run = kernelOperations[call.operation] else {
      throw Failure(TL_E_NOT_FOUND, "no operation is named '\(call.operation)'")
    }
    try run(call)
  }
}

/// What tl_kernel_run knows, by families.
private let kernelOperations: [String: (KernelCall) throws -> Void] =
  elementwiseKernels.merging(productKernels) { first, _ in first }
  .merging(spatialKernels) { first, _ in first }
  .merging(rowKernels) { first, _ in first }
