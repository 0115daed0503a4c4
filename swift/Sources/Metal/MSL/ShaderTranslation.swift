/// MSL as C++ that calls itself in the namespace around it, for shaders that are compiled with the library (msl-translate).
@_spi(Portable) public func translateShader(_ source: String, shim: String) throws -> (text: String, hash: String) {
  let work = Workplace(folder: "/tmp", name: "msl-translate")
  defer { work.clear() }
  let compilation = Compilation(clang: try Clang.find(), shim: shim, work: work)
  let expanded = try compilation.expand("#line 1 \"program_source\"\n" + source)
  let program = try ShaderReader.read(expanded)
  let text = expanded.applying(program.edits) + EntryPoints.source(program.kernels, scope: "")
  return (text, SHA256.hexadecimal([source]))
}
