import Metal

public protocol MLComputeDeviceProtocol: NSObjectProtocol {}
public final class MLCPUComputeDevice: NSObject, MLComputeDeviceProtocol, @unchecked Sendable {}
public final class MLGPUComputeDevice: NSObject, MLComputeDeviceProtocol, @unchecked Sendable {
  public let metalDevice: any MTLDevice
  init(_ metalDevice: any MTLDevice) { self.metalDevice = metalDevice }
}
public final class MLNeuralEngineComputeDevice: NSObject, MLComputeDeviceProtocol, @unchecked Sendable {
  public let totalCoreCount: Int
  init(totalCoreCount: Int) { self.totalCoreCount = totalCoreCount }
}

public enum MLComputeDevice: Hashable, CustomStringConvertible, Sendable {
  case cpu(MLCPUComputeDevice), gpu(MLGPUComputeDevice), neuralEngine(MLNeuralEngineComputeDevice)

  public static let allComputeDevices: [MLComputeDevice] = [.cpu(MLCPUComputeDevice())]

  public var description: String {
    switch self {
    case .cpu: return "CPU"
    case .gpu(let device): return "GPU: \(device.metalDevice.name)"
    case .neuralEngine(let device): return "Neural Engine: \(device.totalCoreCount) cores"
    }
  }
}
