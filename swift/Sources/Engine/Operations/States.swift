import MIL

extension OperationTable {
  /// A state's memory belongs to the caller. Reading copies it, so that a later write does not change what was read.
  static let states: [OperationDefinition] = [
    OperationDefinition("read_state", infer: { [.tensor(try $0.state("input").tensor)] }, kernel: readKernel, isPure: false),
    OperationDefinition(
      "write_state",
      infer: { node in
        _ = try node.check(node.tensor("data"), "data", writes: node.state("input"))
        return []
      }, kernel: { try writeKernel($0, state: "input", data: "data") }, isPure: false),
    OperationDefinition(
      "coreml_update_state", infer: { node in [.tensor(try node.check(node.tensor("value"), "value", writes: node.state("state")))] },
      kernel: { try writeKernel($0, state: "state", data: "value") }, isPure: false),
  ]

  private static func readKernel(_ node: Node) throws -> Kernel {
    let (state, target) = (try node.state("input"), node.outputs[0].slot)
    return { frame in frame[target].copyMemory(from: try frame.memory(of: state, node), byteCount: state.tensor.byteCount) }
  }

  private static func writeKernel(_ node: Node, state name: String, data: String) throws -> Kernel {
    let state = try node.state(name)
    let source = try node.value(data).slot
    let copy = node.outputs.first?.slot
    return { frame in
      try frame.memory(of: state, node).copyMemory(from: frame[source], byteCount: state.tensor.byteCount)
      if let copy { frame[copy].copyMemory(from: frame[source], byteCount: state.tensor.byteCount) }
    }
  }
}

extension Node {
  fileprivate func state(_ name: String) throws -> StateSpec {
    let value = try value(name)
    guard case .state(let state)? = value.spec else { throw fail("parameter '\(name)' has to be a state, '\(value.name)' is not one") }
    return state
  }

  fileprivate func check(_ data: TensorSpec, _ name: String, writes state: StateSpec) throws -> TensorSpec {
    guard data == state.tensor else {
      throw fail("\(name) is \(data.element.name) \(data.shape), the state '\(state.name)' is \(state.tensor.element.name) \(state.tensor.shape)")
    }
    return data
  }
}

extension Frame {
  fileprivate func memory(of spec: StateSpec, _ node: Node) throws -> UnsafeMutableRawPointer {
    guard let state else { throw ModelError(.argument, "the function has the state '\(spec.name)': a prediction needs a state made by this model") }
    guard let memory = state.tensors[spec.name], memory.spec == spec.tensor else {
      throw ModelError(.argument, "the given state has no '\(spec.name)' of \(spec.tensor.element.name) \(spec.tensor.shape): it was made by another model")
    }
    return memory.address
  }
}
