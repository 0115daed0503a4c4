import Kernels
import MIL

/// What all plans of one executable share: options, and what is made once from weights.
final class PlanContext: @unchecked Sendable {
  let options: ExecutableOptions
  let functionName: String
  private let lock = Lock()
  private let buildLock = Lock(isRecursive: true)
  private var folded: [FoldKey: [Constant]] = [:]
  private var packed: [PackKey: OwnedBytes] = [:]
  /// Widened sub-byte constants and their kin by the address of their stored bytes.
  private var literals: [UnsafeRawPointer: Constant] = [:]

  struct FoldKey: Hashable {
    var label: String
    /// Where the operands' bytes are: a value behind a conditional is another one in each branch.
    var operands: [UnsafeRawPointer?]
  }

  struct PackKey: Hashable {
    var address: UnsafeRawPointer
    /// What distinguishes two packings of one constant.
    var form: [Int]
  }

  init(functionName: String, options: ExecutableOptions) {
    self.functionName = functionName
    self.options = options
  }

  /// A value for a literal of the file. Packed sub-byte elements are widened to a byte each.
  func value(_ name: String, _ constant: Constant) -> Value {
    let value: Value
    switch (constant.type, constant.payload) {
    case (.tensor(let type), .bytes(let slice)):
      let sizes = type.sizes ?? []
      let element = type.element
      if element.byteWidth == nil, element != .string {
        value = Value(name, spec: .tensor(TensorSpec(element, sizes)), constant: widened(constant, slice, TensorSpec(element, sizes)))
      } else if case let computed = options.precision.element(for: element), computed != element {
        value = Value(name, spec: .tensor(TensorSpec(computed, sizes)), constant: converted(slice, TensorSpec(element, sizes), computed))
      } else {
        value = Value(name, spec: .tensor(TensorSpec(element, sizes)), constant: constant)
      }
    case (_, .strings): value = Value(name, spec: .text, constant: constant)
    default: value = Value(name, spec: .text, constant: constant)
    }
    value.isStable = true
    return value
  }

  /// Longest constant whose numbers are kept from becoming 0 in f16, as coremltools keeps them: an epsilon may be among them.
  private static let epsilonLimit = 400
  private static let smallest: Float = 1e-7

  private func converted(_ slice: ByteSlice, _ spec: TensorSpec, _ element: ElementType) -> Constant {
    let type = ValueType.tensor(TensorType(element, sizes: spec.shape))
    func convert() -> Constant {
      let target = TensorSpec(element, spec.shape)
      let owned = OwnedBytes(byteCount: target.byteCount)
      if let source = slice.bytes.baseAddress, slice.count >= spec.byteCount, let from = spec.element.kernelType, let to = element.kernelType {
        if element == .float16, spec.element == .float32, spec.count < PlanContext.epsilonLimit {
          let numbers = (0..<spec.count).map { index -> Float in
            let number = source.loadUnaligned(fromByteOffset: index &* 4, as: Float.self)
            return number != 0 && number.magnitude < PlanContext.smallest ? (number < 0 ? -PlanContext.smallest : PlanContext.smallest) : number
          }
          numbers.withUnsafeBytes { bytes in
            if let address = bytes.baseAddress { tlk_convert(address, from, owned.pointer, to, spec.count) }
          }
        } else {
          tlk_convert(source, from, owned.pointer, to, spec.count)
        }
      }
      return Constant(type: type, payload: .bytes(ByteSlice(owner: owned, bytes: UnsafeRawBufferPointer(start: owned.pointer, count: target.byteCount))))
    }
    guard let key = slice.bytes.baseAddress else { return convert() }
    return lock.withLock {
      if let known = literals[key], known.type == type { return known }
      let made = convert()
      literals[key] = made
      return made
    }
  }

  private func widened(_ constant: Constant, _ slice: ByteSlice, _ spec: TensorSpec) -> Constant {
    guard let key = slice.bytes.baseAddress else { return constant }
    return lock.withLock {
      if let known = literals[key] { return known }
      let owned = OwnedBytes(byteCount: spec.count)
      SubByte.unpack(slice.bytes, spec, into: owned.pointer)
      let bytes = UnsafeRawBufferPointer(start: owned.pointer, count: spec.count)
      let result = Constant(type: constant.type, payload: .bytes(ByteSlice(owner: owned, bytes: bytes)))
      literals[key] = result
      // The key is an address inside the stored slice, which the program keeps alive.
      return result
    }
  }

  func foldedConstants(_ key: FoldKey) -> [Constant]? { lock.withLock { folded[key] } }
  func storeFolded(_ key: FoldKey, _ constants: [Constant]) { lock.withLock { folded[key] = constants } }

  /// Memory made once per constant and form (packed weights, widened biases).
  func packed(_ value: Value, form: [Int], make: () throws -> OwnedBytes) rethrows -> OwnedBytes {
    guard value.isStable, let address = value.bytes?.baseAddress else { return try make() }
    let key = PackKey(address: address, form: form)
    if let known = lock.withLock({ packed[key] }) { return known }
    let made = try make()
    lock.withLock { packed[key] = made }
    // The kernels read the packed form alone: without this, weights would count twice.
    if case .bytes(let stored)? = value.constant?.payload { stored.dropPages() }
    return made
  }

  /// Values carry their place in the plan that is being built, so one plan is built at a time.
  func withBuildLock<R>(_ body: () throws -> R) rethrows -> R { try buildLock.withLock(body) }
}

enum SubByte {
  /// Values are packed least significant bit first in one stream of bits (int4 is two's complement).
  static func unpack(_ source: UnsafeRawBufferPointer, _ spec: TensorSpec, into target: UnsafeMutableRawPointer) {
    let bits = spec.element.bitWidth
    let out = target.assumingMemoryBound(to: UInt8.self)
    let mask = UInt32(1) << UInt32(bits) &- 1
    var accumulator: UInt32 = 0
    var available = 0
    var next = 0
    for index in 0..<spec.count {
      if available < bits {
        accumulator |= UInt32(next < source.count ? source[next] : 0) << UInt32(available)
        next += 1
        available += 8
      }
      var value = UInt8(truncatingIfNeeded: accumulator & mask)
      if spec.element == .int4, value & 8 != 0 { value |= 0xF0 }
      out[index] = value
      accumulator >>= UInt32(bits)
      available -= bits
    }
  }
}
