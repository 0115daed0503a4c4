import Kernels
import MIL

/// The inputs of a diagnostic run, as the program's function takes them.
public struct DiagnosticInputs {
  let values: [String: RuntimeValue]
  let shapes: [String: [Int]]
  private let states: [String: TensorMemory]

  /// `states`: contents of the states before each run; zeros where there are none.
  public init(_ tensors: [String: TensorMemory], states: [String: TensorMemory] = [:]) {
    values = tensors.mapValues { .tensor($0) }
    shapes = tensors.mapValues(\.spec.shape)
    self.states = states
  }

  /// A state of its own for one run, in the executable's precision; nil for functions without states.
  func state(for executable: Executable) -> StateStorage? {
    let storage = executable.makeState()
    for (name, target) in storage.tensors {
      guard let source = states[name], source.spec.shape == target.spec.shape, let from = source.spec.element.kernelType, let to = target.spec.element.kernelType else { continue }
      tlk_convert(source.address, from, target.address, to, target.spec.count)
    }
    return storage.tensors.isEmpty ? nil : storage
  }
}
