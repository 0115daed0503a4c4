import MIL

/// Attention as a file before iOS 18 writes it, softmax(q kᵀ · scale + mask) v in four or five operations, becomes one: the scores of
/// a block of queries stay in a cache, where a matrix of [queries, keys] per head would go through memory several times.
struct AttentionPass {
  private let counts: [ObjectIdentifier: Int]
  private var producers: [ObjectIdentifier: Node] = [:]

  static func run(_ graph: inout Graph) throws {
    let pass = AttentionPass(graph)
    graph.nodes = try graph.nodes.map { node in try pass.attention(endingIn: node) ?? node }
    graph.removeDeadNodes()
  }

  private init(_ graph: Graph) {
    counts = graph.useCounts()
    for node in graph.nodes where node.outputs.count == 1 { producers[ObjectIdentifier(node.outputs[0])] = node }
  }

  /// What makes `value`, if only one operation reads it; a result of the function counts as read.
  private func producer(_ value: Value?, _ types: Set<String>) -> Node? {
    guard let value, counts[ObjectIdentifier(value)] == 1, let node = producers[ObjectIdentifier(value)], types.contains(node.type) else { return nil }
    return node
  }

  private func attention(endingIn last: Node) throws -> Node? {
    guard last.type == "matmul", try isPlain(last, transposesY: false), let softmax = producer(last.optional("x"), ["softmax"]), let scores = softmax.optional("x"),
      try softmax.axis("axis", rank: scores.tensor.rank, default: -1) == scores.tensor.rank - 1
    else { return nil }
    var (steps, inner) = ([softmax], scores)
    var mask: Value?
    if let add = producer(inner, ["add"]), let (product, other) = operands(of: add, shapedLike: inner) {
      (steps, inner, mask) = ([add] + steps, product, other)
    }
    var scale: Float = 1
    if let factor = producer(inner, ["mul", "real_div"]), let (product, number) = try scaled(factor) {
      (steps, inner, scale) = ([factor] + steps, product, number)
    }
    guard let first = producer(inner, ["matmul"]), try isPlain(first, transposesY: nil), let query = first.optional("x"), let key = first.optional("y"), let value = last.optional("y") else { return nil }
    guard [key, value].allSatisfy({ $0.tensor.element == query.tensor.element && $0.tensor.shape.dropLast(2) == query.tensor.shape.dropLast(2) }) else { return nil }
    let node = Node("scaled_dot_product_attention", label: last.label, inputs: ["query": [query], "key": [key], "value": [value]], outputs: last.outputs)
    node.inputs["attn_mask"] = mask.map { [$0] }
    node.attention = WrittenOutAttention(scale: scale, hasKeysLast: try !first.bool("transpose_y", default: false))
    node.declaredShapes = last.declaredShapes
    node.fused = ([first] + steps + [last]).map { FusedOperation(type: $0.type, label: $0.label) }
    return node
  }

  /// A product of two float activations of one rank, both batched alike.
  private func isPlain(_ node: Node, transposesY: Bool?) throws -> Bool {
    guard let x = node.optional("x"), let y = node.optional("y"), x.tensor.rank == y.tensor.rank, x.tensor.rank >= 3, x.tensor.element.isFloat, try !node.bool("transpose_x", default: false),
      !x.isFoldable, !y.isFoldable
    else { return false }
    return try transposesY == nil || node.bool("transpose_y", default: false) == transposesY
  }

  /// The scores and what is added to all of them: of a shape that repeats to theirs.
  private func operands(of add: Node, shapedLike sum: Value) -> (scores: Value, mask: Value)? {
    guard let x = add.optional("x"), let y = add.optional("y"), x !== y else { return nil }
    let isScores = { (value: Value) in self.producer(value, ["mul", "real_div", "matmul"]) != nil && value.tensor.shape == sum.tensor.shape }
    guard let (scores, mask) = isScores(x) ? (x, y) : isScores(y) ? (y, x) : nil, mask.tensor.rank >= 1, mask.tensor.element == scores.tensor.element else { return nil }
    return (scores, mask)
  }

  private func scaled(_ node: Node) throws -> (Value, Float)? {
    guard let x = node.optional("x"), let y = node.optional("y") else { return nil }
    func number(_ value: Value) -> Float? {
      guard value.isFoldable, let numbers = value.numbers, numbers.count == 1 else { return nil }
      return Float(numbers[0])
    }
    if let factor = number(y) { return x.tensor.shape == node.outputs[0].tensor.shape ? (x, node.type == "mul" ? factor : 1 / factor) : nil }
    guard node.type == "mul", let factor = number(x), y.tensor.shape == node.outputs[0].tensor.shape else { return nil }
    return (y, factor)
  }
}

/// What a file says of an attention that it writes out, and the operation does not.
struct WrittenOutAttention {
  var scale: Float
  /// The keys are [width, keys].
  var hasKeysLast: Bool
}
