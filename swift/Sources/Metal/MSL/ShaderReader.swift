/// Finds kernels, their arguments and what must be rewritten for C++ in preprocessed MSL.
struct ShaderReader {
  let tokens: [Token]
  private var program = ShaderProgram()
  /// Parameters of kernel templates, by name: an explicit instantiation need not repeat them.
  private var templates: [Substring: (parameters: Range<Int>, declaration: Range<Int>)] = [:]
  /// Names that a function's body mentions, by the function's name.
  private var mentions: [Substring: Set<Substring>] = [:]
  /// Kernel → the plain name of its function.
  private var functions: [Substring] = []

  static func read(_ source: String) throws -> ShaderProgram {
    var reader = ShaderReader(tokens: Tokenizer.tokens(of: source))
    try reader.checkFeatures()
    try reader.readScope(0..<reader.tokens.count, namespace: "", depth: 0)
    reader.markBarriers()
    reader.program.edits += reader.tokens.attributeBlanks
    return reader.program
  }

  private init(tokens: [Token]) { self.tokens = tokens }

  private func checkFeatures() throws {
    for token in tokens where token.kind == .identifier && isUncovered(token.text) {
      throw MTLLibraryError.uncovered(token.text, line: token.line)
    }
  }

  /// Declarations of a namespace, one after the other. Bounded depth: the source is anybody's.
  private mutating func readScope(_ range: Range<Int>, namespace: String, depth: Int) throws {
    guard depth < 64 else { return }
    var start = range.lowerBound
    while start < range.upperBound {
      let (head, end) = declaration(start, range.upperBound)
      if end < range.upperBound, tokens[end].is("{") {
        let close = min(tokens.closing(end), range.upperBound)
        try readBlock(head, body: end + 1..<max(close, end + 1), namespace, depth)
        start = close + 1
      } else {
        try readStatement(head, namespace)
        start = end + 1
      }
    }
  }

  /// From `start` to the `;`, the opening brace of a body, or a stray closing brace.
  private func declaration(_ start: Int, _ limit: Int) -> (head: Range<Int>, end: Int) {
    var at = start
    while at < limit {
      let token = tokens[at]
      if token.is(";") || token.is("}") { return (start..<at, at) }
      if token.is("{") {
        // `= { … }` and `T x { … }` initialise; a body follows `)`, a name of a type, or a namespace.
        let head = start..<at
        guard head.contains(where: { tokens[$0].is("=") }), function(head) == nil else { return (head, at) }
        at = tokens.closing(at)
      } else if token.is("(") || token.is("[") {
        at = tokens.closing(at)
      }
      at += 1
    }
    return (start..<min(at, limit), limit)
  }

  private mutating func readBlock(_ head: Range<Int>, body: Range<Int>, _ namespace: String, _ depth: Int) throws {
    if let keyword = head.first(where: { tokens[$0].is("namespace") }) {
      let path = tokens.text(keyword + 1..<head.upperBound).split(separator: " ").joined()
      try readScope(body, namespace: path.isEmpty ? namespace : namespace + path + "::", depth: depth + 1)
    } else if head.contains(where: { tokens[$0].is("extern") }) && function(head) == nil {
      try readScope(body, namespace: namespace, depth: depth + 1)
    } else if let function = function(head) {
      mentions[tokens[function.name].text, default: []].formUnion(
        body.filter { tokens[$0].kind == .identifier }.map { tokens[$0].text })
      markThreadgroupVariables(body)
      if isKernel(head) { try readKernel(head, function, namespace) }
    } else if head.contains(where: { ["struct", "class", "union"].contains(tokens[$0].text) }) {
      // Member functions count for barriers.
      try readScope(body, namespace: namespace, depth: depth + 1)
    }
  }

  private mutating func readStatement(_ head: Range<Int>, _ namespace: String) throws {
    for attribute in tokens.attributes(head) where attribute.name == "function_constant" {
      throw MTLLibraryError.uncovered(attribute.name, line: attribute.line)
    }
    guard let first = head.first, tokens[first].is("template"), first + 1 < head.upperBound,
      !tokens[first + 1].is("<"), isKernel(head)
    else { return }
    try readInstantiation(head, namespace)
  }

  private func isKernel(_ head: Range<Int>) -> Bool { head.contains { tokens[$0].is("kernel") } }

  /// The name and parameter list of a function's declaration.
  private func function(_ head: Range<Int>) -> (name: Int, parameters: Range<Int>)? {
    for index in tokens.topLevel(head) where tokens[index].is("(") {
      var name = index - 1
      // Skip the arguments of a template.
      if name > head.lowerBound, tokens[name].is(">") {
        var depth = 0
        while name > head.lowerBound {
          if tokens[name].is(">") { depth += 1 }
          if tokens[name].is("<") {
            depth -= 1
            if depth == 0 { break }
          }
          name -= 1
        }
        name -= 1
      }
      guard name >= head.lowerBound, tokens[name].kind == .identifier, !notAFunction.contains(tokens[name].text) else {
        continue
      }
      return (name, index + 1..<max(index + 1, min(tokens.closing(index), head.upperBound)))
    }
    return nil
  }

  private mutating func readKernel(
    _ head: Range<Int>, _ function: (name: Int, parameters: Range<Int>), _ namespace: String
  ) throws {
    let name = tokens[function.name].text
    if let first = head.first, tokens[first].is("template") {
      templates[name] = (function.parameters, head)
      return
    }
    try add(name, callee: namespace + name, function.parameters, head)
  }

  /// `template [[host_name("scale_half")]] kernel void scale<half>(…);` and `… kernel decltype(scale<half>) scale<half>;`
  private mutating func readInstantiation(_ head: Range<Int>, _ namespace: String) throws {
    let attributes = tokens.attributes(head)
    let end = function(head).map { $0.parameters.lowerBound - 1 } ?? head.upperBound
    guard end > head.lowerBound, tokens[end - 1].is(">") else { return }
    guard let name = templateName(endingAt: end - 1, head) else { return }
    let callee = namespace + tokens.text(name..<end)
    let host = attributes.first { $0.name == "host_name" }?.arguments.first.map { tokens[$0].text.dropFirst().dropLast() }
    let template = templates[tokens[name].text]
    guard let parameters = function(head)?.parameters ?? template?.parameters else {
      throw MTLLibraryError(
        line: tokens[name].line, .compileFailure, "no kernel template is named '\(tokens[name].text)'")
    }
    try add(
      host ?? Substring(tokens.text(name..<end)), callee: callee, parameters, template?.declaration ?? head,
      function: tokens[name].text)
  }

  private func templateName(endingAt close: Int, _ head: Range<Int>) -> Int? {
    var depth = 0
    var at = close
    while at > head.lowerBound {
      if tokens[at].is(">") { depth += 1 }
      if tokens[at].is("<") {
        depth -= 1
        if depth == 0 { return at - 1 }
      }
      at -= 1
    }
    return nil
  }

  private mutating func add(
    _ name: Substring, callee: String, _ parameters: Range<Int>, _ head: Range<Int>, function: Substring? = nil
  ) throws {
    var kernel = ShaderProgram.Kernel(
      name: String(name), callee: callee, arguments: try arguments(parameters, kernel: name))
    for attribute in tokens.attributes(head) {
      switch attribute.name {
      case "max_total_threads_per_threadgroup": kernel.maximumThreads = attribute.arguments.first.flatMap(integer) ?? 0
      case "host_name" where function == nil:
        if let text = attribute.arguments.first { kernel.name = String(tokens[text].text.dropFirst().dropLast()) }
      default: break
      }
    }
    program.kernels.append(kernel)
    functions.append(function ?? name)
  }

  private func integer(_ index: Int) -> Int? { Int(tokens[index].text.prefix { $0.isNumber }) }

  /// `threadgroup float tile[64];` belongs to the group; `threadgroup float *p` is a thread's own pointer.
  private mutating func markThreadgroupVariables(_ body: Range<Int>) {
    for index in body where tokens[index].is("threadgroup") {
      var at = index + 1
      var isPointer = false
      while at < body.upperBound, !isPointer {
        let token = tokens[at]
        if token.is("*") || token.is("&") { isPointer = true }
        if token.kind == .mark, "=;,[(){}>".contains(token.text) { break }
        if token.is("<") { at = max(at, tokens.closing(at)) }
        at += 1
      }
      if !isPointer {
        program.edits.append(.init(range: tokens[index].range, replacement: "TLM_THREADGROUP_VARIABLE"))
      }
    }
  }

  /// A kernel has barriers if one of the functions that it reaches names one.
  private mutating func markBarriers() {
    var waiting = Set<Substring>()
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for (function, names) in mentions where !waiting.contains(function) {
        if names.contains(where: { isBarrier($0) || waiting.contains($0) }) {
          waiting.insert(function)
          hasChanged = true
        }
      }
    }
    for index in program.kernels.indices { program.kernels[index].hasBarriers = waiting.contains(functions[index]) }
  }

  private func arguments(_ parameters: Range<Int>, kernel: Substring) throws -> [ShaderProgram.Argument] {
    try ArgumentReader(tokens: tokens, kernel: kernel).read(parameters)
  }
}

private func isBarrier(_ name: Substring) -> Bool {
  name == "threadgroup_barrier" || name.hasPrefix("simd") || name.hasPrefix("quad_")
}

private let notAFunction: Set<Substring> = [
  "decltype", "alignas", "sizeof", "if", "for", "while", "switch", "static_assert", "noexcept", "__attribute__",
]

private func isUncovered(_ name: Substring) -> Bool {
  uncoveredNames.contains(name) || uncoveredPrefixes.contains { name.hasPrefix($0) }
}

private let uncoveredPrefixes = ["texture1d", "texture2d", "texture3d", "texturecube", "texture_buffer", "depth2d",
  "depthcube", "simdgroup_float8x8", "simdgroup_half8x8", "simdgroup_bfloat8x8"]
private let uncoveredNames: Set<Substring> = [
  "sampler", "simdgroup_matrix", "simdgroup_load", "simdgroup_store", "simdgroup_multiply_accumulate",
  "make_filled_simdgroup_matrix", "simdgroup_async_copy", "imageblock", "acceleration_structure", "intersector",
  "intersection_query", "intersection_function_table", "visible_function_table", "primitive_acceleration_structure",
  "instance_acceleration_structure", "mesh", "mesh_grid_properties", "command_buffer", "render_command",
  "compute_command", "tensor_handle", "is_function_constant_defined", "raytracing",
]
