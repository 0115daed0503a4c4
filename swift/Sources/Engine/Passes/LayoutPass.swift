import Kernels
import MIL

/// Puts convolutions and their kin on channels-last memory and keeps every value in the order that its producer made as long as
/// its consumers do not care. A transpose in the file is only a note on its result until somebody needs the other order, so
/// pairs of transposes vanish and those that remain are one copy each.
struct LayoutPass {
  /// A value's contents in another axis order: `value` = transpose(original, permutation).
  private struct Physical {
    var value: Value
    var permutation: [Int]
  }
  private struct Arrangement: Hashable {
    var value: ObjectIdentifier
    var permutation: [Int]
  }

  private var nodes: [Node] = []
  private var physical: [ObjectIdentifier: Physical] = [:]
  private var made: [Arrangement: Value] = [:]
  /// Keeps the values alive whose identities are keys.
  private var keys: [Value] = []

  static func run(_ graph: inout Graph) throws {
    var pass = LayoutPass()
    for node in graph.nodes { try pass.visit(node) }
    graph.results = try graph.results.map { try pass.logical($0) }
    graph.nodes = pass.nodes
  }

  private mutating func visit(_ node: Node) throws {
    guard let rule = OperationTable.all[node.type]?.layout else { return nodes.append(node) }
    switch rule {
    case .transpose: return try visitTranspose(node)
    case .channelsLast:
      guard let x = node.optional("x"), (3...5).contains(x.tensor.rank) else { break }
      let order = LayoutPass.channelsLast(x.tensor.rank)
      let copy = try copyWithLogicalParameters(node)
      copy.inputs["x"] = [try arranged(x, order)]
      copy.isChannelsLast = true
      return emit(copy, replacing: node, order)
    case .elementwise:
      if let order = leadingOrder(node.operands) { return try visitElementwise(node, order) }
    case .axes(let names):
      if let order = leadingOrder(node.inputs["x"] ?? node.inputs["values"] ?? []), try visitAxes(node, names, order) { return }
    case .custom(let adapt):
      if let x = node.optional("x"), let known = physical[ObjectIdentifier(x)] {
        let copy = try copyWithLogicalParameters(node)
        copy.inputs["x"] = [known.value]
        if adapt(copy, known.permutation) { return emit(copy, replacing: node, known.permutation) }
      }
    case .opaque: break
    }
    for (name, values) in node.inputs { node.inputs[name] = try values.map { try logical($0) } }
    nodes.append(node)
  }

  /// Everything but x in its declared order: weights that a run computes may come from a transpose.
  private mutating func copyWithLogicalParameters(_ node: Node) throws -> Node {
    let copy = LayoutPass.copy(node)
    for (name, values) in node.inputs where name != "x" { copy.inputs[name] = try values.map { try logical($0) } }
    return copy
  }

  /// The order of the largest operand that is not in its declared order.
  private func leadingOrder(_ operands: [Value]) -> [Int]? {
    var best: Physical?
    for operand in operands {
      guard let known = physical[ObjectIdentifier(operand)] else { continue }
      if best.map({ known.value.tensor.count > $0.value.tensor.count }) ?? true { best = known }
    }
    return best?.permutation
  }

  private mutating func visitTranspose(_ node: Node) throws {
    let x = try node.value("x")
    let rank = x.tensor.rank
    let permutation = try node.ints("perm", default: [], count: rank).map { try node.normalized($0, "perm", rank: rank) }
    // The result's contents are x's: x = transpose(result, inverse).
    let inverse = LayoutPass.inverted(permutation)
    let output = node.outputs[0]
    if let known = physical[ObjectIdentifier(x)] {
      remember(output, known.value, known.permutation.map { inverse[$0] })
    } else {
      remember(output, x, inverse)
    }
  }

  private mutating func visitElementwise(_ node: Node, _ order: [Int]) throws {
    let rank = order.count
    guard node.outputs.count == 1, node.outputs[0].tensor.rank == rank else {
      for (name, values) in node.inputs { node.inputs[name] = try values.map { try logical($0) } }
      return nodes.append(node)
    }
    let copy = LayoutPass.copy(node)
    let operands = try OperationTable.all[node.type]?.elementwise?(node).operands ?? ["x"]
    for name in operands {
      copy.inputs[name] = try (node.inputs[name] ?? []).map { value in
        let spec = value.tensor
        if spec.count == 1 { return value.isFoldable ? value.reshapedConstant([]) : try logical(value) }
        if spec.rank == rank { return try arranged(value, order) }
        let full = [Int](repeating: 1, count: rank - spec.rank) + spec.shape
        return try arranged(reshaped(try logical(value), full), order)
      }
    }
    emit(copy, replacing: node, order)
  }

  private mutating func visitAxes(_ node: Node, _ names: [String], _ order: [Int]) throws -> Bool {
    let rank = order.count
    let inverse = LayoutPass.inverted(order)
    let keepsRank = node.outputs.allSatisfy { $0.tensor.rank == rank }
    let copy = LayoutPass.copy(node)
    var reduced = Set<Int>()
    for name in names {
      guard let axes = try node.ints(name) else {
        // Without axes a reduction takes all of them, in whatever order.
        if keepsRank || node.outputs.allSatisfy({ $0.tensor.count == 1 }) { continue }
        return false
      }
      let renumbered = try axes.map { inverse[try node.normalized($0, name, rank: rank)] }
      reduced.formUnion(renumbered)
      copy.inputs[name] = [Value.ints("\(node.label).\(name)", renumbered)]
    }
    for name in ["x", "values"] {
      if let values = node.inputs[name] {
        guard values.allSatisfy({ $0.tensor.rank == rank }) else { return false }
        copy.inputs[name] = try values.map { try arranged($0, order) }
      }
    }
    if keepsRank {
      emit(copy, replacing: node, order)
      return true
    }
    // Reduced axes are gone: what is left keeps its relative order in memory.
    let left = (0..<rank).filter { !reduced.contains($0) }.map { order[$0] }
    let sorted = left.sorted()
    guard node.outputs.allSatisfy({ $0.tensor.rank == left.count }) else { return false }
    emit(copy, replacing: node, left.map { axis in sorted.firstIndex(of: axis) ?? 0 })
    return true
  }

  /// Adds a node whose outputs are the old ones in another order.
  private mutating func emit(_ copy: Node, replacing node: Node, _ order: [Int]) {
    copy.outputs = node.outputs.map { output in
      let spec = output.tensor
      guard spec.rank == order.count else { return output }
      if order == Array(0..<spec.rank) { return output }
      let value = Value(output.name, spec.element, order.map { spec.shape[$0] })
      remember(output, value, order)
      return value
    }
    nodes.append(copy)
  }

  private mutating func remember(_ value: Value, _ contents: Value, _ permutation: [Int]) {
    keys.append(value)
    physical[ObjectIdentifier(value)] = Physical(value: contents, permutation: permutation)
  }

  private mutating func logical(_ value: Value) throws -> Value {
    guard let known = physical[ObjectIdentifier(value)] else { return value }
    let identity = Array(0..<known.permutation.count)
    if known.permutation == identity, known.value.spec == value.spec { return known.value }
    return try arranged(value, identity)
  }

  /// The value in the given order, by a copy made once, or by none where only axes of size 1 move.
  private mutating func arranged(_ value: Value, _ order: [Int]) throws -> Value {
    var source = value
    var permutation = order
    if let known = physical[ObjectIdentifier(value)] {
      let inverse = LayoutPass.inverted(known.permutation)
      source = known.value
      permutation = order.map { inverse[$0] }
    }
    if permutation == Array(0..<permutation.count) { return source }
    let key = Arrangement(value: ObjectIdentifier(source), permutation: permutation)
    if let done = made[key] { return done }
    let shape = source.tensor.shape
    let target = permutation.map { shape[$0] }
    let result: Value
    if LayoutPass.movesNothing(shape, permutation) {
      result = try reshaped(source, target)
    } else {
      let node = Node("transpose", label: value.name, inputs: ["x": [source], "perm": [Value.ints("\(value.name).perm", permutation)]])
      node.outputs = [Value(value.name, source.tensor.element, target)]
      if source.isFoldable, let definition = OperationTable.all["transpose"] {
        result = try Plan.foldConstant(node, definition)
      } else {
        nodes.append(node)
        result = node.outputs[0]
      }
    }
    keys.append(source)
    made[key] = result
    return result
  }

  private mutating func reshaped(_ value: Value, _ shape: [Int]) throws -> Value {
    if value.tensor.shape == shape { return value }
    if value.isFoldable { return value.reshapedConstant(shape) }
    let node = Node("view", label: value.name, inputs: ["x": [value]], outputs: [Value(value.name, value.tensor.element, shape)])
    nodes.append(node)
    return node.outputs[0]
  }

  // ---- permutations -----------------------------------------------------------------------------------------

  static func channelsLast(_ rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }

  static func inverted(_ permutation: [Int]) -> [Int] {
    var inverse = permutation
    for (index, axis) in permutation.enumerated() { inverse[axis] = index }
    return inverse
  }

  /// True when the axes longer than 1 keep their order, so that memory stays as it is.
  static func movesNothing(_ shape: [Int], _ permutation: [Int]) -> Bool {
    let long = permutation.filter { shape[$0] != 1 }
    return zip(long, long.dropFirst()).allSatisfy { $0 < $1 }
  }

  private static func copy(_ node: Node) -> Node {
    let copy = Node(node.type, label: node.label, inputs: node.inputs)
    copy.context = node.context
    copy.blocks = node.blocks
    copy.scope = node.scope
    copy.declaredShapes = node.declaredShapes
    return copy
  }
}
