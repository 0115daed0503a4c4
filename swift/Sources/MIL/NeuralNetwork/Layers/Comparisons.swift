extension LayerKind {
  static let comparisons: [LayerKind] =
    [
      comparison(815, "equal", "equal", alpha: 1), comparison(820, "notEqual", "not_equal", alpha: 1), comparison(825, "lessThan", "less", alpha: 2),
      comparison(827, "lessEqual", "less_equal", alpha: 2), comparison(830, "greaterThan", "greater", alpha: 2),
      comparison(832, "greaterEqual", "greater_equal", alpha: 2), logical(840, "logicalOr", "logical_or"), logical(845, "logicalXor", "logical_xor"),
      logical(855, "logicalAnd", "logical_and"),
      LayerKind(850, "logicalNot", one: { layer, writer in writer.floats(writer.binary("equal", try layer.input(), 0, .bool)) }),
      LayerKind(1330, "whereBroadcastable", one: { layer, writer in
        let (condition, a, b) = (try layer.input(0), try layer.input(1), try layer.input(2))
        let shape = writer.broadcast(condition.shape, writer.broadcast(a.shape, b.shape))
        return writer.emit("select", ["cond": .tensor(writer.isTrue(condition)), "a": .tensor(a), "b": .tensor(b)], shape)
      }),
    ]

  /// With a second input, or with the number in the field `alpha`.
  private static func comparison(_ number: Int, _ name: String, _ type: String, alpha: Int) -> LayerKind {
    LayerKind(number, name, one: { layer, writer in
      let x = try layer.input()
      if let y = layer.optional(1) { return writer.floats(writer.binary(type, x, y, .bool)) }
      return writer.floats(writer.binary(type, x, try layer.parameters.float(alpha), .bool))
    })
  }

  private static func logical(_ number: Int, _ name: String, _ type: String) -> LayerKind {
    LayerKind(number, name, one: { layer, writer in
      writer.floats(writer.binary(type, writer.isTrue(try layer.input(0)), writer.isTrue(try layer.input(1)), .bool))
    })
  }
}
