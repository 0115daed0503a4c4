import Kernels
import MIL

/// Moves elementwise work into the kernel that makes its input, and joins what is left into chains.
enum FusionPass {
  /// `joins` false: every operation keeps a step of its own and rounds its result.
  static func run(_ graph: inout Graph, joins: Bool = true) throws {
    if joins {
      try AttentionPass.run(&graph)
      try fusePadding(&graph)
      try fuseEpilogues(&graph)
      try fusePrologues(&graph)
    }
    try makeExpressions(&graph, joins: joins)
  }

  /// Nodes whose kernels apply an epilogue; `full`: scale, bias and residual too, else the activation only.
  private static func epilogueKind(_ node: Node) -> (full: Bool, Bool)? {
    switch node.type {
    case "conv", "conv_transpose": return node.isChannelsLast ? (true, true) : nil
    case "linear": return (true, true)
    case "matmul": return node.optional("y")?.isFoldable == true ? (true, true) : nil
    case "batch_norm": return node.isChannelsLast ? (false, true) : nil
    default: return nil
    }
  }

  /// Zeros that a `pad` puts around a convolution's input become the convolution's own padding, which costs no copy.
  private static func fusePadding(_ graph: inout Graph) throws {
    let counts = graph.useCounts()
    var producers: [ObjectIdentifier: Node] = [:]
    for node in graph.nodes where node.type == "pad" { producers[ObjectIdentifier(node.outputs[0])] = node }
    for node in graph.nodes where node.type == "conv" && node.isChannelsLast {
      guard let x = node.optional("x"), let pad = producers[ObjectIdentifier(x)], counts[ObjectIdentifier(x)] == 1, let source = pad.optional("x"),
        try pad.string("mode", default: "constant") == "constant", try pad.double("constant_val", default: 0) == 0, let amounts = try pad.ints("pad")
      else { continue }
      let spatial = x.tensor.rank - 2
      // pad names the last axes of x, two numbers each; here x is [N, spatial…, C].
      let full = [Int](repeating: 0, count: 2 * x.tensor.rank - amounts.count) + amounts
      guard amounts.count <= 2 * x.tensor.rank, full[0] == 0, full[1] == 0, full[full.count - 2] == 0, full[full.count - 1] == 0 else { continue }
      let own = try Convolution(node, isTransposed: false).pads
      var total: [Int] = []
      for axis in 0..<spatial {
        total.append(own.before[axis] + full[2 * axis + 2])
        total.append(own.after[axis] + full[2 * axis + 3])
      }
      node.fused = [FusedOperation(type: pad.type, label: pad.label)] + node.fused
      node.inputs["x"] = [source]
      node.inputs["pad"] = [Value.ints("\(node.label).pad", total)]
      node.inputs["pad_type"] = [Value.text("\(node.label).pad_type", "custom")]
    }
    graph.removeDeadNodes()
  }

  private static func fuseEpilogues(_ graph: inout Graph) throws {
    let counts = graph.useCounts()
    var readers: [ObjectIdentifier: Node] = [:]
    for node in graph.nodes { for value in node.operands { readers[ObjectIdentifier(value)] = node } }
    let results = Set(graph.results.map { ObjectIdentifier($0) })
    var absorbed = Set<ObjectIdentifier>()
    // An addition of two products belongs to the first of them only.
    var taken = Set<ObjectIdentifier>()
    var moved: [ObjectIdentifier: Node] = [:]
    for node in graph.nodes {
      guard let kind = epilogueKind(node), node.outputs.count == 1 else { continue }
      var position = node
      while true {
        let output = node.outputs[0]
        guard counts[ObjectIdentifier(output)] == 1, !results.contains(ObjectIdentifier(output)), let reader = readers[ObjectIdentifier(output)],
          !taken.contains(ObjectIdentifier(reader)), reader.outputs.count == 1, reader.outputs[0].tensor.shape == output.tensor.shape, try absorb(reader, into: node, full: kind.full)
        else { break }
        absorbed.insert(ObjectIdentifier(position))
        taken.insert(ObjectIdentifier(reader))
        node.outputs = reader.outputs
        node.fused.append(FusedOperation(type: reader.type, label: reader.label))
        position = reader
      }
      if position !== node { moved[ObjectIdentifier(position)] = node }
    }
    // The fused node runs where the last absorbed one stood: everything that it reads is there by then.
    graph.nodes = graph.nodes.compactMap { node in
      if let fused = moved[ObjectIdentifier(node)] { return fused }
      return absorbed.contains(ObjectIdentifier(node)) ? nil : node
    }
  }

  /// Numbers that vary along the last axis only, one per column of `shape`.
  private static func columns(_ value: Value, _ shape: [Int]) -> [Float]? {
    guard value.isFoldable, value.tensor.element.isFloat, let width = shape.last, let numbers = value.numbers else { return nil }
    if numbers.count == 1 { return [Float](repeating: Float(numbers[0]), count: width) }
    guard numbers.count == width, value.tensor.shape.last == width else { return nil }
    return numbers.map { Float($0) }
  }

  private static func absorb(_ reader: Node, into node: Node, full: Bool) throws -> Bool {
    guard reader.expression == nil, reader.epilogue.isEmpty else { return false }
    let output = node.outputs[0]
    let shape = output.tensor.shape
    var epilogue = node.epilogue
    guard !epilogue.isResidualLast else { return false }
    let isLinear = epilogue.activation == nil && epilogue.residual == nil
    func other() -> (value: Value, isFirst: Bool)? {
      guard let x = reader.optional("x"), let y = reader.optional("y") else { return nil }
      if x === output, y !== output { return (y, false) }
      if y === output, x !== output { return (x, true) }
      return nil
    }
    guard reader.outputs[0].tensor.element == output.tensor.element, output.tensor.element.isFloat else { return false }
    switch reader.type {
    case "add", "sub":
      guard full, let (value, isFirst) = other() else { return false }
      if isLinear, let numbers = columns(value, shape) {
        if reader.type == "sub", isFirst { return false }
        let bias = epilogue.bias ?? [Float](repeating: 0, count: numbers.count)
        epilogue.bias = zip(bias, numbers).map { reader.type == "add" ? $0 + $1 : $0 - $1 }
      } else if reader.type == "add", epilogue.residual == nil, value.constant == nil, value.tensor.shape == shape, value.tensor.element == output.tensor.element {
        epilogue.residual = value
        epilogue.isResidualLast = epilogue.activation != nil
      } else {
        return false
      }
    case "mul", "real_div":
      guard full, isLinear, let (value, isFirst) = other(), let numbers = columns(value, shape) else { return false }
      if reader.type == "real_div", isFirst { return false }
      let factors = reader.type == "mul" ? numbers : numbers.map { 1 / $0 }
      epilogue.scale = zip(epilogue.scale ?? [Float](repeating: 1, count: factors.count), factors).map(*)
      epilogue.bias = epilogue.bias.map { zip($0, factors).map(*) }
    case "batch_norm":
      guard full, isLinear, reader.isChannelsLast, reader.optional("x") === output, let (scale, shift) = try BatchNorm.factors(reader, channels: shape.last ?? 0) else { return false }
      let before = (scale: epilogue.scale ?? [Float](repeating: 1, count: scale.count), bias: epilogue.bias ?? [Float](repeating: 0, count: scale.count))
      epilogue.scale = scale.indices.map { before.scale[$0] * scale[$0] }
      epilogue.bias = scale.indices.map { (index: Int) -> Float in before.bias[index] * scale[index] + shift[index] }
    case "prelu":
      guard epilogue.activation == nil, full, let alpha = reader.optional("alpha"), let slope = columns(alpha, shape) else { return false }
      epilogue.slope = slope
      epilogue.activation = tlk_activation(kind: TLK_ACT_PRELU, alpha: 0, beta: 0, slope: nil)
    default:
      guard epilogue.activation == nil, let form = try OperationTable.all[reader.type]?.elementwise?(reader), let activation = form.activation, form.operands == ["x"] else { return false }
      epilogue.activation = activation
    }
    node.epilogue = epilogue
    return true
  }

  /// Turns every elementwise node into an expression; with `joins` a chain swallows the chains that only it reads.
  private static func makeExpressions(_ graph: inout Graph, joins: Bool) throws {
    let counts = graph.useCounts()
    let results = Set(graph.results.map { ObjectIdentifier($0) })
    var producers: [ObjectIdentifier: Node] = [:]
    var swallowed = Set<ObjectIdentifier>()
    for node in graph.nodes {
      guard node.outputs.count == 1, let definition = OperationTable.all[node.type], let make = definition.elementwise else { continue }
      let form = try make(node)
      var expression = ElementwiseExpression(form, try form.operands.map { try node.value($0) })
      let shape = node.outputs[0].tensor.shape
      for operand in joins ? expression.operands : [] {
        guard let producer = producers[ObjectIdentifier(operand)], let inner = producer.expression, counts[ObjectIdentifier(operand)] == 1,
          !results.contains(ObjectIdentifier(operand)), operand.tensor.shape == shape, let joined = expression.inlining(inner, for: operand)
        else { continue }
        expression = joined
        node.fused += producer.fused + [FusedOperation(type: producer.type, label: producer.label)]
        swallowed.insert(ObjectIdentifier(producer))
      }
      node.expression = expression
      node.inputs = [:]
      producers[ObjectIdentifier(node.outputs[0])] = node
    }
    graph.nodes.removeAll { swallowed.contains(ObjectIdentifier($0)) }
  }
}
