import Glibc
import Kernels

/// The C++ compiler that turns MSL into machine code.
struct Clang {
  let path: String

  static func find() throws -> Clang {
    if let named = Files.environment("TENSORLOGIC_CLANG") {
      guard Files.isExecutable(named) else {
        throw MTLLibraryError(.internal, "TENSORLOGIC_CLANG names \(named), which is not an executable file")
      }
      return Clang(path: named)
    }
    for candidate in candidates where Files.isExecutable(candidate) { return Clang(path: candidate) }
    throw MTLLibraryError(
      .internal,
      "compiling MSL on the CPU needs clang 15 or newer, and none was found on PATH: install the package clang "
        + "(`apt-get install clang`), or name one by TENSORLOGIC_CLANG. The library's own shaders need none")
  }

  /// The private toolchain's first: its version is known to work.
  private static var candidates: [String] {
    let toolchains = Files.entries(Files.cacheFolder).filter { $0.hasPrefix("swift-") }
    let own = toolchains.reversed().map { "\(Files.cacheFolder)/\($0)/usr/libexec/swift/bin/clang" }
    let folders = (Files.environment("PATH") ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
    let names = ["clang"] + stride(from: 22, through: 15, by: -1).map { "clang-\($0)" }
    // A Swift toolchain has a clang beside its swift, also where a wrapper elsewhere is on PATH.
    return own + names.flatMap { name in folders.map { "\($0)/\(name)" } }
  }

  /// What tells one compiler and machine from another: part of the name of cached code.
  var identity: String {
    var file = stat()
    stat(path, &file)
    return "\(path) \(file.st_size) \(file.st_mtim.tv_sec) \(machine)"
  }
}

/// Flags of every compilation. Half is rounded after each operation as on a GPU; products and sums may fuse, NaN and infinity stay.
let shaderFlags = [
  "-x", "c++", "-std=c++17", "-nostdinc", "-fdeclspec", "-Xclang", "-cl-single-precision-constant", "-ffp-contract=fast",
  "-fno-math-errno", "-Xclang", "-ffloat16-excess-precision=none", "-fno-exceptions", "-fno-rtti", "-fno-strict-aliasing",
  "-fwrapv", "-w",
]
let shaderCodeFlags = [
  "-O2", "-fPIC", "-fvisibility=hidden", "-ftls-model=global-dynamic", "-fno-stack-protector",
  "-Werror=frame-larger-than=\(stackFrameLimit)", "-Wframe-larger-than=\(stackFrameLimit)",
]
/// Half of what a thread has where threads wait for each other.
private let stackFrameLimit = 128 * 1024

/// The first processor's description: code for one machine does not run on every other.
private let machine: String = {
  let keys = ["model name", "flags", "CPU implementer", "CPU part", "Features"]
  var lines: [Substring] = []
  for line in (Files.read("/proc/cpuinfo") ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
    if line.isEmpty { break }
    if keys.contains(where: { line.hasPrefix($0) }) { lines.append(line) }
  }
  return lines.joined(separator: "\n")
}()
