/// The elements of one immediate tensor (`MILSpec.TensorValue`).
struct TensorValueReader {
  let type: TensorType

  func constant(_ message: ProtobufMessage) throws -> Constant {
    guard let count = type.elementCount else {
      throw message.malformed("a value of type \(type); expected a fixed shape whose size fits the address space")
    }
    var payload: Constant.Payload?
    var fields = message.fields()
    while let field = try fields.next() {
      guard (1...7).contains(field.number) else { continue }
      let content = try field.message()
      switch field.number {
      case 1: payload = try floats(content, count: count)
      case 2, 5: payload = try integers(content, is32Bit: field.number == 2, count: count)
      case 3: payload = try bools(content, count: count)
      case 4: payload = try strings(content, count: count)
      case 6: payload = try doubles(content, count: count)
      default: payload = try bytes(content, count: count)
      }
    }
    if payload == nil, count == 0 {
      payload = type.element == .string ? .strings([]) : .bytes(ElementEncoder(type.element).encoded())
    }
    guard let payload else { throw message.malformed("a value of type \(type) has no elements") }
    return Constant(type: .tensor(type), payload: payload)
  }

  private func check(_ found: Int, _ expected: Int, _ message: ProtobufMessage, _ unit: String = "elements") throws {
    guard found == expected else {
      throw message.malformed("a value of type \(type) has \(found) \(unit), expected \(expected)")
    }
  }

  private func mismatch(_ message: ProtobufMessage, _ content: String) -> ModelError {
    message.malformed("a value of type \(type) has \(content) as its content")
  }

  private func floats(_ message: ProtobufMessage, count: Int) throws -> Constant.Payload {
    guard type.element.isFloat else { throw mismatch(message, "floats") }
    var values: [Float] = []
    try message.forEach(field: 1) { try $0.appendFloats(to: &values) }
    try check(values.count, count, message)
    var encoder = ElementEncoder(type.element)
    for value in values { guard encoder.append(value) else { throw mismatch(message, "floats") } }
    return .bytes(encoder.encoded())
  }

  private func doubles(_ message: ProtobufMessage, count: Int) throws -> Constant.Payload {
    guard type.element == .float64 else { throw mismatch(message, "doubles") }
    var values: [Double] = []
    try message.forEach(field: 1) { try $0.appendDoubles(to: &values) }
    try check(values.count, count, message)
    var encoder = ElementEncoder(type.element)
    for value in values { guard encoder.append(value) else { throw mismatch(message, "doubles") } }
    return .bytes(encoder.encoded())
  }

  private func integers(_ message: ProtobufMessage, is32Bit: Bool, count: Int) throws -> Constant.Payload {
    guard type.element.largestInteger != nil else { throw mismatch(message, "integers") }
    var values: [UInt64] = []
    try message.forEach(field: 1) { try $0.appendVarints(to: &values) }
    try check(values.count, count, message)
    var encoder = ElementEncoder(type.element)
    for value in values {
      let fits: Bool
      switch (is32Bit, type.element) {
      // The 32-bit list is signed: large uint32 numbers are written as negative ones.
      case (true, .uint32): fits = encoder.append(UInt64(UInt32(truncatingIfNeeded: value)))
      case (true, _): fits = encoder.append(Int64(Int32(truncatingIfNeeded: value)))
      case (false, .uint64): fits = encoder.append(value)
      case (false, _): fits = encoder.append(Int64(bitPattern: value))
      }
      guard fits else {
        throw message.malformed("the value \(Int64(bitPattern: value)) does not fit its type \(type.element)")
      }
    }
    return .bytes(encoder.encoded())
  }

  private func bools(_ message: ProtobufMessage, count: Int) throws -> Constant.Payload {
    guard type.element == .bool else { throw mismatch(message, "booleans") }
    var values: [UInt64] = []
    try message.forEach(field: 1) { try $0.appendVarints(to: &values) }
    try check(values.count, count, message)
    return .bytes(values.map { $0 == 0 ? UInt8(0) : 1 }.withUnsafeBytes { ByteSlice(copying: $0) })
  }

  private func strings(_ message: ProtobufMessage, count: Int) throws -> Constant.Payload {
    guard type.element == .string else { throw mismatch(message, "strings") }
    var values: [String] = []
    try message.forEach(field: 1) { values.append(try $0.string()) }
    try check(values.count, count, message)
    return .strings(values)
  }

  private func bytes(_ message: ProtobufMessage, count: Int) throws -> Constant.Payload {
    guard let expected = packedByteCount(elementCount: count, bitWidth: type.element.bitWidth), type.element != .string
    else { throw mismatch(message, "bytes") }
    var slice: ByteSlice?
    try message.forEach(field: 1) { slice = try $0.bytes() }
    try check(slice?.count ?? 0, expected, message, "bytes")
    // Copied because a protobuf's bytes have no alignment; large constants are in weight files, not here.
    return .bytes(slice.map { ByteSlice(copying: $0.bytes) } ?? ElementEncoder(type.element).encoded())
  }
}
