import Glibc
import Shaders

/// Source of MSL to a loaded table of kernels, by way of the user's cache.
enum ShaderCompiler {
  static func load(_ source: String) throws -> UnsafePointer<tlm_library> {
    if let own = builtIn(source) { return own }
    let clang = try Clang.find()
    let name = SHA256.hexadecimal(
      [source, shimHash, clang.identity] + shaderFlags + shaderCodeFlags)
    let folder = Files.cacheFolder + "/shaders"
    guard Files.makeFolder(folder) else {
      throw MTLLibraryError(
        .internal, "compiled shaders are kept in \(folder), which cannot be made; TENSORLOGIC_CACHE names another folder")
    }
    let library = "\(folder)/\(name).so"
    // A file that does not load (of another system, cut short) is made again.
    if Files.exists(library), let table = try? open(library) { return table }
    let work = Workplace(folder: folder, name: name)
    defer { work.clear() }
    try Compilation(clang: clang, shim: try shimFolder(folder), work: work).compile(source)
    guard rename(work.library, library) == 0 else {
      throw MTLLibraryError(.internal, "the compiled shader cannot be moved to \(library): errno \(errno)")
    }
    return try open(library)
  }

  /// A shader that was compiled with this library.
  private static func builtIn(_ source: String) -> UnsafePointer<tlm_library>? {
    let hash = SHA256.hexadecimal([source])
    var index = 0
    while let entry = tlm_builtin_at(index) {
      if String(cString: entry.pointee.source_hash) == hash { return entry.pointee.open?(tlm_host_runtime()) }
      index += 1
    }
    return nil
  }

  /// Stays loaded: a thread may be inside, and the same source gives the same file again.
  private static func open(_ path: String) throws -> UnsafePointer<tlm_library> {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "unknown"
      throw MTLLibraryError(.internal, "the compiled shader cannot be loaded (is the folder on a file system mounted noexec?): \(reason)")
    }
    guard let symbol = dlsym(handle, "tlm_open") else {
      throw MTLLibraryError(.internal, "\(path) is not a compiled shader")
    }
    let function = unsafeBitCast(symbol, to: tlm_open_function.self)
    guard let table = function(tlm_host_runtime()), table.pointee.version == UInt32(TLM_ABI_VERSION) else {
      throw MTLLibraryError(.internal, "\(path) is of another version")
    }
    return table
  }

  private static let shimFiles: [(name: String, text: String)] = {
    var files: [(name: String, text: String)] = []
    while let file = tlm_shim_file_at(files.count) {
      let bytes = UnsafeRawBufferPointer(start: file.pointee.text, count: file.pointee.byte_length)
      files.append((String(cString: file.pointee.name), String(decoding: bytes, as: UTF8.self)))
    }
    return files
  }()
  private static let shimHash = SHA256.hexadecimal(shimFiles.flatMap { [$0.name, $0.text] })

  /// The headers that shaders are compiled with, written once per version.
  private static func shimFolder(_ folder: String) throws -> String {
    let shim = "\(folder)/shim-\(shimHash.prefix(16))"
    for file in shimFiles where !Files.exists("\(shim)/\(file.name)") {
      guard Files.makeFolder(shim), Files.publish(file.text, as: "\(shim)/\(file.name)") else {
        throw MTLLibraryError(.internal, "the headers of MSL cannot be written to \(shim): errno \(errno)")
      }
    }
    return shim
  }
}

/// Files of one compilation. The name is this process's and call's own: others may compile the same source.
struct Workplace {
  private let stem: String
  init(folder: String, name: String) {
    stem = "\(folder)/.\(name.prefix(16))-\(getpid())-\(UInt32.random(in: 0 ... .max))"
  }
  var source: String { stem + ".metal" }
  var translated: String { stem + ".cpp" }
  var output: String { stem + ".out" }
  var errors: String { stem + ".err" }
  var library: String { stem + ".so" }
  func clear() { for path in [source, translated, output, errors, library] { unlink(path) } }
}
