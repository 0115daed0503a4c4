import MIL

/// nonMaximumSuppression: of boxes that overlap, the most confident stays.
struct NonMaximumSuppressionEvaluator: ClassicalModel {
  private let model: NonMaximumSuppression
  /// How many rows the outputs may have; rows of zeros fill them up to the first bound.
  private let rows: ClosedRange<Int>

  init(_ model: NonMaximumSuppression, _ features: ClassicalFeatures) throws {
    self.model = model
    let inputs = Set(features.inputs.map(\.name))
    let outputs = Set(features.outputs.map(\.name))
    for name in [
      model.confidenceInput, model.coordinatesInput, model.overlapThresholdInput, model.confidenceThresholdInput,
    ] where !name.isEmpty && !inputs.contains(name) {
      throw features.failure("the model reads '\(name)', which is none of its inputs")
    }
    guard !model.confidenceInput.isEmpty, !model.coordinatesInput.isEmpty else {
      throw features.failure("the model does not name its inputs of confidences and coordinates")
    }
    guard outputs.isSubset(of: [model.confidenceOutput, model.coordinatesOutput]) else {
      throw features.failure(
        "an output is neither '\(model.confidenceOutput)' (confidence) nor '\(model.coordinatesOutput)' (coordinates)")
    }
    var lower = 0
    var upper = Int.max
    for output in features.outputs {
      guard let bounds = output.rowBounds else { continue }
      lower = max(lower, bounds.lowerBound)
      upper = min(upper, bounds.upperBound)
    }
    guard lower <= upper, lower <= NonMaximumSuppressionEvaluator.maximumPaddedRows else {
      throw features.failure("the outputs have \(lower) boxes or more and \(upper) or less")
    }
    rows = lower...upper
  }

  /// More boxes than any detector has; bounds the memory that a damaged file can ask for.
  private static let maximumPaddedRows = 1 << 20
  private static let maximumElements = 1 << 28

  var classLabels: ClassLabels? { model.labels }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    let (confidences, classes) = try matrix(inputs[model.confidenceInput], model.confidenceInput)
    let (coordinates, four) = try matrix(inputs[model.coordinatesInput], model.coordinatesInput)
    guard four == 4 else {
      throw ModelError(.argument, "'\(model.coordinatesInput)' has \(four) numbers per box, expected 4")
    }
    let count = coordinates.count / 4
    guard classes > 0, confidences.count / classes == count else {
      throw ModelError(
        .argument,
        "'\(model.coordinatesInput)' has \(count) boxes, '\(model.confidenceInput)' has \(confidences.count / max(classes, 1))"
      )
    }
    let kept = suppress(
      boxes(
        confidences, classes, coordinates,
        above: try threshold(inputs[model.confidenceThresholdInput], model.confidenceThreshold)),
      overlap: try threshold(inputs[model.overlapThresholdInput], model.overlapThreshold))
    return [
      model.confidenceOutput: try gather(kept, confidences, width: classes),
      model.coordinatesOutput: try gather(kept, coordinates, width: 4),
    ]
  }

  private func threshold(_ value: RuntimeValue?, _ fixed: Double) throws -> Double {
    guard let value else { return fixed }
    guard case .double(let number) = value, number >= 0 else {
      throw ModelError(.argument, "a threshold has to be a number of 0 or more")
    }
    return number
  }

  /// Rows and their width; axes of size 1 may stand before the two.
  private func matrix(_ value: RuntimeValue?, _ name: String) throws -> (numbers: [Double], width: Int) {
    guard let value, let shape = value.shape else { throw ModelError(.argument, "'\(name)' has to be an array") }
    guard shape.count >= 2, shape.dropLast(2).allSatisfy({ $0 == 1 }) else {
      throw ModelError(.argument, "'\(name)' has the shape \(shape), expected [boxes, numbers]")
    }
    return (try value.numbers(of: name), shape[shape.count - 1])
  }

  private func gather(_ kept: [Int], _ numbers: [Double], width: Int) throws -> RuntimeValue {
    let count = max(kept.count, rows.lowerBound)
    guard width <= NonMaximumSuppressionEvaluator.maximumElements / max(count, 1) else {
      throw ModelError(.runtime, "an output of \(count) boxes by \(width) numbers is too large")
    }
    var values = [Double](repeating: 0, count: count * width)
    for (row, box) in kept.enumerated() {
      for column in 0..<width { values[row * width + column] = numbers[box * width + column] }
    }
    return .array(values, shape: [count, width])
  }

  private struct Box {
    let index: Int
    let confidence: Double
    let label: Int
    let left: Double, top: Double, right: Double, bottom: Double
    var area: Double { max(right - left, 0) * max(bottom - top, 0) }

    func overlap(_ other: Box) -> Double {
      let width = min(right, other.right) - max(left, other.left)
      let height = min(bottom, other.bottom) - max(top, other.top)
      guard width > 0, height > 0 else { return 0 }
      let shared = width * height
      return shared / (area + other.area - shared)
    }
  }

  /// Those above the threshold, the most confident first.
  private func boxes(_ confidences: [Double], _ classes: Int, _ coordinates: [Double], above threshold: Double) -> [Box]
  {
    var boxes: [Box] = []
    for index in 0..<coordinates.count / 4 {
      let row = Array(confidences[index * classes..<(index + 1) * classes])
      let label = row.indexOfLargest
      guard row[label] >= threshold else { continue }
      let x = coordinates[index * 4], y = coordinates[index * 4 + 1]
      let halfWidth = coordinates[index * 4 + 2] / 2, halfHeight = coordinates[index * 4 + 3] / 2
      boxes.append(
        Box(
          index: index, confidence: row[label], label: label, left: x - halfWidth, top: y - halfHeight,
          right: x + halfWidth, bottom: y + halfHeight))
    }
    return boxes.sorted { $0.confidence != $1.confidence ? $0.confidence > $1.confidence : $0.index < $1.index }
  }

  private func suppress(_ boxes: [Box], overlap threshold: Double) -> [Int] {
    var kept: [Box] = []
    for box in boxes where kept.count < rows.upperBound {
      let isSuppressed = kept.contains { keeper in
        (!model.isPerClass || keeper.label == box.label) && keeper.overlap(box) > threshold
      }
      if !isSuppressed { kept.append(box) }
    }
    return kept.map(\.index)
  }
}

extension FeatureDescription {
  /// The sizes that the first of two axes may have; nil where nothing says.
  fileprivate var rowBounds: ClosedRange<Int>? {
    guard case .multiArray(let shape, _, let flexibility, _) = kind else { return nil }
    switch flexibility {
    case .ranges(let ranges):
      guard ranges.count == 2, ranges[0].lower <= ranges[0].upper ?? .max else { return nil }
      return ranges[0].lower...(ranges[0].upper ?? .max)
    case .fixed: return shape.count == 2 ? shape[0]...shape[0] : nil
    case .enumerated: return nil
    }
  }
}
