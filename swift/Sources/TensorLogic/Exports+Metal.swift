import CTensorLogic
import CoreML
import MIL
import Metal

/// The device that buffers are made on.
func metalDevice() throws -> any MTLDevice {
  guard let device = Buffer.device else {
    throw Failure(TL_E_UNSUPPORTED, "this machine has no Metal device (a virtual machine?)")
  }
  return device
}

@_cdecl("tl_metal_describe")
public func tl_metal_describe(_ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let device = try metalDevice()
    let most = device.maxThreadsPerThreadgroup
    let description: JSON = [
      "name": .string(device.name),
      "portable": .bool(isPortable),
      "unifiedMemory": .bool(device.hasUnifiedMemory),
      "maxBufferLength": .integer(Int64(clamping: device.maxBufferLength)),
      "recommendedMaxWorkingSetSize": .integer(Int64(clamping: device.recommendedMaxWorkingSetSize)),
      "maxThreadgroupMemoryLength": JSON(device.maxThreadgroupMemoryLength),
      "maxThreadsPerThreadgroup": [JSON(most.width), JSON(most.height), JSON(most.depth)],
    ]
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

/// Compiled kernels.
final class ShaderLibrary: Handled {
  static let handleKind = HandleKind.shaderLibrary
  let library: any MTLLibrary

  init(source: String, options: ShaderOptions) throws {
    let compileOptions = MTLCompileOptions()
    if #available(macOS 15.0, *) {
      compileOptions.mathMode = options.isFast ? .fast : .safe
    } else {
      compileOptions.fastMathEnabled = options.isFast
    }
    library = try metalDevice().makeLibrary(source: options.definitions + source, options: compileOptions)
  }
}

/// What tl_metal_library_create takes as JSON.
struct ShaderOptions {
  var isFast = true
  /// Lines before the source, which keeps its line numbers.
  var definitions = ""

  init(_ text: String) throws {
    guard !text.isEmpty else { return }
    let json: JSON
    do { json = try JSON(parsing: text, name: "options") } catch {
      throw Failure(TL_E_ARGUMENT, Failure(error).message)
    }
    if let fastMath = json["fastMath"] {
      guard case .bool(let value) = fastMath else { throw Failure(TL_E_ARGUMENT, "options.fastMath: not a boolean") }
      isFast = value
    }
    if let given = json["macros"] {
      guard case .object(let entries) = given else { throw Failure(TL_E_ARGUMENT, "options.macros: not an object") }
      for name in entries.keys { try define(name, entries[name]?.stringValue) }
      if entries.count > 0 { definitions += "#line 1\n" }
    }
  }

  private mutating func define(_ name: String, _ value: String?) throws {
    let isName = !name.isEmpty && name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isAlphanumeric($0) }
    guard isName else { throw Failure(TL_E_ARGUMENT, "options.macros: '\(name)' is not the name of a macro") }
    guard let value, !value.contains(where: \.isNewline) else {
      throw Failure(TL_E_ARGUMENT, "options.macros.\(name): expected a string of one line")
    }
    definitions += "#define \(name) \(value)\n"
  }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
}

@_cdecl("tl_metal_library_create")
public func tl_metal_library_create(
  _ source: UnsafePointer<UInt8>?, _ sourceByteLength: UInt32, _ options: UnsafePointer<UInt8>?,
  _ optionsByteLength: UInt32, _ outLibrary: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outLibrary = try required(outLibrary, "out_library")
    let library = try ShaderLibrary(
      source: text(source, sourceByteLength, "source"),
      options: ShaderOptions(text(options, optionsByteLength, "options")))
    outLibrary.pointee = try HandleTable.shared.insert(library)
  }
}

@_cdecl("tl_metal_library_describe")
public func tl_metal_library_describe(_ library: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let names = try HandleTable.shared.get(library, as: ShaderLibrary.self).library.functionNames
    let description: JSON = ["functions": .array(names.map { .string($0) })]
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

@_cdecl("tl_metal_library_release")
public func tl_metal_library_release(_ library: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(library, as: ShaderLibrary.self) }
}

/// A kernel that is ready to be dispatched.
final class Pipeline: Handled {
  static let handleKind = HandleKind.pipeline
  let name: String
  let state: any MTLComputePipelineState

  init(_ library: ShaderLibrary, _ name: String) throws {
    guard let function = library.library.makeFunction(name: name) else {
      let known = library.library.functionNames.joined(separator: ", ")
      throw Failure(TL_E_NOT_FOUND, "no kernel is named '\(name)'; the source has \(known.isEmpty ? "none" : known)")
    }
    self.name = name
    state = try metalDevice().makeComputePipelineState(function: function)
  }
}

@_cdecl("tl_metal_pipeline_create")
public func tl_metal_pipeline_create(
  _ library: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32,
  _ outPipeline: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outPipeline = try required(outPipeline, "out_pipeline")
    let library = try HandleTable.shared.get(library, as: ShaderLibrary.self)
    outPipeline.pointee = try HandleTable.shared.insert(Pipeline(library, text(name, nameByteLength, "name")))
  }
}

@_cdecl("tl_metal_pipeline_describe")
public func tl_metal_pipeline_describe(_ pipeline: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let state = try HandleTable.shared.get(pipeline, as: Pipeline.self).state
    let description: JSON = [
      "maxTotalThreadsPerThreadgroup": JSON(state.maxTotalThreadsPerThreadgroup),
      "threadExecutionWidth": JSON(state.threadExecutionWidth),
    ]
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

@_cdecl("tl_metal_pipeline_release")
public func tl_metal_pipeline_release(_ pipeline: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(pipeline, as: Pipeline.self) }
}
