extension TensorType {
  /// The number of elements when every dimension is fixed and the product fits; nil otherwise.
  public var elementCount: Int? { sizes.flatMap(checkedProduct) }

  /// Bytes of a dense tensor of this type; nil for strings, unknown dimensions and sizes beyond the address space.
  public var byteCount: Int? {
    guard element != .string, let elementCount else { return nil }
    return packedByteCount(elementCount: elementCount, bitWidth: element.bitWidth)
  }
}

extension TensorType {
  /// No machine addresses more; a size within it times any element's width fits 64 bits.
  private static let maximumElementCount = 1 << 48

  /// Whether the known dimensions alone keep the tensor within what can be addressed.
  var isAddressable: Bool {
    let known = shape.compactMap { if case .fixed(let size) = $0 { size } else { nil } }
    guard let count = checkedProduct(known) else { return false }
    return count <= TensorType.maximumElementCount
  }
}

/// The product of sizes, or nil when one is negative or the product does not fit.
public func checkedProduct(_ sizes: [Int]) -> Int? {
  // A zero makes the tensor empty however large the other sizes are.
  if sizes.contains(0) { return sizes.contains { $0 < 0 } ? nil : 0 }
  var product = 1
  for size in sizes {
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    guard size > 0, !overflow else { return nil }
    product = next
  }
  return product
}

func packedByteCount(elementCount: Int, bitWidth: Int) -> Int? {
  if bitWidth % 8 == 0 {
    let (bytes, overflow) = elementCount.multipliedReportingOverflow(by: bitWidth / 8)
    return overflow ? nil : bytes
  }
  let (bits, overflow) = elementCount.multipliedReportingOverflow(by: bitWidth)
  return overflow ? nil : bits / 8 + (bits % 8 == 0 ? 0 : 1)
}

extension ElementType: CustomStringConvertible { public var description: String { name } }

extension Dimension: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fixed(let size): return String(size)
    case .unknown: return "?"
    }
  }
}

/// Types print as in MIL text.
extension TensorType: CustomStringConvertible {
  public var description: String {
    "tensor<\(element), [\(hasUnknownRank ? "..." : shape.map(\.description).joined(separator: ", "))]>"
  }
}

extension ValueType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tensor(let type): return type.description
    case .list(let element, let length): return "list<\(element), \(length)>"
    case .tuple(let types): return "tuple<\(types.map(\.description).joined(separator: ", "))>"
    case .dictionary(let key, let value): return "dict<\(key), \(value)>"
    case .state(let type): return "state<\(type)>"
    }
  }
}
