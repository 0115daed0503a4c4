import Kernels
import MIL

extension FusionPass {
  /// A normalisation that only one product reads (DenseNet normalises in front of its convolutions) happens on the operand's way into
  /// the product, which turns f16 into f32 anyway.
  static func fusePrologues(_ graph: inout Graph) throws {
    let counts = graph.useCounts()
    var norms: [ObjectIdentifier: Node] = [:]
    for node in graph.nodes where node.type == "batch_norm" && node.isChannelsLast { norms[ObjectIdentifier(node.outputs[0])] = node }
    for node in graph.nodes where node.type == "conv" && node.isChannelsLast {
      guard let x = node.optional("x"), let norm = norms[ObjectIdentifier(x)], counts[ObjectIdentifier(x)] == 1, let source = norm.optional("x"),
        let limits = limits(norm.epilogue), try Convolution(node, isTransposed: false).isProduct,
        let (scale, shift) = try BatchNorm.factors(norm, channels: x.tensor.shape.last ?? 0)
      else { continue }
      node.prologue = Prologue(scale: scale, shift: shift, low: limits.low, high: limits.high)
      node.inputs["x"] = [source]
      node.fused = [FusedOperation(type: norm.type, label: norm.label)] + norm.fused + node.fused
    }
    graph.removeDeadNodes()
  }

  /// nil where more than limits stands behind the normalisation.
  private static func limits(_ epilogue: Epilogue) -> (low: Float, high: Float)? {
    guard epilogue.scale == nil, epilogue.bias == nil, epilogue.residual == nil else { return nil }
    guard let activation = epilogue.activation else { return (-.infinity, .infinity) }
    switch activation.kind {
    case TLK_ACT_RELU: return (0, .infinity)
    case TLK_ACT_CLAMP: return (activation.alpha, activation.beta)
    default: return nil
    }
  }
}
