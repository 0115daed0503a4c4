// swift-tools-version:5.9
import PackageDescription

// On Apple systems the real frameworks are used. The stand-in targets must not even exist there: a module of the
// same name in the package's build folder would be found before the SDK's.
#if os(Linux)
let standIns: [Target] = [
  .target(name: "CoreML", dependencies: ["Engine", "MIL", "Metal", "Kernels"]),
  .target(name: "Metal", dependencies: ["Kernels", "Shaders"]),
  // The portable Metal device's native part. Its shaders are MSL, compiled as C++ with the headers in shim
  // (settings: runtime/shader_settings.h).
  .target(
    name: "Shaders", dependencies: ["Kernels"], exclude: ["generated", "metal", "shim"],
    cSettings: [.headerSearchPath("shim"), .headerSearchPath("metal")],
    cxxSettings: [.headerSearchPath("shim"), .headerSearchPath("metal")]),
  // Translates the library's own shaders (scripts/generate-shaders.ts); not part of the library.
  .executableTarget(name: "msl-translate", dependencies: ["Metal"]),
]
let bridge: [Target.Dependency] = ["CoreML", "Metal"]
#else
let standIns: [Target] = []
let bridge: [Target.Dependency] = []
#endif

let package = Package(
  name: "tensorlogic",
  platforms: [.macOS(.v13)],
  products: [.library(name: "tensorlogic", type: .dynamic, targets: ["TensorLogic"])],
  targets: standIns + [
    .target(name: "CTensorLogic"),
    .target(name: "Kernels"),
    .target(name: "MIL"),
    // For tests of the readers alone; not part of the library.
    .executableTarget(name: "mil-dump", dependencies: ["MIL", "Kernels"]),
    .target(name: "Engine", dependencies: ["MIL", "Kernels"]),
    .target(name: "TensorLogic", dependencies: bridge + ["CTensorLogic", "Engine", "MIL", "Kernels"]),
  ],
  cxxLanguageStandard: .cxx17
)
