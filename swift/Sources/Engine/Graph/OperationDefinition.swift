import Kernels
import MIL

/// A planned operation: reads and writes the memory of a frame's slots.
typealias Kernel = (Frame) throws -> Void

/// Everything the engine knows of one operation: the checks at load and the shape rule (`infer`), how passes may treat it,
/// and the kernel. One entry per operation, one file per family, under Operations/.
struct OperationDefinition {
  var name: String
  /// Checks types, ranks and parameters and gives the outputs' specs. Runs while planning, so also at load.
  /// Throws `Unresolved` for what only a run knows.
  var infer: (Node) throws -> [ValueSpec]
  /// Builds the kernel for concrete shapes. nil: the operation is a view, or passes replace it.
  var kernel: ((Node) throws -> Kernel)?
  /// The operation as an instruction over f32 or i32 registers; such operations fuse into chains and epilogues.
  var elementwise: ((Node) throws -> ElementwiseForm)?
  /// The output is the memory of this parameter with another shape: reshape, squeeze, identity, …
  var view: String?
  /// How the layout pass may move a transpose past it.
  var layout = LayoutRule.opaque
  /// Its results must not be computed at plan time (random numbers, state).
  var isPure = true
  /// The result's sizes are known only after running (loops): executed for its results, planning goes on behind it.
  /// Takes the cells of the operands, then of the captured values.
  var execute: ((Node, PlanContext, [Cell], StateStorage?) throws -> [Cell])?

  init(
    _ name: String, infer: @escaping (Node) throws -> [ValueSpec], kernel: ((Node) throws -> Kernel)? = nil,
    elementwise: ((Node) throws -> ElementwiseForm)? = nil, view: String? = nil, layout: LayoutRule = .opaque, isPure: Bool = true,
    execute: ((Node, PlanContext, [Cell], StateStorage?) throws -> [Cell])? = nil
  ) {
    self.name = name
    self.infer = infer
    self.kernel = kernel
    self.elementwise = elementwise
    self.view = view
    self.layout = layout
    self.isPure = isPure
    self.execute = execute
  }
}

/// What an operation means for the order of axes. Convolutions and their kin run channels-last; the layout pass keeps values in
/// that order through the operations that do not care, so that transposes disappear inside a network.
enum LayoutRule {
  /// Needs its inputs in the declared order.
  case opaque
  /// x is [N, C, spatial…]; the kernel wants [N, spatial…, C].
  case channelsLast
  /// Output element = function of the input elements at the same place, with broadcasting.
  case elementwise
  /// Like `channelsLast`, but has no reason to ask for it: follows x where it is (parameter names of axes to renumber).
  case axes([String])
  /// Per-axis parameters (begin, end, pads…) to be permuted; handled by the closure: (node copy, permutation) → adapted or nil.
  case custom((Node, [Int]) -> Bool)
  /// `transpose` itself.
  case transpose
}

/// One elementwise operation as register instruction.
struct ElementwiseForm {
  /// Parameters that are operands, in instruction order (a, b, c).
  var operands: [String]
  /// Opcode for float registers; nil when the operation has none for this type.
  var opcode: tlk_ew_opcode
  var p: Float = 0
  var q: Float = 0
  /// Registers are integers (i32) instead of floats.
  var isInteger = false
  /// The result is a bool register.
  var isPredicate = false
  /// The same as an epilogue of a product or pooling kernel, for unary operations that have one.
  var activation: tlk_activation?

  init(_ opcode: tlk_ew_opcode, _ operands: [String], p: Float = 0, q: Float = 0, isInteger: Bool = false, isPredicate: Bool = false, activation: tlk_activation? = nil) {
    self.opcode = opcode
    self.operands = operands
    self.p = p
    self.q = q
    self.isInteger = isInteger
    self.isPredicate = isPredicate
    self.activation = activation
  }
}

/// What passes moved behind a product: v = sum · scale + bias; activation; residual (before or after the activation).
struct Epilogue {
  var scale: [Float]?
  var bias: [Float]?
  var residual: Value?
  var isResidualLast = false
  var activation: tlk_activation?
  var slope: [Float]?
  var operands: [Value] { residual.map { [$0] } ?? [] }
  var isEmpty: Bool { scale == nil && bias == nil && residual == nil && activation == nil }
}

/// What passes moved in front of a product: x · scale + shift per channel, then limits.
struct Prologue {
  var scale: [Float]
  var shift: [Float]
  var low: Float
  var high: Float
}

extension ElementType {
  /// The kernels' type; nil for types that the engine widens at load or does not compute with.
  var kernelType: tlk_dtype? {
    switch self {
    case .float16: return TLK_F16
    case .float32: return TLK_F32
    case .int8, .int4: return TLK_I8
    case .uint8, .uint1, .uint2, .uint3, .uint4, .uint6: return TLK_U8
    case .int16: return TLK_I16
    case .uint16: return TLK_U16
    case .int32: return TLK_I32
    case .uint32: return TLK_U32
    case .bool: return TLK_BOOL
    case .int64: return TLK_I64
    case .float64: return TLK_F64
    default: return nil
    }
  }
}

extension Node {
  func kernelType(_ spec: TensorSpec, _ name: String) throws -> tlk_dtype {
    guard let type = spec.element.kernelType else { throw fail("'\(name)' has the element type \(spec.element.name), which this operation does not take", .unsupported) }
    return type
  }

  /// Runs a kernel's status into an error that names the operation.
  func check(_ status: tlk_status) throws {
    switch status {
    case TLK_OK: return
    case TLK_E_MEMORY: throw fail("no memory for the kernel's scratch space", .runtime)
    case TLK_E_UNSUPPORTED: throw fail("the kernel does not take these element types", .unsupported)
    default: throw fail("the kernel refused its arguments", .runtime)
    }
  }
}

/// All operations by name.
enum OperationTable {
  static let all: [String: OperationDefinition] = {
    var table: [String: OperationDefinition] = [:]
    for family in families {
      for definition in family { table[definition.name] = definition }
    }
    return table
  }()
}
