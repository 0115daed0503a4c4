extension LayerKind {
  static let unaryFunctions: [LayerKind] =
    [
      LayerKind(220, "unary", one: unaryFunction),
      LayerKind(770, "asinh", one: areaSine), LayerKind(775, "acosh", one: areaCosine),
      LayerKind(660, "clip", one: { layer, writer in
        writer.unary("clip", try layer.input(), ["alpha": .float(try layer.parameters.float(1)), "beta": .float(try layer.parameters.float(2))])
      }),
    ] + plain.map { number, name, type in LayerKind(number, name, one: { layer, writer in writer.unary(type, try layer.input()) }) }

  /// Layers without parameters that are one MIL operation.
  private static let plain: [(Int, String, String)] = [
    (665, "ceil", "ceil"), (670, "floor", "floor"), (680, "sign", "sign"), (685, "round", "round"), (700, "exp2", "exp2"), (710, "sin", "sin"),
    (715, "cos", "cos"), (720, "tan", "tan"), (730, "asin", "asin"), (735, "acos", "acos"), (740, "atan", "atan"), (750, "sinh", "sinh"),
    (755, "cosh", "cosh"), (760, "tanh", "tanh"), (780, "atanh", "atanh"), (790, "erf", "erf"),
  ]

  /// log(|x| + √(x² + 1)) with x's sign; near 0, where that loses digits, atanh(x ÷ √(x² + 1)), which is the same.
  private static func areaSine(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let root = writer.unary("sqrt", writer.binary("add", writer.unary("square", x), 1))
    let size = writer.unary("abs", x)
    let large = writer.binary("mul", writer.unary("log", writer.binary("add", size, root)), writer.unary("sign", x))
    let small = writer.unary("atanh", writer.binary("real_div", x, root))
    return writer.emit("select", ["cond": .tensor(writer.binary("less", size, 1, .bool)), "a": .tensor(small), "b": .tensor(large)], x.shape)
  }

  /// log(x + √(x − 1) · √(x + 1)).
  private static func areaCosine(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let x = try layer.input()
    let roots = writer.binary("mul", writer.unary("sqrt", writer.binary("sub", x, 1)), writer.unary("sqrt", writer.binary("add", x, 1)))
    return writer.unary("log", writer.binary("add", x, roots))
  }

  /// f(scale · x + shift).
  private static func unaryFunction(_ layer: Layer, _ writer: GraphWriter) throws -> NetworkTensor {
    let parameters = layer.parameters
    let scale = try parameters.float(5, zeroMeans: 1)
    let shift = try parameters.float(4)
    let epsilon = try parameters.float(3, zeroMeans: 1e-6)
    var x = try layer.input()
    if scale != 1 { x = writer.binary("mul", x, scale) }
    if shift != 0 { x = writer.binary("add", x, shift) }
    switch try parameters.int(1) {
    case 0: return writer.unary("sqrt", x)
    case 1: return writer.unary("rsqrt", x, ["epsilon": .float(epsilon)])
    case 2: return writer.unary("inverse", x, ["epsilon": .float(epsilon)])
    case 3: return writer.binary("pow", x, try parameters.float(2))
    case 4: return writer.unary("exp", x)
    case 5:
      // The message says nothing of it, but converters make log1p of an epsilon of 1.
      let given = try parameters.float(3)
      return writer.unary("log", given == 0 ? x : writer.binary("add", x, given))
    case 6: return writer.unary("abs", x)
    case 7:
      let floor = try parameters.float(2)
      let result = writer.binary("maximum", x, floor)
      if case .negative(let u)? = writer.origins[x.name] { writer.origins[result.name] = .negativeAbove(floor, of: u) }
      return result
    case let type: throw layer.fail("function \(type), expected 0 to 7", .unsupported)
    }
  }
}
