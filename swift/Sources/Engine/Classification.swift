import Kernels
import MIL

/// The `classify` operation at a function's end: probabilities become a dictionary by class label and the label of the largest.
struct Classification {
  /// Name of the tensor of probabilities.
  let probabilities: String
  private let labelName: String
  private let dictionaryName: String
  private let labels: Labels

  private enum Labels {
    case strings([String])
    case ints([Int64])
    var count: Int {
      switch self {
      case .strings(let labels): return labels.count
      case .ints(let labels): return labels.count
      }
    }
  }

  /// nil when the function does not classify.
  init?(_ function: Function) throws {
    guard let operation = function.block.operations.first(where: { $0.type == "classify" }) else { return nil }
    func fail(_ message: String) -> ModelError { ModelError(.malformed, "operation classify '\(operation.outputs.first?.name ?? "?")': \(message)") }
    guard operation.outputs.count == 2 else { throw fail("has \(operation.outputs.count) outputs, expected 2") }
    guard case .name(let source)? = operation.inputs["probabilities"]?.first else { throw fail("parameter 'probabilities' is missing") }
    probabilities = source
    labelName = operation.outputs[0].name
    dictionaryName = operation.outputs[1].name
    var constant: Constant?
    switch operation.inputs["classes"]?.first {
    case .constant(let value)?: constant = value
    case .name(let name)?: constant = function.block.operations.first { $0.type == "const" && $0.outputs.first?.name == name }?.attributes["val"]
    case nil: throw fail("parameter 'classes' is missing")
    }
    guard let constant, let labels = Classification.labels(constant) else { throw fail("parameter 'classes' has to be constant strings or integers") }
    self.labels = labels
  }

  private static func labels(_ constant: Constant) -> Labels? {
    switch constant.payload {
    case .strings(let strings): return .strings(strings)
    case .bytes(let slice):
      guard case .tensor(let type) = constant.type, let sizes = type.sizes, let numbers = Scalars.read(slice.bytes, TensorSpec(type.element, sizes)) else { return nil }
      // As f64 a label past 2^53 would change.
      if type.element == .int64 { return .ints((0..<numbers.count).map { slice.bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }) }
      return .ints(numbers.compactMap { Int64(exactly: $0) })
    case .elements(let elements):
      var strings: [String] = []
      var ints: [Int64] = []
      for element in elements {
        switch labels(element) {
        case .strings(let more)?: strings += more
        case .ints(let more)?: ints += more
        case nil: return nil
        }
      }
      return strings.isEmpty ? .ints(ints) : .strings(strings)
    case .dictionary: return nil
    }
  }

  /// The class labels as strings, for descriptions.
  var labelTexts: [String] {
    switch labels {
    case .strings(let strings): return strings
    case .ints(let ints): return ints.map(String.init)
    }
  }

  func provides(_ name: String) -> Bool { name == labelName || name == dictionaryName }

  func add(_ cell: Cell, to values: inout [String: RuntimeValue]) throws {
    guard let address = cell.address, let numbers = Scalars.read(UnsafeRawBufferPointer(start: address, count: cell.tensor.byteCount), cell.tensor) else {
      throw ModelError(.runtime, "the probabilities of '\(labelName)' are not numbers")
    }
    guard numbers.count == labels.count, let best = numbers.indices.max(by: { numbers[$0] < numbers[$1] }) else {
      throw ModelError(.malformed, "'\(labelName)': \(labels.count) class labels for \(numbers.count) probabilities")
    }
    switch labels {
    case .strings(let strings):
      values[labelName] = .string(strings[best])
      values[dictionaryName] = .stringDictionary(zip(strings, numbers).map { (key: $0, value: $1) })
    case .ints(let ints):
      values[labelName] = .int64(ints[best])
      values[dictionaryName] = .int64Dictionary(zip(ints, numbers).map { (key: $0, value: $1) })
    }
  }
}
