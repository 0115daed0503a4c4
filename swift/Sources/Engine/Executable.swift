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
    /// Everything in f16, to see what a conversion to f16 would give.
    case float16
  }
  public var precision = Precision.model
  /// Products of f16 numbers may have bf16's error, where the machine gains by it.
  public var fastProducts = false
  /// States take the precision too; else they keep the type that the model declares, which `float32` refuses.
  public var convertsStates = false
  /// False: no operation moves into another one's step, so that each result is rounded to its type.
  public var fusesOperations = true
  var observer: (any StepObserver)?
  public init() {}
}

extension ExecutableOptions.Precision {
  /// What values of the type are computed in.
  func element(for declared: ElementType) -> ElementType {
    switch (self, declared) {
    case (.float32, .float16): return .float32
    case (.float16, .float32): return .float16
    default: return declared
    }
  }
}

/// The state tensors of a stateful function: one instance per conversation, zeros at first.
public final class StateStorage {
  public internal(set) var tensors: [String: TensorMemory] = [:]
  public init() {}
}

/// One function of an ML program, ready to run: checked at load, planned per input shape, safe to run from several threads.
public final class Executable: @unchecked Sendable {
  public let function: Function
  private let context: PlanContext
  private let names: [String]
  private let classification: Classification?
  private var plans: [[TensorSpec]: Plan] = [:]
  private var recent: [[TensorSpec]] = []
  private let lock = Lock()

  /// Plans kept for different input shapes; flexible models see few in practice, and each holds an arena.
  private static let planLimit = 16

  /// Checks the whole function and plans it for the default shapes.
  public init(program: Program, functionName: String, defaultShapes: [String: [Int]], options: ExecutableOptions) throws {
    guard let function = program.functions[functionName] else {
      let known = program.functions.keys.sorted().joined(separator: ", ")
      throw ModelError(.notFound, "function '\(functionName)' is not in the program, which has: \(known)")
    }
    self.function = function
    context = PlanContext(functionName: functionName, options: options)
    let classification = try Classification(function)
    self.classification = classification
    names = function.block.outputs.filter { name in classification.map { !$0.provides(name) } ?? true }
    var specs: [TensorSpec] = []
    for input in function.inputs {
      guard let spec = try Executable.spec(input, defaultShapes[input.name]) else { continue }
      specs.append(spec)
    }
    do {
      _ = try plan(specs)
    } catch let error as ModelError where isFlexible && error.code != .unsupported {
      // Default sizes of flexible inputs need not fit the program (a range's lower bound, beside inputs of fixed size):
      // the sizes of a run decide.
      try checkOperations(function.block)
    }
  }

  private var isFlexible: Bool {
    function.inputs.contains { if case .tensor(let type) = $0.type { return type.sizes == nil } else { return false } }
  }

  private func checkOperations(_ block: Block) throws {
    for operation in block.operations {
      let isKnown = ["const", "cond", "classify"].contains(operation.type) || OperationTable.all[operation.type] != nil
      guard isKnown else { throw GraphBuilder.unsupported(operation) }
      for inner in operation.blocks { try checkOperations(inner) }
    }
  }

  /// nil for a state, which has no memory of its own in a plan's inputs.
  private static func spec(_ input: NamedType, _ shape: [Int]?) throws -> TensorSpec? {
    switch input.type {
    case .state: return nil
    case .tensor(let type):
      guard let sizes = shape ?? type.sizes else { throw ModelError(.malformed, "input '\(input.name)' has no default shape") }
      guard let spec = TensorSpec.checked(type.element, sizes) else { throw ModelError(.malformed, "input '\(input.name)' has the shape \(sizes)") }
      return spec
    default: throw ModelError(.unsupported, "input '\(input.name)' of an ML program has to be a tensor or a state")
    }
  }

  private var tensorInputs: [NamedType] {
    function.inputs.filter { if case .tensor = $0.type { return true } else { return false } }
  }

  private func plan(_ specs: [TensorSpec]) throws -> Plan {
    if let known = lock.withLock({ plans[specs] }) { return known }
    let made = try context.withBuildLock { try makePlan(specs) }
    lock.withLock {
      if plans[specs] == nil { recent.append(specs) }
      plans[specs] = made
      if recent.count > Executable.planLimit { plans[recent.removeFirst()] = nil }
    }
    return made
  }

  private func makePlan(_ specs: [TensorSpec]) throws -> Plan {
    var scope: [String: Value] = [:]
    let inputs = zip(tensorInputs, specs).map { Value($0.name, spec: .tensor($1)) }
    for input in inputs { scope[input.name] = input }
    for input in function.inputs {
      guard case .state(let wrapped) = input.type else { continue }
      guard case .tensor(let type) = wrapped, let sizes = type.sizes, let spec = TensorSpec.checked(type.element, sizes) else {
        throw ModelError(.unsupported, "the state '\(input.name)' is \(wrapped), expected a tensor with fixed sizes")
      }
      let converted = TensorSpec(context.options.precision.element(for: spec.element), spec.shape)
      guard converted == spec || context.options.convertsStates else {
        throw ModelError(.unsupported, "precision f32: the state '\(input.name)' is fp16, and states keep the type that the model declares")
      }
      scope[input.name] = Value(input.name, spec: .state(StateSpec(name: input.name, tensor: converted)))
    }
    let operations = function.block.operations.filter { $0.type != "classify" }
    var work = operations.map(Work.operation)
    work = inputs.compactMap { Executable.conversion($0, context.options.precision).map(Work.operation) } + work
    let outputs = names + (classification.map { [$0.probabilities] } ?? [])
    return try Plan(context, work: work, scope: scope, inputs: inputs, outputs: outputs)
  }

  /// A cast that takes the input's name, so that everything behind it computes in the precision; nil where there is nothing to cast.
  private static func conversion(_ input: Value, _ precision: ExecutableOptions.Precision) -> Operation? {
    let element = precision.element(for: input.tensor.element)
    guard element != input.tensor.element else { return nil }
    let dtype = Constant(type: .tensor(TensorType(.string, [])), payload: .strings([element.name]))
    let type = ValueType.tensor(TensorType(element, sizes: input.tensor.shape))
    return Operation("cast", inputs: ["x": [.name(input.name)], "dtype": [.constant(dtype)]], outputs: [NamedType(input.name, type)])
  }

  /// Zeros for every state of the function.
  public func makeState() -> StateStorage {
    let storage = StateStorage()
    for input in function.inputs {
      guard case .state(.tensor(let type)) = input.type, let sizes = type.sizes, let spec = TensorSpec.checked(type.element, sizes) else { continue }
      let converted = TensorSpec(context.options.precision.element(for: spec.element), spec.shape)
      let bytes = OwnedBytes(byteCount: converted.byteCount)
      bytes.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: converted.byteCount)
      storage.tensors[input.name] = TensorMemory(spec: converted, address: bytes.pointer, owner: bytes)
    }
    return storage
  }

  /// Runs the function. Inputs are dense tensors of the function's element types; `outputs` is memory to be written in place where element
  /// type and shape are the result's: the returned tensor then has its address.
  public func run(inputs: [String: RuntimeValue], outputs: [String: TensorMemory] = [:], state: StateStorage? = nil) throws -> [String: RuntimeValue] {
    let (plan, cells) = try resolve(inputs)
    let results = try plan.run(cells, outputs: names.map { outputs[$0] }, state: state)
    var values: [String: RuntimeValue] = [:]
    for (index, name) in names.enumerated() {
      guard let address = results[index].address else { continue }
      values[name] = .tensor(TensorMemory(spec: results[index].tensor, address: address, owner: results[index].owner))
    }
    if let classification, let last = results.last { try classification.add(last, to: &values) }
    return values
  }

  private func resolve(_ inputs: [String: RuntimeValue]) throws -> (Plan, [Cell]) {
    var specs: [TensorSpec] = []
    var cells: [Cell] = []
    for input in tensorInputs {
      guard case .tensor(let memory)? = inputs[input.name] else { throw ModelError(.argument, "input '\(input.name)' is missing") }
      specs.append(memory.spec)
      cells.append(Cell(.tensor(memory.spec), address: memory.address, owner: memory.owner))
    }
    return (try plan(specs), cells)
  }

  /// A run that can be repeated on the same memory; nil where the function gives more than tensors of the sizes of `outputs`.
  public func prepare(inputs: [String: RuntimeValue], outputs: [String: TensorMemory]) throws -> PreparedRun? {
    guard classification == nil else { return nil }
    let targets = names.compactMap { outputs[$0] }
    guard targets.count == names.count else { return nil }
    let (plan, cells) = try resolve(inputs)
    return PreparedRun(plan, cells, targets)
  }
}
