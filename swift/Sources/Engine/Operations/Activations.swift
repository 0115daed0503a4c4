import Kernels
import MIL

extension OperationTable {
  /// x → f(x), same type and shape.
  static let activations: [OperationDefinition] = [
    activation("relu") { _ in ElementwiseForm(TLK_EW_RELU, ["x"], activation: act(TLK_ACT_RELU)) },
    activation("relu6") { _ in ElementwiseForm(TLK_EW_CLAMP, ["x"], p: 0, q: 6, activation: act(TLK_ACT_CLAMP, 0, 6)) },
    activation("clamped_relu") { node in
      ElementwiseForm(TLK_EW_CLAMPED_RELU, ["x"], p: Float(try node.double("alpha")), q: Float(try node.double("beta")))
    },
    activation("elu") { node in
      let alpha = Float(try node.double("alpha", default: 1))
      return ElementwiseForm(TLK_EW_ELU, ["x"], p: alpha, activation: act(TLK_ACT_ELU, alpha))
    },
    activation("gelu") { node in
      switch try node.string("mode", default: "EXACT") {
      case "EXACT": return ElementwiseForm(TLK_EW_GELU, ["x"], activation: act(TLK_ACT_GELU))
      case "TANH_APPROXIMATION": return ElementwiseForm(TLK_EW_GELU_TANH, ["x"], activation: act(TLK_ACT_GELU_TANH))
      case "SIGMOID_APPROXIMATION": return ElementwiseForm(TLK_EW_GELU_SIGMOID, ["x"], activation: act(TLK_ACT_GELU_SIGMOID))
      case let mode: throw node.fail("mode is '\(mode)', expected EXACT, TANH_APPROXIMATION or SIGMOID_APPROXIMATION")
      }
    },
    activation("leaky_relu") { node in
      let alpha = Float(try node.double("alpha", default: 0.01))
      return ElementwiseForm(TLK_EW_LEAKY_RELU, ["x"], p: alpha, activation: act(TLK_ACT_LEAKY_RELU, alpha))
    },
    activation("linear_activation") { node in
      let (alpha, beta) = (Float(try node.double("alpha", default: 1)), Float(try node.double("beta", default: 0)))
      return ElementwiseForm(TLK_EW_LINEAR, ["x"], p: alpha, q: beta, activation: act(TLK_ACT_LINEAR, alpha, beta))
    },
    activation("scaled_tanh") { node in
      let (alpha, beta) = (Float(try node.double("alpha", default: 1)), Float(try node.double("beta", default: 1)))
      return ElementwiseForm(TLK_EW_SCALED_TANH, ["x"], p: alpha, q: beta, activation: act(TLK_ACT_SCALED_TANH, alpha, beta))
    },
    activation("sigmoid") { _ in ElementwiseForm(TLK_EW_SIGMOID, ["x"], activation: act(TLK_ACT_SIGMOID)) },
    activation("sigmoid_hard") { node in
      let (alpha, beta) = (Float(try node.double("alpha", default: 0.2)), Float(try node.double("beta", default: 0.5)))
      return ElementwiseForm(TLK_EW_HARD_SIGMOID, ["x"], p: alpha, q: beta, activation: act(TLK_ACT_HARD_SIGMOID, alpha, beta))
    },
    activation("silu") { _ in ElementwiseForm(TLK_EW_SILU, ["x"], activation: act(TLK_ACT_SILU)) },
    activation("softplus") { _ in ElementwiseForm(TLK_EW_SOFTPLUS, ["x"], activation: act(TLK_ACT_SOFTPLUS, 1, 1)) },
    activation("softsign") { _ in ElementwiseForm(TLK_EW_SOFTSIGN, ["x"], activation: act(TLK_ACT_SOFTSIGN)) },
    activation("tanh") { _ in ElementwiseForm(TLK_EW_TANH, ["x"], activation: act(TLK_ACT_TANH)) },
    activation("thresholded_relu") { node in
      let alpha = Float(try node.double("alpha", default: 1))
      return ElementwiseForm(TLK_EW_THRESHOLDED_RELU, ["x"], p: alpha, activation: act(TLK_ACT_THRESHOLDED_RELU, alpha))
    },
    perChannel("prelu", ["alpha"]) { _ in ElementwiseForm(TLK_EW_PRELU, ["x", "alpha"]) },
    perChannel("softplus_parametric", ["alpha", "beta"]) { _ in ElementwiseForm(TLK_EW_SOFTPLUS_PARAMETRIC, ["x", "alpha", "beta"]) },
  ]

  static func act(_ kind: tlk_activation_kind, _ alpha: Float = 0, _ beta: Float = 0) -> tlk_activation {
    tlk_activation(kind: kind, alpha: alpha, beta: beta, slope: nil)
  }

  private static func activation(_ name: String, _ form: @escaping (Node) throws -> ElementwiseForm) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x")
        guard x.element.isFloat else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
        _ = try form(node)
        return [.tensor(x)]
      }, elementwise: form, layout: .elementwise)
  }

  /// Activations with one parameter per channel, axis 1 of x (axis −3 for rank 3, as MIL defines prelu).
  private static func perChannel(_ name: String, _ parameters: [String], _ form: @escaping (Node) throws -> ElementwiseForm) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x", rank: 3...5)
        for parameter in parameters {
          let value = try node.value(parameter)
          let count = value.tensor.count
          guard value.isFoldable, count == x.shape[1] || count == 1 else {
            throw node.fail("\(parameter) has \(count) elements, expected one constant per channel (\(x.shape[1]))")
          }
          if value.tensor.rank <= 1 {
            node.inputs[parameter] = [value.reshapedConstant(count == 1 ? [] : [count] + [Int](repeating: 1, count: x.rank - 2))]
          }
        }
        return [.tensor(x)]
      }, elementwise: form, layout: .elementwise)
  }
}
