import Kernels
import MIL

extension OperationTable {
  static let boxSuppression: [OperationDefinition] = [
    OperationDefinition("non_maximum_suppression", infer: { try BoxSuppression($0).outputs($0) }, kernel: { try BoxSuppression($0).kernel($0) })
  ]
}

/// Boxes (centre x, centre y, width, height) in descending order of their best score, without those that overlap one before by
/// `iou_threshold` or more: coremltools documents "more", but its test of an overlap that equals the threshold records that Core ML
/// suppresses the box. Until iOS16 boxes are rows and scores below a threshold do not count; from iOS17 boxes are columns.
private struct BoxSuppression {
  private let isColumns: Bool
  private let batch: Int, count: Int, classes: Int
  private let boxes: TensorSpec, scores: TensorSpec
  private let maximum: Int
  private let overlap: Float, threshold: Float
  private let isPerClass: Bool

  init(_ node: Node) throws {
    isColumns = node.optional("score_threshold") == nil
    boxes = try node.tensor("boxes", rank: 3...3)
    scores = try node.tensor("scores", rank: 3...3)
    let places = isColumns ? (box: 1, entry: 2) : (box: 2, entry: 1)
    (batch, count, classes) = (boxes.shape[0], boxes.shape[places.entry], scores.shape[places.box])
    guard boxes.shape[places.box] == 4, scores.shape[0] == batch, scores.shape[places.entry] == count, classes >= 1, count <= 1 << 24, boxes.element.isFloat, scores.element.isFloat else {
      throw node.fail("boxes is \(boxes.element.name) \(boxes.shape) and scores \(scores.element.name) \(scores.shape), expected \(isColumns ? "[n, 4, B] and [n, K, B]" : "[n, B, 4] and [n, B, K]")")
    }
    maximum = try node.int("max_boxes")
    guard maximum >= 1, maximum <= 1 << 24 else { throw node.fail("max_boxes is \(maximum), expected at least 1") }
    overlap = Float(try node.double("iou_threshold"))
    threshold = isColumns ? -.infinity : Float(try node.double("score_threshold"))
    isPerClass = try node.bool("per_class_suppression", default: false)
  }

  func outputs(_ node: Node) throws -> [ValueSpec] {
    func shape(_ width: Int) -> [Int] { isColumns ? [batch, width, maximum] : [batch, maximum, width] }
    let kept = [try node.output(boxes.element, shape(4)), try node.output(scores.element, shape(classes)), try node.output(.int32, [batch, maximum])]
    return isColumns ? kept : kept + [try node.output(.int32, [batch])]
  }

  private struct Box {
    var left: Float, right: Float, top: Float, bottom: Float
    var area: Float

    init(_ x: Float, _ y: Float, _ width: Float, _ height: Float) {
      (left, right, top, bottom) = (x - width / 2, x + width / 2, y - height / 2, y + height / 2)
      area = width * height
    }

    func overlap(_ other: Box) -> Float {
      let width = max(min(right, other.right) - max(left, other.left), 0)
      let height = max(min(bottom, other.bottom) - max(top, other.top), 0)
      let union = area + other.area - width * height
      return union > 0 ? width * height / union : 0
    }
  }

  /// Boxes side by side do not cover each other, whatever the threshold.
  private func covers(_ kept: Box, _ box: Box) -> Bool {
    let shared = kept.overlap(box)
    return shared > 0 && shared >= overlap
  }

  /// Indices of the kept boxes of one batch entry; Core ML keeps the best box even if its score is below the threshold.
  private func kept(_ boxes: UnsafePointer<Float>, _ scores: UnsafePointer<Float>) -> [Int] {
    guard count > 0 else { return [] }
    // Steps between the numbers of one box, and between boxes.
    let (number, entry, score) = isColumns ? (count, 1, (count, 1)) : (1, 4, (1, classes))
    var best = [Float](repeating: 0, count: count)
    var kind = [Int](repeating: 0, count: count)
    for index in 0..<count {
      best[index] = scores[index * score.1]
      for place in 1..<classes where scores[place * score.0 + index * score.1] > best[index] {
        (best[index], kind[index]) = (scores[place * score.0 + index * score.1], place)
      }
    }
    // NaN is no score: sorting needs an order.
    for index in 0..<count where best[index].isNaN { best[index] = -.infinity }
    let order = (0..<count).filter { isColumns || best[$0] > threshold }.sorted { best[$0] > best[$1] || (best[$0] == best[$1] && $0 < $1) }
    var chosen: [(index: Int, box: Box)] = []
    for index in order where chosen.count < maximum {
      let numbers = boxes + index * entry
      let box = Box(numbers[0], numbers[number], numbers[2 * number], numbers[3 * number])
      let isCovered = chosen.contains { (!isPerClass || kind[$0.index] == kind[index]) && covers($0.box, box) }
      if !isCovered { chosen.append((index, box)) }
    }
    if chosen.isEmpty { return [best.indices.max { best[$0] < best[$1] || (best[$0] == best[$1] && $0 > $1) } ?? 0] }
    return chosen.map(\.index)
  }

  func kernel(_ node: Node) throws -> Kernel {
    let boxSlot = try node.value("boxes").slot
    let scoreSlot = try node.value("scores").slot
    let outputs = node.outputs
    let boxType = try node.kernelType(boxes, "boxes")
    let scoreType = try node.kernelType(scores, "scores")
    return { frame in
      let (boxNumbers, scoreNumbers) = (OwnedBytes(floats: boxes.count), OwnedBytes(floats: scores.count))
      try node.check(tlk_convert(frame[boxSlot], boxType, boxNumbers.pointer, TLK_F32, boxes.count))
      try node.check(tlk_convert(frame[scoreSlot], scoreType, scoreNumbers.pointer, TLK_F32, scores.count))
      for output in outputs.prefix(2) { frame[output.slot].initializeMemory(as: UInt8.self, repeating: 0, count: output.tensor.byteCount) }
      let indices = frame[outputs[2].slot].assumingMemoryBound(to: Int32.self)
      for entry in 0..<batch {
        let chosen = kept(boxNumbers.floats + entry * count * 4, scoreNumbers.floats + entry * count * classes)
        for place in 0..<maximum { indices[entry * maximum + place] = place < chosen.count ? Int32(clamping: chosen[place]) : -1 }
        copy(chosen, entry, width: 4, element: boxes.byteWidth, from: frame[boxSlot], to: frame[outputs[0].slot])
        copy(chosen, entry, width: classes, element: scores.byteWidth, from: frame[scoreSlot], to: frame[outputs[1].slot])
        if !isColumns, outputs.count > 3 { frame[outputs[3].slot].assumingMemoryBound(to: Int32.self)[entry] = Int32(clamping: chosen.count) }
      }
    }
  }

  private func copy(_ chosen: [Int], _ entry: Int, width: Int, element: Int, from source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
    for (place, index) in chosen.enumerated() {
      for number in 0..<(isColumns ? width : 1) {
        let from = isColumns ? (entry * width + number) * count + index : (entry * count + index) * width
        let to = isColumns ? (entry * width + number) * maximum + place : (entry * maximum + place) * width
        (target + to * element).copyMemory(from: source + from * element, byteCount: element * (isColumns ? 1 : width))
      }
    }
  }
}
