import MIL

/// One operation of a graph whose shapes are concrete.
final class Node {
  let type: String
  /// Output name, for messages: MIL has no line numbers in protobuf form, the output's name is what users find.
  let label: String
  var inputs: [String: [Value]]
  var outputs: [Value]
  var blocks: [Block] = []
  /// What the names inside `blocks` refer to.
  var scope: [String: Value] = [:]
  /// Values of the surrounding scope that the blocks read.
  var captured: [(name: String, value: Value)] = []
  /// Plans of the blocks of a node that is executed rather than planned.
  var blockPlans: BlockPlans?
  /// Nobody reads the list that this node reads after it: the kernel may change it in place.
  var ownsList = false
  /// Work that passes have moved into this node's kernel.
  var epilogue = Epilogue()
  var prologue: Prologue?
  /// Of an attention that the file writes out in several operations.
  var attention: WrittenOutAttention?
  /// Values of a concat that are in its result's memory by the time it runs.
  var partsInPlace: Set<Int> = []
  /// Permutation-free channels-last kernel: x and the output are [N, spatial…, C]. Set by the layout pass.
  var isChannelsLast = false
  /// Where weights that this node packs are kept; set when its plan is built.
  unowned(unsafe) var context: PlanContext?
  /// The chain of a fused elementwise node.
  var expression: ElementwiseExpression?
  /// Operations of the file whose work passes have moved into this node, in the order of the file.
  var fused: [FusedOperation] = []
  /// Shapes of the outputs as the file orders their axes; empty for a node that a pass made.
  var declaredShapes: [[Int]] = []

  init(_ type: String, label: String, inputs: [String: [Value]], outputs: [Value] = []) {
    self.type = type
    self.label = label
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Not an operation of the file: a copy that a pass put in, or the conversion of an input to the run's precision, which has its name.
  var isInserted: Bool { declaredShapes.isEmpty || (type == "cast" && operands.contains { $0.name == label }) }

  /// Every value that the node reads.
  var operands: [Value] { inputs.values.flatMap { $0 } + epilogue.operands + (expression?.operands ?? []) }
}

/// An operation that has no step of its own.
public struct FusedOperation: Hashable, Sendable {
  public var type: String
  public var label: String
}

/// Thrown while planning when a shape or a parameter depends on memory that only a run has.
struct Unresolved: Error {
  var values: [Value]
}

extension Node {
  /// Memory made once per constant for all plans of the executable.
  func packed(_ value: Value, form: [Int], make: () throws -> OwnedBytes) throws -> OwnedBytes {
    guard let context else { return try make() }
    return try context.packed(value, form: form, make: make)
  }

  /// What a type that the file names stands for in the precision of this run.
  func computed(_ element: ElementType) -> ElementType { context?.options.precision.element(for: element) ?? element }

  func fail(_ message: String, _ code: ModelError.Code = .malformed) -> ModelError {
    ModelError(code, "operation \(type) '\(label)': \(message)")
  }

  func optional(_ name: String) -> Value? { inputs[name]?.first }

  func value(_ name: String) throws -> Value {
    guard let value = inputs[name]?.first else { throw fail("parameter '\(name)' is missing") }
    return value
  }

  func values(_ name: String) throws -> [Value] {
    guard let values = inputs[name], !values.isEmpty else { throw fail("parameter '\(name)' is missing") }
    return values
  }

  /// Spec of a tensor parameter; unresolved while its shape is unknown.
  func tensor(_ name: String) throws -> TensorSpec { try tensor(of: value(name), name) }

  func tensor(of value: Value, _ name: String) throws -> TensorSpec {
    switch value.spec {
    case .tensor(let spec): return spec
    case nil: throw Unresolved(values: [value])
    default: throw fail("parameter '\(name)' has to be a tensor, '\(value.name)' is not one")
    }
  }

  func tensor(_ name: String, rank: ClosedRange<Int>) throws -> TensorSpec {
    let spec = try tensor(name)
    guard rank.contains(spec.rank) else {
      throw fail("parameter '\(name)' has rank \(spec.rank) (shape \(spec.shape)), expected \(rank.lowerBound == rank.upperBound ? "\(rank.lowerBound)" : "\(rank.lowerBound) to \(rank.upperBound)")")
    }
    return spec
  }

  // ---- compile-time parameters --------------------------------------------------------------------------------

  private func contents(_ name: String) throws -> Value? {
    guard let value = inputs[name]?.first else { return nil }
    guard value.constant != nil else { throw Unresolved(values: [value]) }
    return value
  }

  func doubles(_ name: String) throws -> [Double]? {
    if let many = inputs[name], many.count > 1 {
      return try many.flatMap { value -> [Double] in
        guard value.constant != nil else { throw Unresolved(values: [value]) }
        guard let numbers = value.numbers else { throw fail("parameter '\(name)' has to be numbers") }
        return numbers
      }
    }
    guard let value = try contents(name) else { return nil }
    guard let numbers = value.numbers else { throw fail("parameter '\(name)' has to be numbers") }
    return numbers
  }

  func ints(_ name: String) throws -> [Int]? {
    guard let numbers = try doubles(name) else { return nil }
    return try numbers.map { number in
      guard let int = Int(exactly: number.rounded(.towardZero)) else { throw fail("parameter '\(name)' has the value \(number), expected an integer") }
      return int
    }
  }

  func ints(_ name: String, default fallback: @autoclosure () -> [Int], count: Int? = nil) throws -> [Int] {
    let result = try ints(name) ?? fallback()
    if let count, result.count != count { throw fail("parameter '\(name)' has \(result.count) values \(result), expected \(count)") }
    return result
  }

  func int(_ name: String, default fallback: Int? = nil) throws -> Int {
    guard let first = try ints(name)?.first else {
      guard let fallback else { throw fail("parameter '\(name)' is missing") }
      return fallback
    }
    return first
  }

  func bool(_ name: String, default fallback: Bool) throws -> Bool { try doubles(name)?.first.map { $0 != 0 } ?? fallback }

  func double(_ name: String, default fallback: Double? = nil) throws -> Double {
    guard let first = try doubles(name)?.first else {
      guard let fallback else { throw fail("parameter '\(name)' is missing") }
      return fallback
    }
    return first
  }

  func string(_ name: String, default fallback: String? = nil) throws -> String {
    guard let value = try contents(name) else {
      guard let fallback else { throw fail("parameter '\(name)' is missing") }
      return fallback
    }
    guard case .strings(let strings)? = value.constant?.payload, let first = strings.first else { throw fail("parameter '\(name)' has to be a string") }
    return first
  }

  /// An axis in −rank ..< rank, made non-negative.
  func axis(_ name: String, rank: Int, default fallback: Int? = nil) throws -> Int { try normalized(int(name, default: fallback), name, rank: rank) }

  func normalized(_ axis: Int, _ name: String, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else { throw fail("\(name) is \(axis), expected \(-rank) to \(rank - 1) for rank \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  func output(_ element: ElementType, _ shape: [Int]) throws -> ValueSpec {
    guard let spec = TensorSpec.checked(element, shape) else { throw fail("the output would have the shape \(shape)") }
    guard spec.byteCount <= MemoryLimit.byteCount else { throw fail("the output would have the shape \(shape): \(MemoryLimit.describe(spec.byteCount))", .runtime) }
    return .tensor(spec)
  }
}

extension Value {
  /// The contents as numbers, whatever the element type.
  var numbers: [Double]? {
    guard case .tensor(let spec)? = spec, let bytes else { return nil }
    return Scalars.read(bytes, spec)
  }
}
