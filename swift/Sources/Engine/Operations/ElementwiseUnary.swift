import Kernels
import MIL

extension OperationTable {
  static let elementwiseUnary: [OperationDefinition] = [
    unary("abs", TLK_EW_ABS, integer: TLK_EW_I_ABS), unary("acos", TLK_EW_ACOS), unary("asin", TLK_EW_ASIN), unary("atan", TLK_EW_ATAN),
    unary("atanh", TLK_EW_ATANH), unary("ceil", TLK_EW_CEIL, integer: TLK_EW_MOVE), unary("cos", TLK_EW_COS), unary("cosh", TLK_EW_COSH),
    unary("erf", TLK_EW_ERF), unary("exp", TLK_EW_EXP), unary("exp2", TLK_EW_EXP2), unary("floor", TLK_EW_FLOOR, integer: TLK_EW_MOVE),
    unary("inverse", TLK_EW_INVERSE, p: ("epsilon", 1e-4)), unary("log", TLK_EW_LOG, p: ("epsilon", 1e-45)),
    unary("round", TLK_EW_ROUND, integer: TLK_EW_MOVE), unary("rsqrt", TLK_EW_RSQRT, p: ("epsilon", 1e-12)),
    unary("sign", TLK_EW_SIGN, integer: TLK_EW_I_SIGN), unary("sin", TLK_EW_SIN), unary("sinh", TLK_EW_SINH), unary("sqrt", TLK_EW_SQRT),
    unary("square", TLK_EW_SQUARE, integer: TLK_EW_I_SQUARE), unary("tan", TLK_EW_TAN),
    unary("threshold", TLK_EW_THRESHOLD, p: ("alpha", 1e-12)),
    OperationDefinition(
      "clip", infer: { [.tensor(try $0.tensor("x"))] },
      elementwise: { node in
        let (low, high) = (Float(try node.double("alpha")), Float(try node.double("beta")))
        return ElementwiseForm(TLK_EW_CLAMP, ["x"], p: low, q: high, activation: act(TLK_ACT_CLAMP, low, high))
      }, layout: .elementwise),
    OperationDefinition(
      "logical_not", infer: { [.tensor(try $0.tensor("x"))] },
      elementwise: { _ in ElementwiseForm(TLK_EW_NOT, ["x"], isInteger: true, isPredicate: true) }, layout: .elementwise),
    OperationDefinition("cast", infer: inferCast, elementwise: castForm, layout: .elementwise),
    OperationDefinition(
      "identity",
      infer: { node in
        let x = try node.value("x")
        guard let spec = x.spec else { throw Unresolved(values: [x]) }
        return [spec]
      }, view: "x", layout: .elementwise),
  ]

  private static func unary(_ name: String, _ opcode: tlk_ew_opcode, integer: tlk_ew_opcode? = nil, p: (name: String, value: Double)? = nil) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x")
        if !x.element.isFloat, integer == nil { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
        return [.tensor(x)]
      },
      elementwise: { node in
        if try !node.tensor("x").element.isFloat, let integer { return ElementwiseForm(integer, ["x"], isInteger: true) }
        return ElementwiseForm(opcode, ["x"], p: try p.map { Float(try node.double($0.name, default: $0.value)) } ?? 0)
      }, layout: .elementwise)
  }

  /// `dtype` is a string such as "fp16"; "bool" and the integer names as MIL writes them.
  private static func inferCast(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let name = try node.string("dtype")
    guard let element = ElementType(name: name), element.kernelType != nil, element != .float64, element != .int64 else {
      throw node.fail("dtype is '\(name)', expected fp16, fp32, int8 … int32, uint8 … uint32 or bool", .unsupported)
    }
    return [.tensor(TensorSpec(node.computed(element), x.shape))]
  }

  private static func castForm(_ node: Node) throws -> ElementwiseForm {
    let from = try node.tensor("x").element
    guard case .tensor(let to)? = try inferCast(node).first else { return ElementwiseForm(TLK_EW_MOVE, ["x"]) }
    switch (from.isFloat, to.element) {
    case (true, .bool): return ElementwiseForm(TLK_EW_F_TO_B, ["x"], isPredicate: true)
    case (false, .bool): return ElementwiseForm(TLK_EW_I_TO_B, ["x"], isInteger: true, isPredicate: true)
    case (true, let target): return ElementwiseForm(target.isFloat ? TLK_EW_MOVE : TLK_EW_F_TO_I, ["x"])
    case (false, let target):
      if target.isFloat { return ElementwiseForm(from == .uint32 ? TLK_EW_U_TO_F : TLK_EW_I_TO_F, ["x"], isInteger: true) }
      return ElementwiseForm(TLK_EW_MOVE, ["x"], isInteger: true)
    }
  }
}
