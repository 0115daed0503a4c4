import CTensorLogic
import MIL

#if canImport(ObjectiveC)
  import CoreML
#else
  @_spi(Portable) import CoreML
#endif

/// The options of tl_model_load.
struct ModelOptions {
  enum Precision: String, CaseIterable { case model, f32, fast }

  private(set) var computeUnits = MLComputeUnits.all
  private(set) var function: String?
  private(set) var precision = Precision.model

  init(json: String) throws {
    guard !json.isEmpty else { return }
    let options: JSON
    do { options = try JSON(parsing: json, name: "options") } catch {
      throw Failure(TL_E_ARGUMENT, Failure(error).message)
    }
    guard let object = options.objectValue else {
      throw Failure(TL_E_ARGUMENT, "options: expected an object, got \(options.kindName)")
    }
    for key in object.keys {
      let value = object[key] ?? .null
      switch key {
      case "computeUnits": computeUnits = try choice(key, value, computeUnitNames)
      case "functionName":
        guard let name = value.stringValue else {
          throw Failure(TL_E_ARGUMENT, "options.functionName: expected a string, got \(value.kindName)")
        }
        function = name
      case "precision": precision = try choice(key, value, Precision.allCases.map { ($0.rawValue, $0) })
      default:
        throw Failure(TL_E_ARGUMENT, "options: unknown key '\(key)'; expected computeUnits, functionName or precision")
      }
    }
  }

  var computeUnitsName: String { computeUnitNames.first { $0.1 == computeUnits }?.0 ?? "all" }

  func configuration() throws -> MLModelConfiguration {
    let configuration = MLModelConfiguration()
    configuration.computeUnits = computeUnits
    if let function {
      guard #available(macOS 15.0, *) else { throw Failure(TL_E_UNSUPPORTED, "options.functionName needs macOS 15") }
      configuration.functionName = function
    }
    switch precision {
    case .model: break
    case .fast: configuration.allowLowPrecisionAccumulationOnGPU = true
    case .f32:
      #if canImport(ObjectiveC)
        throw Failure(TL_E_UNSUPPORTED, "options.precision: Core ML has no f32 mode; the portable engine on Linux has")
      #else
        configuration.widensToFloat32 = true
      #endif
    }
    return configuration
  }
}

private let computeUnitNames: [(String, MLComputeUnits)] = [
  ("all", .all), ("cpuOnly", .cpuOnly), ("cpuAndGPU", .cpuAndGPU), ("cpuAndNeuralEngine", .cpuAndNeuralEngine),
]

private func choice<T>(_ key: String, _ value: JSON, _ choices: [(String, T)]) throws -> T {
  let expectation = choices.map(\.0).joined(separator: ", ")
  guard let text = value.stringValue else {
    throw Failure(TL_E_ARGUMENT, "options.\(key): expected one of \(expectation), got \(value.kindName)")
  }
  guard let known = choices.first(where: { $0.0 == text }) else {
    throw Failure(TL_E_ARGUMENT, "options.\(key): '\(text)' is not one of \(expectation)")
  }
  return known.1
}
