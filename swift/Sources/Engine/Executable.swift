import MIL

/// A dense tensor's element type and concrete sizes.
public struct TensorSpec: Hashable, Sendable {
  public var element: ElementType
  public var shape: [Int]
  public init(_ element: ElementType, _ shape: [Int]) {
    self.element = element
    self.shape = shape
  }
}

/// Memory of a caller for one tensor, row-major and dense.
public struct TensorMemory {
  public var spec: TensorSpec
  public var address: UnsafeMutableRawPointer
  /// Keeps the memory alive while somebody holds this value.
  public var owner: AnyObject?
  public init(spec: TensorSpec, address: UnsafeMutableRawPointer, owner: AnyObject? = nil) {
    self.spec = spec
    self.address = address
    self.owner = owner
  }
}

/// What a function takes and gives.
public enum RuntimeValue {
  case tensor(TensorMemory)
  case string(String)
  case int64(Int64)
  case double(Double)
  /// Keys are all strings or all integers.
  case stringDictionary([(key: String, value: Double)])
  case int64Dictionary([(key: Int64, value: Double)])
  case strings([String])
  case int64s([Int64])
}

public struct ExecutableOptions: Sendable {
  public enum Precision: Sendable {
    /// Types as the model declares them.
    case model
    /// Everything in f32, to see what f16 costs.
    case float32
  }
  public var precision = Precision.model
  public init() {}
}

/// The state tensors of a stateful function: one instance per conversation, zeros at first.
public final class StateStorage {
  public internal(set) var tensors: [String: TensorMemory] = [:]
}
