/// A value while a network is lowered: what is known of its shape decides how layers lower.
struct NetworkTensor {
  let name: String
  /// nil: not even the rank is known; a nil size is known only at run time.
  var shape: [Int?]?
  var element: ElementType

  var rank: Int? { shape?.count }

  /// The sizes when all are known.
  var sizes: [Int]? {
    guard let shape else { return nil }
    let sizes = shape.compactMap { $0 }
    return sizes.count == shape.count ? sizes : nil
  }
}

/// What a parameter of an operation is given.
enum Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByStringLiteral {
  case tensor(NetworkTensor)
  case tensors([NetworkTensor])
  case int(Int)
  case ints([Int])
  case float(Float)
  case bool(Bool)
  case bools([Bool])
  case text(String)
  case constant(Constant)

  init(integerLiteral value: Int) { self = .int(value) }
  init(floatLiteral value: Float) { self = .float(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(stringLiteral value: String) { self = .text(value) }

  var bindings: [Binding] {
    switch self {
    case .tensor(let tensor): return [.name(tensor.name)]
    case .tensors(let tensors): return tensors.map { .name($0.name) }
    case .int(let value): return [.constant(.ints([value], shape: []))]
    case .ints(let values): return [.constant(.ints(values, shape: [values.count]))]
    case .float(let value): return [.constant(.floats([value], shape: []))]
    case .bool(let value): return [.constant(.bools([value], shape: []))]
    case .bools(let values): return [.constant(.bools(values, shape: [values.count]))]
    case .text(let value): return [.constant(Constant(type: .tensor(TensorType(.string, sizes: [])), payload: .strings([value])))]
    case .constant(let constant): return [.constant(constant)]
    }
  }
}

extension Constant {
  static func floats(_ values: [Float], shape: [Int]) -> Constant { elements(values, .float32, shape) }

  /// int32; what does not fit is held at its limits (sizes of "to the end", for instance).
  static func ints(_ values: [Int], shape: [Int]) -> Constant { elements(values.map { Int32(clamping: $0) }, .int32, shape) }

  static func bools(_ values: [Bool], shape: [Int]) -> Constant { elements(values.map { UInt8($0 ? 1 : 0) }, .bool, shape) }

  private static func elements<T>(_ values: [T], _ element: ElementType, _ shape: [Int]) -> Constant {
    Constant(type: .tensor(TensorType(element, sizes: shape)), payload: .bytes(values.withUnsafeBytes { ByteSlice(copying: $0) }))
  }
}
