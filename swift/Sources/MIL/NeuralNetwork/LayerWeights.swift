/// Decodes `WeightParams` to f32 and remembers the result: a model with flexible shapes is lowered once per shape.
final class LayerWeights {
  private struct Key: Hashable {
    var address: UnsafeRawPointer?
    var shape: [Int]
    var channelAxis: Int
  }
  private var decoded: [Key: ByteSlice] = [:]

  init() {}

  /// `channelAxis` is the output channels' axis, along which scales and biases of quantised weights run.
  func constant(_ message: ProtobufMessage, shape: [Int], channelAxis: Int) throws -> Constant {
    let type = ValueType.tensor(TensorType(.float32, sizes: shape))
    let key = Key(address: message.slice.bytes.baseAddress, shape: shape, channelAxis: channelAxis)
    if let known = decoded[key] { return Constant(type: type, payload: .bytes(known)) }
    guard let count = elementCount(shape) else { throw message.malformed("weights of the shape \(shape) are too large") }
    let slice = try WeightDecoder(message, shape: shape, count: count, channelAxis: channelAxis).floats()
    decoded[key] = slice
    return Constant(type: type, payload: .bytes(slice))
  }
}

/// Product of sizes; nil if one is negative or the product is beyond any file.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard size >= 0, !overflow, product <= 1 << 40 else { return nil }
    count = product
  }
  return count
}

private struct WeightDecoder {
  let message: ProtobufMessage
  let shape: [Int]
  let count: Int
  let channelAxis: Int
  private let parameters: LayerParameters

  init(_ message: ProtobufMessage, shape: [Int], count: Int, channelAxis: Int) throws {
    self.message = message
    self.shape = shape
    self.count = count
    self.channelAxis = channelAxis
    parameters = try LayerParameters(message)
  }

  func floats() throws -> ByteSlice {
    if let raw = try parameters.bytes(31), raw.count > 0 { return try dequantized(raw, bits: 8, isSigned: true) }
    if let raw = try parameters.bytes(30), raw.count > 0 {
      guard let quantization = try parameters.nested(40) else { throw message.malformed("raw weights without quantization parameters") }
      return try dequantized(raw, bits: quantization.int(1), isSigned: false)
    }
    if let halves = try parameters.bytes(2), halves.count > 0 { return try widened(halves) }
    return try full()
  }

  private func mismatch(_ found: String) -> ModelError { message.malformed("\(found) of weights, expected \(count) elements for the shape \(shape)") }

  private func full() throws -> ByteSlice {
    // One packed field is the common case: used in place if the file has it on a multiple of four.
    if let packed = try? parameters.bytes(1), packed.count == count * 4, let base = packed.bytes.baseAddress {
      return UInt(bitPattern: base) % 4 == 0 ? packed : ByteSlice(copying: packed.bytes)
    }
    let values = try parameters.floats(1)
    guard values.count == count else { throw mismatch("\(values.count) numbers") }
    return values.withUnsafeBytes { ByteSlice(copying: $0) }
  }

  private func widened(_ halves: ByteSlice) throws -> ByteSlice {
    guard halves.count == count * 2 else { throw mismatch("\(halves.count) bytes of half precision") }
    let owned = OwnedBytes(byteCount: count * 4)
    let target = owned.pointer.bindMemory(to: Float.self, capacity: count)
    for index in 0..<count {
      target[index] = float(half: UInt16(littleEndian: halves.bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)))
    }
    return ByteSlice(owner: owned, bytes: UnsafeRawBufferPointer(start: owned.pointer, count: count * 4))
  }

  private func dequantized(_ raw: ByteSlice, bits: Int, isSigned: Bool) throws -> ByteSlice {
    guard (1...8).contains(bits) else { throw message.malformed("weights of \(bits) bits, expected 1 to 8") }
    guard raw.count >= (count * bits + 7) / 8 else { throw mismatch("\(raw.count) bytes of \(bits) bits") }
    let quantization = try parameters.nested(40)
    let owned = OwnedBytes(byteCount: count * 4)
    let target = owned.pointer.bindMemory(to: Float.self, capacity: count)
    var stream = BitStream(raw, bits: bits)
    if let table = try quantization?.nested(102)?.floats(1) {
      guard table.count >= 1 << bits else { throw message.malformed("a lookup table of \(table.count) values, expected \(1 << bits)") }
      for index in 0..<count { target[index] = table[stream.next()] }
    } else {
      let linear = try quantization?.nested(101)
      let channels = try ChannelParameters(scale: linear?.floats(1) ?? [], bias: linear?.floats(2) ?? [], shape: shape, axis: channelAxis)
      guard let channels else { throw message.malformed("scales or biases that fit neither the tensor nor its channels (shape \(shape))") }
      for index in 0..<count {
        let number = stream.next()
        target[index] = channels.apply(Float(isSigned ? Int(Int8(truncatingIfNeeded: number)) : number), at: index)
      }
    }
    return ByteSlice(owner: owned, bytes: UnsafeRawBufferPointer(start: owned.pointer, count: count * 4))
  }
}

/// Numbers of 1 to 8 bits, most significant bit first.
private struct BitStream {
  private let raw: ByteSlice
  private let bits: Int
  private var accumulator = 0
  private var available = 0
  private var position = 0

  init(_ raw: ByteSlice, bits: Int) {
    self.raw = raw
    self.bits = bits
  }

  mutating func next() -> Int {
    if available < bits {
      accumulator = (accumulator << 8) | Int(position < raw.count ? raw.bytes[position] : 0)
      position += 1
      available += 8
    }
    available -= bits
    let value = accumulator >> available
    accumulator &= (1 << available) - 1
    return value
  }
}

private struct ChannelParameters {
  private let scale: [Float], bias: [Float]
  /// Elements per channel, channels per input channel (deconvolutions: per group), elements of one group.
  private let inner: Int, perGroup: Int, groupSize: Int

  init?(scale: [Float], bias: [Float], shape: [Int], axis: Int) {
    let channels = max(scale.count, bias.count, 1)
    let perGroup = axis < shape.count ? max(shape[axis], 1) : 1
    let total = elementCount(shape) ?? 0
    guard channels == 1 || (axis < shape.count && channels % perGroup == 0), scale.count <= 1 || scale.count == channels, bias.count <= 1 || bias.count == channels else { return nil }
    let groups = channels == 1 ? 1 : channels / perGroup
    guard groups == 1 || (axis == 1 && shape[0] % groups == 0) else { return nil }
    self.scale = scale.isEmpty ? [1] : scale
    self.bias = bias.isEmpty ? [0] : bias
    inner = max(elementCount(Array(shape.dropFirst(axis + 1))) ?? 1, 1)
    self.perGroup = perGroup
    groupSize = max(total / groups, 1)
  }

  func apply(_ value: Float, at index: Int) -> Float {
    let channel = scale.count == 1 && bias.count == 1 ? 0 : index / groupSize * perGroup + index / inner % perGroup
    return (scale.count == 1 ? scale[0] : scale[channel]) * value + (bias.count == 1 ? bias[0] : bias[channel])
  }
}

/// IEEE half to single by its bits: `Float16` is not on every platform that this module is for.
private func float(half bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 0x1F
  let fraction = UInt32(bits) & 0x3FF
  switch exponent {
  case 0: return Float(bitPattern: sign | (Float(fraction) * 0x1p-24).bitPattern)
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
