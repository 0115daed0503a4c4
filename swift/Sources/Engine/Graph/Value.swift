import MIL

/// What the planner knows of a value before a run.
enum ValueSpec: Hashable {
  case tensor(TensorSpec)
  case list(ListSpec)
  /// A state of the function: its memory belongs to the caller, read_state and write_state copy from and to it.
  case state(StateSpec)
  /// Strings: parameters such as `pad_type`, class labels.
  case text
}

/// A state by the name that the function's input has, whatever a block calls it.
struct StateSpec: Hashable {
  var name: String
  var tensor: TensorSpec
}

/// A list of tensors. The element's sizes are unknown until something was written to it.
struct ListSpec: Hashable {
  var element: ElementType
  var elementShape: [Int]?
}

/// Columns `first`… of each row of `host`, `pitch` elements from row to row.
struct Columns {
  var host: Value
  var first: Int
  var pitch: Int
}

/// One edge of the graph: a tensor, list or compile-time parameter, made once.
final class Value {
  let name: String
  /// nil: known only when the run gets there.
  var spec: ValueSpec?
  /// Contents that can be read while planning: a compile-time constant or, if `isLive`, the memory of the run in progress.
  var constant: Constant?
  /// The contents belong to one run: shapes may be derived from them, results may not be folded into the plan.
  var isLive = false
  /// The contents do not depend on input shapes, so that what was derived from them can be shared by all plans.
  var isStable = false
  /// A list that comes from outside and is read again outside, so that writing to it needs a copy first.
  var isShared = false
  /// The value is no memory of its own but columns of a wider one; set by ConcatPass.
  var columns: Columns?
  /// Index of the value's memory in a plan's frame.
  var slot = -1

  init(_ name: String, spec: ValueSpec?, constant: Constant? = nil) {
    self.name = name
    self.spec = spec
    self.constant = constant
  }

  convenience init(_ name: String, _ element: ElementType, _ shape: [Int]) {
    self.init(name, spec: .tensor(TensorSpec(element, shape)))
  }

  /// A constant that is baked into the plan: weights to be packed, parameters.
  var isFoldable: Bool { constant != nil && !isLive }

  /// Elements from row to row; rows are what lies before the last axis.
  var pitch: Int { columns?.pitch ?? tensor.shape.last ?? 1 }

  /// Strides of the contents in elements.
  var strides: [Int] {
    guard let columns, tensor.rank > 1 else { return tensor.strides }
    let rows = TensorSpec(tensor.element, tensor.shape.dropLast() + [columns.pitch])
    return rows.strides
  }

  /// Spec of a tensor value that is known to be one (after inference).
  var tensor: TensorSpec {
    if case .tensor(let spec)? = spec { return spec }
    return TensorSpec(.float32, [])
  }

  var isList: Bool { if case .list? = spec { true } else { false } }
  var isState: Bool { if case .state? = spec { true } else { false } }

  /// First byte of a constant tensor.
  var bytes: UnsafeRawBufferPointer? {
    if case .bytes(let slice)? = constant?.payload { return slice.bytes }
    return nil
  }
}

extension TensorSpec {
  /// Number of elements. Sizes were checked by `checked` when the spec was made from outside data.
  var count: Int { shape.reduce(1, &*) }
  /// Bytes in memory; sub-byte elements are stored one to a byte once they are in the engine.
  var byteCount: Int { count &* byteWidth }
  var byteWidth: Int { element.byteWidth ?? 1 }
  var rank: Int { shape.count }

  /// Most elements of one tensor: beyond it, byte offsets could overflow in kernels.
  static let maximumCount = 1 << 40

  /// nil if a size is negative or the product is beyond what any machine holds.
  static func checked(_ element: ElementType, _ shape: [Int]) -> TensorSpec? {
    var product = 1
    for size in shape {
      guard size >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, next <= maximumCount else { return nil }
      product = next
    }
    return TensorSpec(element, shape)
  }

  /// Row-major strides in elements.
  var strides: [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
    return strides
  }
}
