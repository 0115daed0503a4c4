import CTensorLogic
import CoreML
import Dispatch
import MIL

extension LoadedModel {
  /// The JSON of tl_model_compute_plan.
  func computePlan() throws -> JSON {
    guard #available(macOS 14.4, *) else { throw Failure(TL_E_UNSUPPORTED, "compute plans need macOS 14.4") }
    let url = try CompiledModels.url(of: path)
    let configuration = try options.configuration()
    let plan = try waitFor { try await MLComputePlan.load(contentsOf: url, configuration: configuration) }
    var writer = PlanWriter(plan: plan)
    writer.add(plan.modelStructure, function: function?.name ?? "main")
    return .array(writer.entries)
  }
}

@available(macOS 14.4, *)
private struct PlanWriter {
  let plan: MLComputePlan
  private(set) var entries: [JSON] = []

  init(plan: MLComputePlan) { self.plan = plan }

  /// Models of a pipeline follow each other.
  mutating func add(_ structure: MLModelStructure, function: String) {
    switch structure {
    case .program(let program):
      if let code = program.functions[function] ?? program.functions["main"] { add(code.block) }
    case .neuralNetwork(let network):
      for layer in network.layers {
        add(layer.name, layer.type, plan.deviceUsage(for: layer), cost: nil)
      }
    case .pipeline(let pipeline):
      for model in pipeline.subModels { add(model, function: "main") }
    default: break
    }
  }

  private mutating func add(_ block: MLModelStructure.Program.Block) {
    for operation in block.operations {
      // Constants run nowhere.
      if operation.operatorName.hasSuffix("const") { continue }
      add(
        operation.outputs.first?.name ?? "", operation.operatorName, plan.deviceUsage(for: operation),
        cost: plan.estimatedCost(of: operation)?.weight)
      for inner in operation.blocks { add(inner) }
    }
  }

  private mutating func add(_ name: String, _ type: String, _ usage: MLComputePlan.DeviceUsage?, cost: Double?) {
    entries.append([
      "operation": .string(name), "type": .string(type),
      "device": usage.map { .string(kind($0.preferred)) } ?? .null,
      "supported": .array((usage?.supported ?? []).map { .string(kind($0)) }),
      "cost": cost.map { .number($0) } ?? .null,
    ])
  }
}

@available(macOS 14.0, *)
private func kind(_ device: MLComputeDevice) -> String {
  switch device {
  case .cpu: return "cpu"
  case .gpu: return "gpu"
  case .neuralEngine: return "neuralEngine"
  @unknown default: return "unknown"
  }
}

/// Runs asynchronous work from a thread that waits for it.
private func waitFor<Value>(_ work: @escaping () async throws -> Value) throws -> Value {
  let pending = Pending(work)
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    await pending.finish()
    done.signal()
  }
  done.wait()
  guard let result = pending.result else { throw Failure(TL_E_RUNTIME, "the compute plan gave no answer") }
  return try result.get()
}

/// Read by the waiting thread only after the other one has signalled.
private final class Pending<Value>: @unchecked Sendable {
  private let work: () async throws -> Value
  private(set) var result: Result<Value, any Error>?
  init(_ work: @escaping () async throws -> Value) { self.work = work }

  func finish() async {
    do { result = .success(try await work()) } catch { result = .failure(error) }
  }
}
