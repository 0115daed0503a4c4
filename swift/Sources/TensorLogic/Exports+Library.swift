import CTensorLogic
import CoreML
import Kernels
import MIL
import Metal

/// The package's version; test/native compares it with package.json.
let libraryVersion = "0.1.0"

#if canImport(ObjectiveC)
  let isPortable = false
  private let platform = "darwin"
#else
  /// This package's own engine in place of Apple's frameworks.
  let isPortable = true
  private let platform = "linux"
#endif

@_cdecl("tl_abi_version")
public func tl_abi_version(_ outVersion: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export { try required(outVersion, "out_version").pointee = UInt32(TL_ABI_VERSION) }
}

@_cdecl("tl_last_error")
public func tl_last_error(
  _ text: UnsafeMutablePointer<UInt8>?, _ capacity: UInt32, _ outByteLength: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  // Not through `export`: an error here must not replace the text that the caller asks for.
  guard let outByteLength, text != nil || capacity == 0 else { return TL_E_ARGUMENT.rawValue }
  let bytes = LastError.bytes
  for index in 0..<min(bytes.count, Int(capacity)) { text?[index] = bytes[index] }
  outByteLength.pointee = UInt32(clamping: bytes.count)
  return TL_OK.rawValue
}

@_cdecl("tl_runtime_describe")
public func tl_runtime_describe(_ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let description: JSON = [
      "platform": .string(platform),
      "portable": .bool(isPortable),
      "isa": .string(String(cString: tlk_isa_name(tlk_isa_active()))),
      "isaProblem": tlk_isa_problem().map { .string(String(cString: $0)) } ?? .null,
      "threads": JSON(tlk_thread_count()),
      "version": .string(libraryVersion),
      "devices": .array(computeDevices()),
    ]
    try required(outText, "out_text").pointee = HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

@_cdecl("tl_runtime_counters")
public func tl_runtime_counters(_ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let counts = Counters.shared.snapshot
    let description: JSON = [
      "handles": JSON(HandleTable.shared.count),
      "copiedBytes": .integer(Int64(clamping: tlk_copied_bytes())),
      "copies": .integer(Int64(clamping: tlk_copies())),
      "runs": .integer(Int64(clamping: counts.runs)),
      "asyncInFlight": JSON(counts.asyncInFlight),
      "loadedModels": JSON(counts.loadedModels),
    ]
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

@_cdecl("tl_runtime_peak")
public func tl_runtime_peak(_ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    var gflops = 0.0
    var gigabytes = 0.0
    try check(tlk_measure_peak(&gflops, &gigabytes), "tl_runtime_peak")
    let description: JSON = ["gflops": .number(gflops), "gigabytesPerSecond": .number(gigabytes)]
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

/// What Core ML can run on, in the words of computeUnits.
private func computeDevices() -> [JSON] {
  guard #available(macOS 14.0, *) else { return [["kind": "cpu", "name": "CPU"]] }
  return MLComputeDevice.allComputeDevices.map { device in
    switch device {
    case .cpu: return ["kind": "cpu", "name": isPortable ? "CPU (portable)" : "CPU"]
    case .gpu: return ["kind": "gpu", "name": .string(MTLCreateSystemDefaultDevice()?.name ?? "GPU")]
    case .neuralEngine(let engine):
      return ["kind": "neuralEngine", "name": .string("Neural Engine (\(engine.totalCoreCount) cores)")]
    @unknown default: return ["kind": "other", "name": .string(device.description)]
    }
  }
}
