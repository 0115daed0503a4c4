/// Collects elements of one type into row-major little-endian bytes, sub-byte types packed least significant bit first.
/// Appending answers false when the type cannot hold the value.
struct ElementEncoder {
  let element: ElementType
  private(set) var count = 0
  private var bytes: [UInt8] = []
  private var pendingBits: UInt16 = 0
  private var pendingBitCount = 0

  init(_ element: ElementType) { self.element = element }

  mutating func append(_ value: Int64) -> Bool {
    if element.isFloat { return append(Double(value)) }
    if value < 0 { return append(negative: value) }
    return append(UInt64(value))
  }

  mutating func append(_ value: UInt64) -> Bool {
    if element.isFloat { return append(Double(value)) }
    guard let limit = element.largestInteger, value <= limit else { return false }
    write(value)
    return true
  }

  mutating func append(_ value: Double) -> Bool {
    switch element {
    case .float64: write(value.bitPattern)
    case .float32: write(UInt64(Float(value).bitPattern))
    case .float16: write(smallFloatBits(value, exponentBits: 5, fractionBits: 10))
    case .bfloat16: write(smallFloatBits(value, exponentBits: 8, fractionBits: 7))
    case .float8e5m2: write(smallFloatBits(value, exponentBits: 5, fractionBits: 2))
    default: return false
    }
    return true
  }

  mutating func append(_ value: Float) -> Bool {
    guard element == .float32 else { return append(Double(value)) }
    write(UInt64(value.bitPattern))
    return true
  }

  private mutating func append(negative value: Int64) -> Bool {
    guard element.isSignedInteger, value >= Int64.min >> (64 - element.bitWidth) else { return false }
    write(UInt64(bitPattern: value))
    return true
  }

  /// The elements so far; sub-byte types get a last byte padded with zeros.
  func encoded() -> ByteSlice {
    var all = bytes
    if pendingBitCount > 0 { all.append(UInt8(truncatingIfNeeded: pendingBits)) }
    return all.withUnsafeBytes { ByteSlice(copying: $0) }
  }

  private mutating func write(_ bits: UInt64) {
    count += 1
    guard let width = element.byteWidth else { return pack(UInt16(truncatingIfNeeded: bits)) }
    for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))) }
  }

  private mutating func pack(_ bits: UInt16) {
    pendingBits |= (bits & (1 << UInt16(element.bitWidth) - 1)) << UInt16(pendingBitCount)
    pendingBitCount += element.bitWidth
    guard pendingBitCount >= 8 else { return }
    bytes.append(UInt8(truncatingIfNeeded: pendingBits))
    pendingBits >>= 8
    pendingBitCount -= 8
  }
}

extension ElementType {
  var isSignedInteger: Bool {
    switch self {
    case .int4, .int8, .int16, .int32, .int64: return true
    default: return false
    }
  }

  /// nil for floats and strings.
  var largestInteger: UInt64? {
    if isFloat || self == .string { return nil }
    if self == .bool { return 1 }
    return UInt64.max >> UInt64(64 - bitWidth + (isSignedInteger ? 1 : 0))
  }
}

/// The value rounded to nearest, ties to even, in an IEEE format of at most 16 bits.
/// `Float16(value)` is not used: it needs a compiler-rt routine whose calling convention differs between systems.
func smallFloatBits(_ value: Double, exponentBits: Int, fractionBits: Int) -> UInt64 {
  let sign: UInt64 = value.sign == .minus ? 1 << UInt64(exponentBits + fractionBits) : 0
  let infinity = UInt64((1 << exponentBits) - 1) << UInt64(fractionBits)
  if value.isNaN { return sign | infinity | 1 << UInt64(fractionBits - 1) }
  let bias = (1 << (exponentBits - 1)) - 1
  if value.isInfinite || value.magnitude >= Double(sign: .plus, exponent: bias + 1, significand: 1) {
    return sign | infinity
  }
  // Doubles below their own normal range are zero in every smaller format.
  guard value.isNormal else { return sign }
  let exponent = Int(value.exponent)
  let smallest = 1 - bias
  let dropped = 52 - fractionBits + max(0, smallest - exponent)
  guard dropped <= 53 else { return sign }
  let significand = 1 << 52 | value.significandBitPattern
  var rounded = significand >> UInt64(dropped)
  let rest = significand & (1 << UInt64(dropped) - 1)
  let half = UInt64(1) << UInt64(dropped - 1)
  if rest > half || (rest == half && rounded & 1 == 1) { rounded += 1 }
  // A carry out of the fraction moves into the exponent, up to infinity, as it should.
  if exponent >= smallest { rounded += UInt64(exponent - smallest) << UInt64(fractionBits) }
  return sign | rounded
}
