import MIL

/// What one step computes and moves, from the shapes: for rates, not for predictions.
struct OperationWork {
  /// Multiplications and additions of products, one per element and instruction of elementwise work; 0 where only memory counts.
  var operations = 0
  /// Operands read once, results written once.
  var bytes = 0

  init(_ node: Node) {
    bytes = OperationWork.bytes(node)
    let outputs = node.outputs.reduce(0) { $0 &+ $1.tensor.count }
    if let expression = node.expression {
      operations = outputs &* expression.instructions.count
      return
    }
    // What was fused behind a product: a few per element, beside hundreds for the product itself.
    operations = OperationWork.products(node, outputs: outputs) &+ outputs &* node.fused.filter { $0.type != "pad" }.count
  }

  private static func bytes(_ node: Node) -> Int {
    func size(_ value: Value) -> Int {
      if case .tensor(let spec)? = value.spec { return spec.byteCount }
      return 0
    }
    let written = node.outputs.reduce(0) { $0 &+ size($1) }
    // A gather reads as many elements as it writes, not the whole table.
    if node.type.hasPrefix("gather"), let indices = node.optional("indices") { return 2 &* written &+ size(indices) }
    var seen = Set<ObjectIdentifier>()
    return node.operands.reduce(written) { seen.insert(ObjectIdentifier($1)).inserted ? $0 &+ size($1) : $0 }
  }

  private static func products(_ node: Node, outputs: Int) -> Int {
    func spec(_ name: String) -> TensorSpec { node.optional(name)?.tensor ?? TensorSpec(.float32, []) }
    func last(_ spec: TensorSpec, _ offset: Int = 1) -> Int { spec.rank >= offset ? spec.shape[spec.rank - offset] : 1 }
    switch node.type {
    case "conv": return 2 &* outputs &* (spec("weight").count / max(spec("weight").shape.first ?? 1, 1))
    case "conv_transpose": return 2 &* spec("x").count &* (spec("weight").count / max(spec("weight").shape.first ?? 1, 1))
    case "linear": return 2 &* outputs &* last(spec("x"))
    case "matmul":
      let isTransposed = (try? node.bool("transpose_x", default: false)) ?? false
      return 2 &* outputs &* last(spec("x"), isTransposed ? 2 : 1)
    case "scaled_dot_product_attention":
      return 2 &* spec("query").count &* last(spec("key"), 2) &+ 2 &* outputs &* last(spec("key"), 2)
    case "lstm", "gru", "rnn":
      let rows = spec("x").count / max(last(spec("x")), 1)
      let weights = ["weight_ih", "weight_hh", "weight_ih_back", "weight_hh_back"].reduce(0) { $0 &+ (node.optional($1)?.tensor.count ?? 0) }
      return 2 &* rows &* weights
    default: return 0
    }
  }
}

extension Node {
  /// How the step is computed, for people: the window of a convolution, the length of a chain.
  var kernelDescription: String {
    switch type {
    case "conv", "conv_transpose":
      guard let weight = optional("weight")?.tensor.shape, weight.count > 2 else { return type }
      let window = weight.dropFirst(2).map(String.init).joined(separator: "×")
      let groups = (try? int("groups", default: 1)) ?? 1
      let kind = groups == 1 ? "" : groups == weight[0] && weight[1] == 1 ? "depthwise " : "\(groups) groups "
      let strides = (try? ints("strides", default: [])) ?? []
      let dilations = (try? ints("dilations", default: [])) ?? []
      let stride = strides.contains { $0 != 1 } ? " stride \(strides.map(String.init).joined(separator: "×"))" : ""
      let dilation = dilations.contains { $0 != 1 } ? " dilation \(dilations.map(String.init).joined(separator: "×"))" : ""
      return "\(kind)\(window)\(stride)\(dilation)"
    default:
      if let count = expression?.instructions.count, count > 1 { return "elementwise ×\(count)" }
      return declaredShapes.isEmpty ? "layout" : ""
    }
  }
}
