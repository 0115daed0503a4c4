import MIL

/// Reading small constants as numbers, for parameters and tests of values. Hot loops are in the kernels.
enum Scalars {
  static func read(_ bytes: UnsafeRawBufferPointer, _ spec: TensorSpec) -> [Double]? {
    guard bytes.count >= spec.byteCount else { return nil }
    let count = spec.count
    func load<T: BitwiseCopyable>(_: T.Type, _ convert: (T) -> Double) -> [Double] {
      (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 &* MemoryLayout<T>.size, as: T.self)) }
    }
    switch spec.element {
    case .float32: return load(Float.self) { Double($0) }
    case .float64: return load(Double.self) { $0 }
    case .float16: return load(UInt16.self) { Double(float16($0)) }
    case .bfloat16: return load(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .int8: return load(Int8.self) { Double($0) }
    case .int16: return load(Int16.self) { Double($0) }
    case .int32: return load(Int32.self) { Double($0) }
    case .int64: return load(Int64.self) { Double($0) }
    case .uint8, .bool, .uint1, .uint2, .uint3, .uint4, .uint6: return load(UInt8.self) { Double($0) }
    case .int4: return load(Int8.self) { Double($0) }
    case .uint16: return load(UInt16.self) { Double($0) }
    case .uint32: return load(UInt32.self) { Double($0) }
    case .uint64: return load(UInt64.self) { Double($0) }
    case .string, .float8e4m3fn, .float8e5m2: return nil
    }
  }

  /// Swift's own Float16 is missing on Intel Macs, so the bits are widened by hand.
  static func float16(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 31
    let mantissa = UInt32(bits & 1023)
    if exponent == 31 { return Float(bitPattern: sign | 0x7F80_0000 | mantissa << 13) }
    if exponent == 0 { return Float(sign: sign == 0 ? .plus : .minus, exponent: -24, significand: Float(mantissa)) }
    return Float(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
  }
}
