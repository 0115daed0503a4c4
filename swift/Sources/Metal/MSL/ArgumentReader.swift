/// Reads the parameters of one kernel.
struct ArgumentReader {
  let tokens: [Token]
  let kernel: Substring

  private enum Found {
    case placed(ShaderProgram.Argument)
    case unplaced(name: String, isThreadgroup: Bool)
  }

  func read(_ parameters: Range<Int>) throws -> [ShaderProgram.Argument] {
    let found = try tokens.splitAtCommas(parameters).filter { !$0.isEmpty && !isVoid($0) }.map(readParameter)
    return try place(found)
  }

  private func isVoid(_ range: Range<Int>) -> Bool { range.count == 1 && tokens[range.lowerBound].is("void") }

  private func readParameter(_ range: Range<Int>) throws -> Found {
    let line = tokens[range.lowerBound].line
    let attributes = tokens.attributes(range)
    let declaration = range.prefix { !tokens.isAttribute($0) && !tokens[$0].is("=") }
    guard let nameIndex = declaration.last(where: { tokens[$0].kind == .identifier }) else {
      throw MTLLibraryError(line: line, .compileFailure, "a parameter of kernel '\(kernel)' has no name")
    }
    let name = String(tokens[nameIndex].text)
    let isAddress = declaration.contains { tokens[$0].is("*") || tokens[$0].is("&") || tokens[$0].is("[") }
    let isThreadgroup = declaration.contains { tokens[$0].is("threadgroup") }
    for attribute in attributes {
      switch attribute.name {
      case "buffer": return .placed(.init(name: name, source: .buffer(try index(attribute, name))))
      case "threadgroup": return .placed(.init(name: name, source: .threadgroup(try index(attribute, name))))
      case let value where values.contains(value): return .placed(.init(name: name, source: .value(String(value))))
      case "texture", "sampler", "stage_in", "id", "payload", "imageblock_data", "function_constant", "visible_function_table",
        "intersection_function_table", "thread_position_in_simdgroup_matrix", "object_data":
        throw MTLLibraryError.uncovered("[[\(attribute.name)]]", line: attribute.line)
      default: continue
      }
    }
    if isAddress { return .unplaced(name: name, isThreadgroup: isThreadgroup) }
    let given = attributes.first.map { "the unknown attribute [[\($0.name)]]" } ?? "no attribute"
    throw MTLLibraryError(
      line: line, .compileFailure,
      "parameter '\(name)' of kernel '\(kernel)' has \(given): a value needs one like [[thread_position_in_grid]]")
  }

  private func index(
    _ attribute: (name: Substring, arguments: Range<Int>, line: Int), _ name: String
  ) throws -> Int {
    let digits = attribute.arguments.first.map { tokens[$0].text.prefix { $0.isNumber } } ?? ""
    guard attribute.arguments.count == 1, let value = Int(digits), value < argumentLimit else {
      throw MTLLibraryError(
        line: attribute.line, .compileFailure,
        "[[\(attribute.name)(\(tokens.text(attribute.arguments)))]] of '\(name)': expected a number in 0..<\(argumentLimit)")
    }
    return value
  }

  /// Parameters without an index take the free ones in order, as Apple's compiler does.
  private func place(_ found: [Found]) throws -> [ShaderProgram.Argument] {
    var buffers = Set<Int>(), memory = Set<Int>()
    for case .placed(let argument) in found {
      switch argument.source {
      case .buffer(let index):
        guard buffers.insert(index).inserted else { throw duplicate("buffer", index) }
      case .threadgroup(let index):
        guard memory.insert(index).inserted else { throw duplicate("threadgroup", index) }
      case .value: break
      }
    }
    return try found.map { entry in
      switch entry {
      case .placed(let argument): return argument
      case .unplaced(let name, let isThreadgroup):
        let used = isThreadgroup ? memory : buffers
        guard let index = (0..<argumentLimit).first(where: { !used.contains($0) }) else {
          throw MTLLibraryError(.compileFailure, "kernel '\(kernel)' has more than \(argumentLimit) buffers")
        }
        if isThreadgroup { memory.insert(index) } else { buffers.insert(index) }
        return .init(name: name, source: isThreadgroup ? .threadgroup(index) : .buffer(index))
      }
    }
  }

  private func duplicate(_ kind: String, _ index: Int) -> MTLLibraryError {
    MTLLibraryError(.compileFailure, "kernel '\(kernel)' has two arguments [[\(kind)(\(index))]]")
  }
}

/// Entries of an argument table.
let argumentLimit = 31

private let values: Set<Substring> = [
  "thread_position_in_grid", "thread_position_in_threadgroup", "thread_index_in_threadgroup",
  "threadgroup_position_in_grid", "threads_per_grid", "grid_size", "grid_origin", "threads_per_threadgroup",
  "dispatch_threads_per_threadgroup", "threadgroups_per_grid", "thread_index_in_simdgroup",
  "simdgroup_index_in_threadgroup", "simdgroups_per_threadgroup", "dispatch_simdgroups_per_threadgroup",
  "threads_per_simdgroup", "thread_execution_width", "thread_index_in_quadgroup", "quadgroup_index_in_threadgroup",
  "quadgroups_per_threadgroup", "dispatch_quadgroups_per_threadgroup", "quadgroups_per_simdgroup",
]
