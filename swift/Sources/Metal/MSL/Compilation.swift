/// One source through the compiler: expand macros, read the kernels, translate, compile.
struct Compilation {
  let clang: Clang
  let shim: String
  let work: Workplace

  /// Leaves the library at `work.library`.
  func compile(_ source: String) throws {
    let numbered = "#line 1 \"program_source\"\n" + source
    let program = try translate(numbered)
    try write(program, to: work.translated)
    let code = try run(
      shaderFlags + shaderCodeFlags + [
        "-march=native", "-I\(shim)", "-include", "tlm_stdlib.h", "-shared", "-nostdlib", "-o", work.library,
        work.translated,
      ])
    if code != 0 { throw failure(placed(diagnostics, in: numbered)) }
  }

  /// C++ for the preprocessed source and its entry points.
  private func translate(_ numbered: String) throws -> String {
    let expanded = try expand(numbered)
    let program = try ShaderReader.read(expanded)
    return expanded.applying(program.edits) + EntryPoints.source(program.kernels, scope: "::")
  }

  /// The source with its macros expanded.
  func expand(_ numbered: String) throws -> String {
    try write(numbered, to: work.source)
    let code = try run(shaderFlags + ["-E", "-I\(shim)"] + metalMacros + [work.source])
    guard code == 0, let expanded = Files.read(work.output) else { throw failure(diagnostics) }
    return expanded
  }

  /// Columns of the preprocessed text may be off where macros or comments stood: those of the user's text, where it gives the same error.
  private func placed(_ found: String, in numbered: String) -> String {
    let lines = found.split(separator: "\n")
    guard Files.write(numbered.applying(Tokenizer.tokens(of: numbered).attributeBlanks), to: work.source) else {
      return found
    }
    let again = try? run(
      shaderFlags + ["-fsyntax-only", "-I\(shim)", "-include", "tlm_stdlib.h"] + metalMacros + [work.source])
    guard again != nil, let text = Files.read(work.errors) else { return found }
    let exact = text.split(separator: "\n")
    return lines.map { line in
      guard let (place, message) = parts(line) else { return String(line) }
      return exact.first { parts($0).map { $0.line == place && $0.message == message } ?? false }.map(String.init)
        ?? String(line)
    }.joined(separator: "\n")
  }

  /// `program_source:3:14: error: text` as its line and what follows the column.
  private func parts(_ line: Substring) -> (line: Substring, message: Substring)? {
    guard line.hasPrefix("program_source:") else { return nil }
    let fields = line.split(separator: ":", maxSplits: 3)
    return fields.count == 4 ? (fields[1], fields[3]) : nil
  }

  private var diagnostics: String { Files.read(work.errors) ?? "" }

  private func failure(_ text: String) -> MTLLibraryError {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // Notes and excerpts of the headers help nobody; without an error of the user's own everything is shown.
    var kept: [Substring] = []
    var isOwn = false
    for line in lines {
      if parts(line) != nil || line.contains(": error:") || line.contains(": note:") || line.contains(": fatal error:") {
        isOwn = line.hasPrefix("program_source:")
      }
      if line.hasSuffix("generated.") { isOwn = false }
      if isOwn { kept.append(line) }
    }
    let report = (kept.isEmpty ? lines : kept).prefix(60).joined(separator: "\n")
    return MTLLibraryError(.compileFailure, "program_source does not compile:\n\(report)")
  }

  private func run(_ arguments: [String]) throws -> Int32 {
    guard let code = Subprocess.run(clang.path, arguments, output: work.output, errors: work.errors) else {
      throw MTLLibraryError(.internal, "\(clang.path) cannot be started")
    }
    return code
  }

  private func write(_ text: String, to path: String) throws {
    guard Files.write(text, to: path) else { throw MTLLibraryError(.internal, "\(path) cannot be written") }
  }
}

/// What MSL's own compiler defines.
private let metalMacros = ["-D__METAL__=1", "-D__METAL_VERSION__=310", "-D__METAL_CPU__=1"]
