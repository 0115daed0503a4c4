import Kernels
import MIL

extension OperationTable {
  static let elementwiseBinary: [OperationDefinition] = [
    binary("add", TLK_EW_ADD, TLK_EW_I_ADD), binary("sub", TLK_EW_SUB, TLK_EW_I_SUB), binary("mul", TLK_EW_MUL, TLK_EW_I_MUL),
    binary("real_div", TLK_EW_DIV, TLK_EW_I_DIV), binary("floor_div", TLK_EW_FLOOR_DIV, TLK_EW_I_FLOOR_DIV),
    binary("mod", TLK_EW_MOD, TLK_EW_I_MOD), binary("pow", TLK_EW_POW, TLK_EW_I_POW),
    binary("maximum", TLK_EW_MAXIMUM, TLK_EW_I_MAXIMUM), binary("minimum", TLK_EW_MINIMUM, TLK_EW_I_MINIMUM),
    comparison("equal", TLK_EW_EQUAL, TLK_EW_I_EQUAL), comparison("not_equal", TLK_EW_NOT_EQUAL, TLK_EW_I_NOT_EQUAL),
    comparison("less", TLK_EW_LESS, TLK_EW_I_LESS), comparison("less_equal", TLK_EW_LESS_EQUAL, TLK_EW_I_LESS_EQUAL),
    comparison("greater", TLK_EW_GREATER, TLK_EW_I_GREATER), comparison("greater_equal", TLK_EW_GREATER_EQUAL, TLK_EW_I_GREATER_EQUAL),
    logical("logical_and", TLK_EW_AND), logical("logical_or", TLK_EW_OR), logical("logical_xor", TLK_EW_XOR),
    OperationDefinition(
      "select",
      infer: { node in
        let (cond, a, b) = (try node.tensor("cond"), try node.tensor("a"), try node.tensor("b"))
        guard a.element == b.element else { throw node.fail("a is \(a.element.name), b is \(b.element.name), expected one element type") }
        let shape = try broadcast(node, broadcast(node, cond.shape, a.shape), b.shape)
        return [try node.output(a.element, shape)]
      }, elementwise: { _ in ElementwiseForm(TLK_EW_SELECT, ["cond", "a", "b"]) }, layout: .elementwise),
  ]

  static func broadcast(_ node: Node, _ a: [Int], _ b: [Int]) throws -> [Int] {
    let rank = max(a.count, b.count)
    return try (0..<rank).map { axis in
      let left = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
      let right = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
      guard left == right || left == 1 || right == 1 else { throw node.fail("shapes \(a) and \(b) do not broadcast") }
      return left == 1 ? right : left
    }
  }

  private static func operands(_ node: Node) throws -> (TensorSpec, TensorSpec) {
    let (x, y) = (try node.tensor("x"), try node.tensor("y"))
    guard x.element == y.element else { throw node.fail("x is \(x.element.name), y is \(y.element.name), expected one element type") }
    return (x, y)
  }

  private static func binary(_ name: String, _ opcode: tlk_ew_opcode, _ integer: tlk_ew_opcode) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let (x, y) = try operands(node)
        return [try node.output(x.element, broadcast(node, x.shape, y.shape))]
      },
      elementwise: { node in
        let isFloat = try node.tensor("x").element.isFloat
        return ElementwiseForm(isFloat ? opcode : integer, ["x", "y"], isInteger: !isFloat)
      }, layout: .elementwise)
  }

  private static func comparison(_ name: String, _ opcode: tlk_ew_opcode, _ integer: tlk_ew_opcode) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let (x, y) = try operands(node)
        return [try node.output(.bool, broadcast(node, x.shape, y.shape))]
      },
      elementwise: { node in
        let isFloat = try node.tensor("x").element.isFloat
        return ElementwiseForm(isFloat ? opcode : integer, ["x", "y"], isInteger: !isFloat, isPredicate: true)
      }, layout: .elementwise)
  }

  private static func logical(_ name: String, _ opcode: tlk_ew_opcode) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let (x, y) = try operands(node)
        return [try node.output(.bool, broadcast(node, x.shape, y.shape))]
      }, elementwise: { _ in ElementwiseForm(opcode, ["x", "y"], isInteger: true, isPredicate: true) }, layout: .elementwise)
  }
}
