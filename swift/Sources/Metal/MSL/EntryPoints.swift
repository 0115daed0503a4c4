/// Writes the C++ that follows a shader: for each kernel the functions that call it for a group or a thread, and the table.
enum EntryPoints {
  /// `scope` is what stands before a kernel's name to find it from the end of the source.
  static func source(_ kernels: [ShaderProgram.Kernel], scope: String) -> String {
    var text = "\n#line 1 \"entry points\"\nnamespace {\n"
    for (index, kernel) in kernels.enumerated() { text += functions(kernel, index, scope) }
    text += "const tlm_kernel tlm_kernels[] = {\n"
    for (index, kernel) in kernels.enumerated() {
      let group = kernel.hasBarriers ? "nullptr" : "tlm_group_\(index)"
      let thread = kernel.hasBarriers ? "tlm_thread_\(index)" : "nullptr"
      let count = kernel.arguments.filter(\.isBound).count
      text += "  {\(literal(kernel.name)), \(group), \(thread), \(kernel.maximumThreads), \(count), tlm_arguments_\(index)},\n"
    }
    // An array of C++ is never empty.
    text += "  {nullptr, nullptr, nullptr, 0, 0, nullptr},\n};\n"
    text += "const tlm_library tlm_this_library = {TLM_ABI_VERSION, \(kernels.count), tlm_kernels};\n}\n"
    text += """
      extern "C" __attribute__((visibility(TLM_OPEN_VISIBILITY))) const tlm_library *TLM_OPEN(const tlm_runtime *runtime) {
        metal::tlm_host = runtime;
        return &tlm_this_library;
      }

      """
    return text
  }

  private static func functions(_ kernel: ShaderProgram.Kernel, _ index: Int, _ scope: String) -> String {
    let bound = kernel.arguments.filter(\.isBound)
    let table = bound.map { "{\(literal($0.name)), \($0.index), \($0.isThreadgroup)}, " }.joined()
    let addresses = bound.map { argument in
      let array = argument.isThreadgroup ? "memory" : "buffers"
      return "metal::tlm_pointer \(argument.variable){group->\(array)[\(argument.index)]}; "
    }.joined()
    let call = "\(scope)\(kernel.callee)(\(kernel.arguments.map(\.variable).joined(separator: ", ")))"
    let signature =
      kernel.hasBarriers
      ? "void tlm_thread_\(index)(const tlm_group *group, uint32_t x, uint32_t y, uint32_t z)"
      : "void tlm_group_\(index)(const tlm_group *group)"
    return """
      const tlm_argument tlm_arguments_\(index)[] = {\(table){nullptr, 0, false}};
      \(signature) {
        \(addresses)
        \(kernel.hasBarriers ? "TLM_RUN_THREAD" : "TLM_RUN_GROUP")(\(call))
      }

      """
  }

  private static func literal(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

extension ShaderProgram.Argument {
  fileprivate var isBound: Bool {
    if case .value = source { return false }
    return true
  }
  fileprivate var isThreadgroup: Bool {
    if case .threadgroup = source { return true }
    return false
  }
  fileprivate var index: Int {
    switch source {
    case .buffer(let index), .threadgroup(let index): return index
    case .value: return 0
    }
  }
  fileprivate var variable: String {
    switch source {
    case .buffer(let index): return "b\(index)"
    case .threadgroup(let index): return "m\(index)"
    case .value(let name): return "t.\(name)()"
    }
  }
}

extension String {
  fileprivate func replacing(_ part: Character, with other: String) -> String {
    reduce(into: "") { $0 += $1 == part ? other : String($1) }
  }

  /// The text after `edits`, which do not overlap.
  func applying(_ edits: [ShaderProgram.Edit]) -> String {
    var result = ""
    var at = utf8.startIndex
    for edit in edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) where edit.range.lowerBound >= at {
      result += self[at..<edit.range.lowerBound]
      result += edit.replacement
      at = edit.range.upperBound
    }
    return result + self[at...]
  }
}
