/// The text form of ML programs, as the compiler writes it into `model.mil`. Both dialects are read: that of
/// `program(1.0)`, where scalars are tensors of rank 0 (`tensor<int32, []>(1)`), and that of `program(1.3)`, where they
/// stand alone (`int32(1)`).
///
///     program   = "program(" version ")" [ attributes ] "{" { function } "}"
///     function  = "func" name [ "<" opset ">" ] "(" [ parameters ] ")" [ attributes ] block ";"
///     block     = "{" { operation } "}" "->" "(" names ")"
///     operation = [ parameters "=" ] type "(" [ arguments ] ")" { attributes | nested block } ";"
struct MILTextParser {
  /// Deeper nesting of types, values and blocks than any model has; bounds the parser's stack.
  private static let maximumDepth = 64

  var scanner: MILScanner
  let weights: WeightFiles
  private var depth = 0

  struct Result {
    var program: Program
    /// By function: what `FlexibleShapeInformation` says of its inputs.
    var flexibleShapes: [String: FlexibleShapes]
  }

  static func parse(_ text: ByteSlice, name: String, weights: WeightFiles) throws -> Result {
    try withExtendedLifetime(text) {
      var parser = MILTextParser(scanner: MILScanner(text, name: name), weights: weights)
      let result = try parser.program()
      for function in result.program.functions.values { try ProgramValidation.check(function, file: name) }
      return result
    }
  }

  private init(scanner: MILScanner, weights: WeightFiles) {
    self.scanner = scanner
    self.weights = weights
  }

  /// Runs `body` one level deeper.
  mutating func nested<Value>(_ body: (inout MILTextParser) throws -> Value) throws -> Value {
    guard depth < MILTextParser.maximumDepth else {
      throw scanner.failure("at most \(MILTextParser.maximumDepth) levels of nesting")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  /// `open`, elements separated by commas, `close`.
  mutating func list(_ open: StaticString, _ close: StaticString, _ element: (inout MILTextParser) throws -> Void)
    throws
  {
    try scanner.expect(open)
    if scanner.take(close) { return }
    repeat { try element(&self) } while scanner.take(",")
    try scanner.expect(close, " or ','")
  }

  private mutating func program() throws -> Result {
    guard scanner.takeName()?.lowercased() == "program" else { throw scanner.failure("program(VERSION)", at: 0) }
    try scanner.expect("(")
    let version = scanner.takeNumber()
    guard version.split(separator: ".").first == "1" else {
      throw ModelError(.unsupported, "\(scanner.name): program version \(version), expected 1.0 to 1.3")
    }
    try scanner.expect(")")
    var result = Result(program: Program(version: 1, functions: [:]), flexibleShapes: [:])
    if scanner.peek(is: "[") { result.program.attributes = try attributes() }
    try scanner.expect("{")
    while !scanner.take("}") {
      let (function, shapes) = try function()
      guard result.program.functions[function.name] == nil else {
        throw scanner.failure("each function once, '\(function.name)' is there twice")
      }
      result.program.functions[function.name] = function
      result.flexibleShapes[function.name] = shapes
    }
    guard scanner.peek() == nil else { throw scanner.failure("nothing after the program") }
    guard !result.program.functions.isEmpty else { throw scanner.failure("a function in the program") }
    return result
  }

  private mutating func function() throws -> (Function, FlexibleShapes?) {
    let start = scanner.position
    guard scanner.takeName() == "func" else { throw scanner.failure("func or '}'", at: start) }
    let name = try scanner.expectName("the function's name")
    var opset = ""
    if scanner.take("<") {
      opset = coreMLOpset(try scanner.expectName("the function's opset, such as ios17"))
      try scanner.expect(">")
    }
    let inputs = try parameters()
    let shapes = scanner.peek(is: "[") ? FlexibleShapes(try functionAttributes()) : nil
    let block = try block(inputs: [])
    _ = scanner.take(";")
    return (Function(name: name, opset: opset, inputs: inputs, block: block), shapes)
  }

  mutating func parameters() throws -> [NamedType] {
    var parameters: [NamedType] = []
    try list("(", ")") { parameters.append(try $0.namedType()) }
    return parameters
  }

  mutating func namedType() throws -> NamedType {
    let type = try type()
    return NamedType(try scanner.expectName("a name after the type \(type)"), type)
  }

  mutating func attributes() throws -> [String: Constant] {
    var attributes: [String: Constant] = [:]
    try list("[", "]") { parser in
      let name = try parser.scanner.expectName("an attribute's name")
      try parser.scanner.expect("=")
      attributes[name] = try parser.literalOrValue()
    }
    return attributes
  }

  private mutating func functionAttributes() throws -> [String: MILLiteral] {
    var attributes: [String: MILLiteral] = [:]
    try list("[", "]") { parser in
      let name = try parser.scanner.expectName("an attribute's name")
      try parser.scanner.expect("=")
      attributes[name] = try parser.literal()
    }
    return attributes
  }
}
