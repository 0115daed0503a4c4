import MIL

/// Everything runs on the CPU here, so there is nothing to estimate.
open class MLComputePlan {
  public struct DeviceUsage: Sendable {
    public let supported: [MLComputeDevice]
    public let preferred: MLComputeDevice
  }
  public struct Cost: Sendable {
    public let weight: Double
  }

  public final let modelStructure: MLModelStructure
  init(modelStructure: MLModelStructure) { self.modelStructure = modelStructure }

  public static func load(contentsOf url: URL, configuration: MLModelConfiguration) async throws -> MLComputePlan {
    MLComputePlan(modelStructure: try await MLModelStructure.load(contentsOf: url))
  }

  /// nil: not known.
  public func estimatedCost(of operation: MLModelStructure.Program.Operation) -> Cost? { nil }

  /// nil for constants, which run nowhere.
  public func deviceUsage(for operation: MLModelStructure.Program.Operation) -> DeviceUsage? {
    operation.operatorName.hasSuffix(".const") ? nil : MLComputePlan.cpu
  }
  public func deviceUsage(for layer: MLModelStructure.NeuralNetwork.Layer) -> DeviceUsage? { MLComputePlan.cpu }

  private static var cpu: DeviceUsage? {
    MLComputeDevice.allComputeDevices.first.map { DeviceUsage(supported: [$0], preferred: $0) }
  }
}
