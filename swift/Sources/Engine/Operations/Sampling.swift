import Kernels
import MIL

extension OperationTable {
  /// Images read at given coordinates.
  static let sampling: [OperationDefinition] = [
    OperationDefinition("resample", infer: inferResample, kernel: resampleKernel, layout: .custom(followPixels)),
    OperationDefinition("affine", infer: inferAffine, kernel: affineKernel, layout: .custom(followPixels)),
  ]

  private static func followPixels(_ node: Node, _ order: [Int]) -> Bool {
    node.isChannelsLast = true
    return order == LayoutPass.channelsLast(4)
  }

  // ---- resample -----------------------------------------------------------------------------------------------

  private static func inferResample(_ node: Node) throws -> [ValueSpec] {
    let image = try SampledImage(node)
    let coordinates = try node.tensor("coordinates", rank: 4...4)
    _ = try (CoordinateRule(node), PaddingRule(node), isNearest(node))
    guard coordinates.shape[3] == 2, coordinates.shape[0] == image.batch else {
      throw node.fail("coordinates has the shape \(coordinates.shape), expected [\(image.batch), height, width, 2]")
    }
    return [try node.output(image.element, [image.batch, image.channels, coordinates.shape[1], coordinates.shape[2]])]
  }

  private static func isNearest(_ node: Node) throws -> Bool {
    switch try node.string("sampling_mode").lowercased() {
    case "nearest": return true
    case "bilinear": return false
    case let mode: throw node.fail("sampling_mode is '\(mode)', expected nearest or bilinear")
    }
  }

  private static func resampleKernel(_ node: Node) throws -> Kernel {
    let image = try SampledImage(node)
    let (rule, padding, isNearest) = (try CoordinateRule(node), try PaddingRule(node), try isNearest(node))
    let coordinates = try node.value("coordinates")
    let spec = coordinates.tensor
    let type = try node.kernelType(spec, "coordinates")
    let points = spec.shape[1] * spec.shape[2]
    return { frame in
      let places = OwnedBytes(floats: spec.count)
      try node.check(tlk_convert(frame[coordinates.slot], type, places.pointer, TLK_F32, spec.count))
      try image.run(node, frame, images: image.batch, points: points, padding: padding.value) { entry, chunk, taps in
        for point in chunk {
          let coordinate = places.floats + 2 * (entry * points + point)
          let x = padding.place(rule.pixel(coordinate[0], size: image.width), size: image.width)
          let y = padding.place(rule.pixel(coordinate[1], size: image.height), size: image.height)
          taps.set(point - chunk.lowerBound, image, entry, y: y, x: x, isNearest: isNearest)
        }
      }
    }
  }

  // ---- affine -------------------------------------------------------------------------------------------------

  private static func inferAffine(_ node: Node) throws -> [ValueSpec] {
    let image = try SampledImage(node)
    let matrix = try node.tensor("transform_matrix", rank: 2...2)
    guard matrix.shape[1] == 6, matrix.shape[0] == image.batch || matrix.shape[0] == 1 else {
      throw node.fail("transform_matrix has the shape \(matrix.shape), expected [\(image.batch), 6] or [1, 6]")
    }
    let (height, width) = (try size(node, "output_height"), try size(node, "output_width"))
    _ = try (CoordinateRule(node), PaddingRule(node), isNearest(node))
    return [try node.output(image.element, [image.batch, image.channels, height, width])]
  }

  /// x' = a0 x + a1 y + a2, y' = b0 x + b1 y + b2, in the coordinates of the rule on both sides.
  private static func affineKernel(_ node: Node) throws -> Kernel {
    let image = try SampledImage(node)
    let (rule, padding, isNearest) = (try CoordinateRule(node), try PaddingRule(node), try isNearest(node))
    let matrix = try node.value("transform_matrix")
    let spec = matrix.tensor
    let type = try node.kernelType(spec, "transform_matrix")
    let (height, width) = (try size(node, "output_height"), try size(node, "output_width"))
    let points = height * width
    return { frame in
      let factors = OwnedBytes(floats: spec.count)
      try node.check(tlk_convert(frame[matrix.slot], type, factors.pointer, TLK_F32, spec.count))
      try image.run(node, frame, images: image.batch, points: points, padding: padding.value) { entry, chunk, taps in
        let m = factors.floats + (spec.shape[0] == 1 ? 0 : 6 * entry)
        for point in chunk {
          let (y, x) = (rule.coordinate(point / width, size: height), rule.coordinate(point % width, size: width))
          let row = padding.place(rule.pixel(m[3] * x + m[4] * y + m[5], size: image.height), size: image.height)
          let column = padding.place(rule.pixel(m[0] * x + m[1] * y + m[2], size: image.width), size: image.width)
          taps.set(point - chunk.lowerBound, image, entry, y: row, x: column, isNearest: isNearest)
        }
      }
    }
  }
}

/// What the numbers of a coordinate mean.
private struct CoordinateRule {
  private enum Mode { case pixels, zeroToOne, minusOneToOne }
  private let mode: Mode
  /// The extreme coordinates are the centres of the outer pixels, not their edges.
  private let alignsCorners: Bool

  init(_ node: Node) throws {
    switch try node.string("coordinates_mode").lowercased() {
    case "unnormalized": mode = .pixels
    case "normalized_zero_to_one": mode = .zeroToOne
    case "normalized_minus_one_to_one": mode = .minusOneToOne
    case let mode: throw node.fail("coordinates_mode is '\(mode)', expected unnormalized, normalized_zero_to_one or normalized_minus_one_to_one")
    }
    alignsCorners = try node.bool("align_corners", default: true)
  }

  func pixel(_ coordinate: Float, size: Int) -> Float {
    let unit: Float
    switch mode {
    case .pixels: return coordinate
    case .zeroToOne: unit = coordinate
    case .minusOneToOne: unit = (coordinate + 1) / 2
    }
    return alignsCorners ? unit * Float(size - 1) : unit * Float(size) - 0.5
  }

  /// The coordinate of pixel `index` of an axis.
  func coordinate(_ index: Int, size: Int) -> Float {
    if mode == .pixels { return Float(index) }
    let unit = alignsCorners ? (size == 1 ? 0.5 : Float(index) / Float(size - 1)) : (Float(index) + 0.5) / Float(size)
    return mode == .zeroToOne ? unit : 2 * unit - 1
  }
}

/// What lies outside of an image.
private struct PaddingRule {
  private enum Mode { case constant, border, reflection, symmetric }
  private let mode: Mode
  let value: Float

  init(_ node: Node) throws {
    switch try node.string("padding_mode").lowercased() {
    case "constant": mode = .constant
    case "border": mode = .border
    case "reflection": mode = .reflection
    case "symmetric": mode = .symmetric
    case let mode: throw node.fail("padding_mode is '\(mode)', expected constant, border, reflection or symmetric")
    }
    value = Float(try node.double("padding_value", default: 0))
  }

  /// The place inside the image whose pixels stand for `pixel`; with a constant, places outside stay outside.
  func place(_ pixel: Float, size: Int) -> Float {
    let last = Float(size - 1)
    switch mode {
    case .constant: return pixel
    case .border: return PaddingRule.clamped(pixel, 0, last)
    case .reflection: return PaddingRule.clamped(PaddingRule.reflected(pixel, 0, last), 0, last)
    case .symmetric: return PaddingRule.clamped(PaddingRule.reflected(pixel, -0.5, last + 0.5), 0, last)
    }
  }

  /// NaN becomes the lower end: it has to be some pixel.
  private static func clamped(_ x: Float, _ low: Float, _ high: Float) -> Float { x > low ? min(x, high) : low }

  private static func reflected(_ x: Float, _ low: Float, _ high: Float) -> Float {
    let span = high - low
    guard span > 0, x.isFinite else { return low }
    let distance = abs(x - low)
    let rest = distance.truncatingRemainder(dividingBy: span)
    return (distance / span).rounded(.down).truncatingRemainder(dividingBy: 2) == 0 ? low + rest : high - rest
  }
}
