extension OperationTable {
  /// One list per family, one file per family.
  static let families: [[OperationDefinition]] = [
    activations, elementwiseUnary, elementwiseBinary, convolutions, products, shapes, normalizations,
  ]
}
