import Kernels
import MIL

extension OperationTable {
  static let cropResizing: [OperationDefinition] = [OperationDefinition("crop_resize", infer: { [try CropResize($0).output($0)] }, kernel: { try CropResize($0).kernel($0) })]
}

/// Boxes cut out of images and resized. Until iOS16 `roi` [N, 1, 4 or 5, 1, 1] holds boxes (for all images, or for the one that the first
/// of five numbers names); from iOS17 `boxes` [N, 4] and `box_indices` [N].
private struct CropResize {
  private let image: SampledImage
  private let boxes: Value
  private let indices: Value?
  private let boxCount: Int, numbersPerBox: Int
  private let height: Int, width: Int
  private let mode: SamplingMode
  private let isNormalized: Bool, isCentred: Bool, isWidthFirst: Bool
  private let scale: Double
  private let padding: Float

  init(_ node: Node) throws {
    image = try SampledImage(node)
    if node.optional("roi") != nil {
      boxes = try node.value("roi")
      let spec = try node.tensor("roi", rank: 5...5)
      guard spec.shape[1] == 1, spec.shape[2] == 4 || spec.shape[2] == 5, spec.shape[3] == 1, spec.shape[4] == 1 else {
        throw node.fail("roi has the shape \(spec.shape), expected [N, 1, 4, 1, 1] or [N, 1, 5, 1, 1]")
      }
      (boxCount, numbersPerBox) = (spec.shape[0], spec.shape[2])
      indices = nil
    } else {
      boxes = try node.value("boxes")
      let spec = try node.tensor("boxes", rank: 2...2)
      guard spec.shape[1] == 4 else { throw node.fail("boxes has the shape \(spec.shape), expected [N, 4]") }
      (boxCount, numbersPerBox) = (spec.shape[0], 4)
      indices = node.optional("box_indices")
      if indices != nil {
        let found = try node.tensor("box_indices")
        guard found.shape == [spec.shape[0]], !found.element.isFloat else { throw node.fail("box_indices is \(found.element.name) \(found.shape), expected integers [\(spec.shape[0])]") }
      } else if spec.shape[0] > image.batch {
        throw node.fail("boxes has the shape \(spec.shape), more boxes than the \(image.batch) images; box_indices is missing")
      }
    }
    (height, width) = (try OperationTable.size(node, "target_height", default: 1), try OperationTable.size(node, "target_width", default: 1))
    mode = try SamplingMode(node)
    isNormalized = try node.bool("normalized_coordinates", default: false)
    scale = try node.double("spatial_scale", default: 1)
    padding = Float(try node.double("pad_value", default: 0))
    let order = try node.string("box_coordinate_mode", default: "CORNERS_HEIGHT_FIRST")
    guard ["CORNERS_HEIGHT_FIRST", "CORNERS_WIDTH_FIRST", "CENTER_SIZE_HEIGHT_FIRST", "CENTER_SIZE_WIDTH_FIRST"].contains(order) else {
      throw node.fail("box_coordinate_mode is '\(order)', expected CORNERS_HEIGHT_FIRST, CORNERS_WIDTH_FIRST, CENTER_SIZE_HEIGHT_FIRST or CENTER_SIZE_WIDTH_FIRST")
    }
    isCentred = order.hasPrefix("CENTER")
    isWidthFirst = order.hasSuffix("WIDTH_FIRST")
  }

  /// `roi` without image numbers: every box is cut out of every image.
  private var isForAllImages: Bool { numbersPerBox == 4 && boxes.tensor.rank == 5 }
  private var cropsPerBox: Int { isForAllImages ? image.batch : 1 }

  func output(_ node: Node) throws -> ValueSpec {
    let crop = [image.channels, height, width]
    return try node.output(image.element, boxes.tensor.rank == 5 ? [boxCount, cropsPerBox] + crop : [boxCount] + crop)
  }

  func kernel(_ node: Node) throws -> Kernel {
    let type = try node.kernelType(boxes.tensor, "boxes")
    let indexType = try indices.map { try node.kernelType($0.tensor, "box_indices") }
    let points = height * width
    return { frame in
      let numbers = OwnedBytes(floats: boxCount * numbersPerBox)
      try node.check(tlk_convert(frame[boxes.slot], type, numbers.pointer, TLK_F32, boxCount * numbersPerBox))
      let chosen = OwnedBytes(floats: boxCount)
      if let indices, let indexType { try node.check(tlk_convert(frame[indices.slot], indexType, chosen.pointer, TLK_F32, boxCount)) }
      try image.run(node, frame, images: boxCount * cropsPerBox, points: points, padding: padding) { crop, chunk, taps in
        let box = crop / cropsPerBox
        let place = numbersPerBox == 5 ? numbers.floats[box * 5] : indices != nil ? chosen.floats[box] : Float(box)
        guard isForAllImages || place >= 0 && place < Float(image.batch) else { throw node.fail("box \(box) is for image \(place), there are \(image.batch)", .argument) }
        let (rows, columns) = grid(numbers.floats + box * numbersPerBox + (numbersPerBox - 4))
        let entry = isForAllImages ? crop % cropsPerBox : Int(place)
        for point in chunk {
          let index = point - chunk.lowerBound
          if let y = rows[point / width], let x = columns[point % width] {
            taps.setLinear(index, image, entry, y: y, x: x)
          } else {
            taps.setOutside(index)
          }
        }
      }
    }
  }

  /// Places of a box's grid in pixels; nil outside of the image.
  private func grid(_ numbers: UnsafePointer<Float>) -> (rows: [Float?], columns: [Float?]) {
    func axis(_ first: Float, _ second: Float, size: Int, count: Int) -> [Float?] {
      let factor = scale * (isNormalized ? Double(size - 1) : 1)
      let (a, b) = (Double(first) * factor, Double(second) * factor)
      let (start, end) = isCentred ? (a - b / 2, a + b / 2) : (a, b)
      return (0..<count).map { inside(mode.point($0, count: count, from: start, to: end, size: size), size: size) }
    }
    let (vertical, horizontal) = isWidthFirst ? (1, 0) : (0, 1)
    return (
      axis(numbers[vertical], numbers[vertical + 2], size: image.height, count: height),
      axis(numbers[horizontal], numbers[horizontal + 2], size: image.width, count: width)
    )
  }

  /// Rounding of the box's numbers may not push a point on the border over it.
  private func inside(_ point: Double, size: Int) -> Float? {
    let (last, tolerance) = (Double(size - 1), 1e-5 * Double(size))
    guard point >= -tolerance, point <= last + tolerance else { return nil }
    return Float(min(max(point, 0), last))
  }
}

extension SamplingMode {
  /// Grid point i over a box from pixel `start` to pixel `end`, both in it. Where the box is the image this is the grid of a resize.
  fileprivate func point(_ i: Int, count: Int, from start: Double, to end: Double, size: Int) -> Double {
    let (place, steps, extent) = (Double(i), Double(count), end - start)
    func limited(_ x: Double) -> Double { start <= end ? min(max(x, start), end) : x }
    switch self {
    case .strictAlignCorners: return count == 1 ? start : start + place * extent / (steps - 1)
    case .alignCorners: return count == 1 ? (start + end) / 2 : start + place * extent / (steps - 1)
    case .default: return limited(start + place * (extent + 1) / steps)
    case .offsetCorners: return start + (place + 0.5) * max(1, extent) / steps
    case .unalignCorners:
      // A box whose end lies before its start stands for the whole image here: coremltools' tests record that of Core ML.
      if extent < 0 { return min(max(Double(point(i, input: size, output: count)), 0), Double(size - 1)) }
      return limited(start + (place + 0.5) * (extent + 1) / steps - 0.5)
    }
  }
}
