extension OperationTable {
  /// One list per family, one file per family.
  static let families: [[OperationDefinition]] = [
    quantization, palettes,
    lists, loops, states,
    activations, elementwiseUnary, elementwiseBinary, convolutions, products, shapes, normalizations,
    joins, slices, padding, repetitions, reductions, gathers, scatters, selections, generators, spaceRearrangements,
    pooling, recurrent,
    resizing, shapedResizing, sampling, cropResizing,
    channelNormalizations, contractions, attention, boxSuppression, random,
  ]
}
