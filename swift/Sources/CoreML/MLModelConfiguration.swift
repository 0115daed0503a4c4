import Engine
import Metal

public struct MLOptimizationHints: Equatable, Sendable {
  public enum ReshapeFrequency: Int, Sendable { case frequent = 0, infrequent = 1 }
  public enum SpecializationStrategy: Int, Sendable { case `default` = 0, fastPrediction = 1 }
  public var reshapeFrequency: ReshapeFrequency = .frequent
  public var specializationStrategy: SpecializationStrategy = .default
  public init() {}
}

open class MLModelConfiguration: NSObject {
  open var modelDisplayName: String?
  /// One device here: every choice runs on the CPU.
  open var computeUnits: MLComputeUnits = .all
  /// The one device here takes it as leave for products of bf16's precision.
  open var allowLowPrecisionAccumulationOnGPU: Bool = false
  open var preferredMetalDevice: (any MTLDevice)?
  open var functionName: String?
  public var optimizationHints = MLOptimizationHints()
  /// Widens every value to f32. Apple has no such switch: only a bridge that knows this stand-in can set it.
  @_spi(Portable) public var widensToFloat32 = false

  public override init() { super.init() }

  func snapshot() -> MLModelConfiguration {
    let copy = MLModelConfiguration()
    copy.modelDisplayName = modelDisplayName
    copy.computeUnits = computeUnits
    copy.allowLowPrecisionAccumulationOnGPU = allowLowPrecisionAccumulationOnGPU
    copy.preferredMetalDevice = preferredMetalDevice
    copy.functionName = functionName
    copy.optimizationHints = optimizationHints
    copy.widensToFloat32 = widensToFloat32
    return copy
  }

  var executableOptions: ExecutableOptions {
    var options = ExecutableOptions()
    if widensToFloat32 { options.precision = .float32 }
    options.fastProducts = allowLowPrecisionAccumulationOnGPU
    return options
  }
}
