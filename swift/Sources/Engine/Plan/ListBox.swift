import MIL

/// A list of tensors at run time. Elements are never changed, only replaced, so that copies of a list share them.
final class ListBox {
  private(set) var spec: ListSpec
  private(set) var elements: [OwnedBytes?]
  let isDynamic: Bool

  /// Longest list: an index from a tensor must not be able to ask for all memory.
  static let maximumCount = 1 << 24

  init(_ spec: ListSpec, count: Int, isDynamic: Bool) {
    self.spec = spec
    self.isDynamic = isDynamic
    elements = [OwnedBytes?](repeating: nil, count: count)
  }

  init(copying other: ListBox) {
    spec = other.spec
    isDynamic = other.isDynamic
    elements = other.elements
  }

  /// False when `index` is outside and the list cannot grow to it.
  func write(_ source: UnsafeRawPointer, _ element: TensorSpec, at index: Int) -> Bool {
    guard index >= 0, index < elements.count || (isDynamic && index < ListBox.maximumCount) else { return false }
    spec = ListSpec(element: element.element, elementShape: element.shape)
    while elements.count <= index { elements.append(nil) }
    let bytes = OwnedBytes(byteCount: element.byteCount)
    bytes.pointer.copyMemory(from: source, byteCount: element.byteCount)
    elements[index] = bytes
    return true
  }

  /// False when `index` is outside. An element that was never written is zeros.
  func read(_ index: Int, _ element: TensorSpec, into target: UnsafeMutableRawPointer) -> Bool {
    guard elements.indices.contains(index) else { return false }
    if let bytes = elements[index], bytes.byteCount == element.byteCount {
      target.copyMemory(from: bytes.pointer, byteCount: element.byteCount)
    } else {
      target.initializeMemory(as: UInt8.self, repeating: 0, count: element.byteCount)
    }
    return true
  }
}
