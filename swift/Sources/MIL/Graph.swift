// The program graph: what every model file becomes before the engine sees it.
// It mirrors MIL.proto with names resolved, sizes checked and weights mapped; readers build it, nobody changes it.

/// A dimension of a declared tensor type: a size, or unknown until the model is given concrete input shapes.
public enum Dimension: Hashable, Sendable {
  case fixed(Int)
  case unknown
}

public struct TensorType: Hashable, Sendable {
  public var element: ElementType
  public var shape: [Dimension]
  /// Even the number of dimensions is unknown until run time (an output of `fill` with a computed shape); `shape` is empty.
  public var hasUnknownRank = false
  public init(_ element: ElementType, _ shape: [Dimension]) {
    self.element = element
    self.shape = shape
  }
  public init(_ element: ElementType, sizes: [Int]) { self.init(element, sizes.map(Dimension.fixed)) }

  /// The sizes when every dimension is fixed.
  public var sizes: [Int]? {
    if hasUnknownRank { return nil }
    var sizes: [Int] = []
    for dimension in shape {
      guard case .fixed(let size) = dimension else { return nil }
      sizes.append(size)
    }
    return sizes
  }
}

public indirect enum ValueType: Hashable, Sendable {
  case tensor(TensorType)
  case list(ValueType, length: Dimension)
  case tuple([ValueType])
  case dictionary(key: ValueType, value: ValueType)
  case state(ValueType)
}

/// Bytes that belong to somebody: a mapped file, an array. Slices keep their owner alive.
public struct ByteSlice: @unchecked Sendable {
  public let owner: AnyObject?
  public let bytes: UnsafeRawBufferPointer
  public init(owner: AnyObject?, bytes: UnsafeRawBufferPointer) {
    self.owner = owner
    self.bytes = bytes
  }

  /// Copies the bytes into memory of its own, aligned for every vector unit.
  public init(copying source: UnsafeRawBufferPointer) {
    let owned = OwnedBytes(byteCount: source.count)
    if let from = source.baseAddress, source.count > 0 { owned.pointer.copyMemory(from: from, byteCount: source.count) }
    self.init(owner: owned, bytes: UnsafeRawBufferPointer(start: owned.pointer, count: source.count))
  }

  public var count: Int { bytes.count }
}

/// 64-byte aligned memory that is freed with its last reference.
public final class OwnedBytes: @unchecked Sendable {
  public let pointer: UnsafeMutableRawPointer
  public let byteCount: Int
  public init(byteCount: Int) {
    self.byteCount = byteCount
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 64), alignment: 64)
  }
  deinit { pointer.deallocate() }
}

/// A compile-time value.
public struct Constant: @unchecked Sendable {
  public indirect enum Payload: @unchecked Sendable {
    /// Elements in row-major order, little endian; sub-byte types packed least significant bit first.
    case bytes(ByteSlice)
    case strings([String])
    case elements([Constant])
    case dictionary([(key: Constant, value: Constant)])
  }
  public var type: ValueType
  public var payload: Payload
  public init(type: ValueType, payload: Payload) {
    self.type = type
    self.payload = payload
  }
}

/// What an operation's parameter is bound to.
public enum Binding: Sendable {
  case name(String)
  case constant(Constant)
}

public struct NamedType: Sendable {
  public var name: String
  public var type: ValueType
  public init(_ name: String, _ type: ValueType) {
    self.name = name
    self.type = type
  }
}

public struct Operation: Sendable {
  public var type: String
  /// Parameter name → bindings; more than one binding is a tuple argument (`values` of `concat`).
  public var inputs: [String: [Binding]]
  public var outputs: [NamedType]
  public var blocks: [Block]
  /// Compile-time attributes (`name`, `val`, and the parameters of iOS 16 constexpr operations).
  public var attributes: [String: Constant]
  public init(
    _ type: String, inputs: [String: [Binding]], outputs: [NamedType], blocks: [Block] = [],
    attributes: [String: Constant] = [:]
  ) {
    self.type = type
    self.inputs = inputs
    self.outputs = outputs
    self.blocks = blocks
    self.attributes = attributes
  }
}

public struct Block: Sendable {
  public var inputs: [NamedType]
  public var outputs: [String]
  public var operations: [Operation]
  public init(inputs: [NamedType] = [], outputs: [String], operations: [Operation]) {
    self.inputs = inputs
    self.outputs = outputs
    self.operations = operations
  }
}

public struct Function: Sendable {
  public var name: String
  public var opset: String
  public var inputs: [NamedType]
  public var block: Block
  public init(name: String, opset: String, inputs: [NamedType], block: Block) {
    self.name = name
    self.opset = opset
    self.inputs = inputs
    self.block = block
  }
}

public struct Program: Sendable {
  public var version: Int
  public var functions: [String: Function]
  public var attributes: [String: Constant]
  public init(version: Int, functions: [String: Function], attributes: [String: Constant] = [:]) {
    self.version = version
    self.functions = functions
    self.attributes = attributes
  }
}
