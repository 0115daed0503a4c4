// Between features and the blobs of a network: image preprocessing and the mapping of shapes.

extension NeuralNetworkLowering {
  /// The shape of each input as the description has it; images are [1, channels, height, width].
  public func defaultShapes() throws -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for feature in description.inputs {
      switch feature.kind {
      case .double, .int64: shapes[feature.name] = [1]
      case .multiArray(let shape, _, let flexibility, _): shapes[feature.name] = flexibility.defaultShape(declared: shape)
      case .image(let width, let height, let colorSpace, let flexibility):
        let size = flexibility.defaultShape(declared: width > 0 && height > 0 ? [height, width] : [])
        guard size.count == 2 else { throw ModelError(.malformed, "input '\(feature.name)' is an image without a size") }
        shapes[feature.name] = [1, colorSpace == .rgb || colorSpace == .bgr ? 3 : 1] + size
      default: throw ModelError(.unsupported, "input '\(feature.name)' of a neural network has to be an array, an image or a number")
      }
    }
    return shapes
  }

  func preprocessed(_ x: NetworkTensor, _ feature: FeatureDescription, _ writer: GraphWriter) throws -> NetworkTensor {
    var result = x
    let isImage: Bool
    if case .image = feature.kind { isImage = true } else { isImage = false }
    for step in preprocessing where step.featureName == feature.name || (step.featureName.isEmpty && isImage) {
      if let scaler = step.scaler { result = try scaled(result, feature, LayerParameters(scaler), writer) }
      if let mean = step.meanImage {
        guard let shape = x.sizes?.suffix(3), shape.count == 3, let count = elementCount(Array(shape)) else { throw ModelError(.malformed, "input '\(feature.name)': a mean image needs [C, H, W]") }
        let values = try LayerParameters(mean).floats(1)
        guard values.count == count else { throw ModelError(.malformed, "input '\(feature.name)': the mean image has \(values.count) values, expected \(count) for \(Array(shape))") }
        result = writer.binary("sub", result, writer.constant(values, Array(shape)))
      }
    }
    return result
  }

  private func scaled(_ x: NetworkTensor, _ feature: FeatureDescription, _ scaler: LayerParameters, _ writer: GraphWriter) throws -> NetworkTensor {
    let (blue, green, red, gray) = (try scaler.float(20), try scaler.float(21), try scaler.float(22), try scaler.float(30))
    var biases = [gray]
    if case .image(_, _, let colorSpace, _) = feature.kind {
      switch colorSpace {
      case .rgb: biases = [red, green, blue]
      case .bgr: biases = [blue, green, red]
      case .grayscale, .grayscaleFloat16: break
      }
    }
    // A scale of 0, protobuf's absent, would erase the image.
    let product = writer.binary("mul", x, try scaler.float(10, zeroMeans: 1))
    return biases.allSatisfy { $0 == 0 } ? product : writer.binary("add", product, writer.constant(biases, [biases.count, 1, 1]))
  }

  /// The legacy mapping gives every input five axes [sequence, batch, channel, height, width].
  func mapped(_ x: NetworkTensor, _ feature: FeatureDescription, _ writer: GraphWriter) throws -> NetworkTensor {
    if case .image = feature.kind { return mapsImagesToRank5 ? writer.raised(x) : x }
    guard mapsArraysToRank5 else { return x }
    switch x.rank ?? 0 {
    case 0: return writer.expandDims(x, [0, 1, 2, 3, 4])
    case 1: return writer.expandDims(x, [0, 1, 3, 4])
    case 2: return writer.expandDims(x, [0, 3, 4])
    case 3: return writer.raised(writer.expandDims(x, [0]))
    case 4: return writer.raised(x)
    case 5: return x
    case let rank: throw ModelError(.argument, "input '\(feature.name)' has rank \(rank), expected at most 5")
    }
  }

  /// Arrays leave a network as they are, so those of the legacy mapping keep their five axes whatever the description says,
  /// as Core ML gives them ("Float32 1 x 1 x 3 x 256 x 256 array"). Features have at least one axis; images have four here.
  func unmapped(_ x: NetworkTensor, _ feature: FeatureDescription, _ writer: GraphWriter) -> NetworkTensor {
    if x.rank == 0 { return writer.expandDims(x, [0]) }
    guard case .image = feature.kind, let shape = x.shape, shape.count == 5, shape[0] == 1 else { return x }
    return writer.lowered(x) ?? writer.squeeze(x, [0])
  }
}
