import CoreML
import MIL

/// The sizes that a feature takes, read from Core ML's constraint.
enum ShapeRule {
  case any
  case fixed([Int])
  case enumerated([[Int]])
  /// Lower and upper bound, nil = unbounded.
  case ranges([(lower: Int, upper: Int?)])

  init(_ constraint: MLMultiArrayConstraint) {
    let rule = constraint.shapeConstraint
    let shape = constraint.shape.map(\.intValue)
    switch rule.type {
    case .enumerated:
      let shapes = rule.enumeratedShapes.map { $0.map(\.intValue) }
      self = shapes.count > 1 ? .enumerated(shapes) : .fixed(shapes.first ?? shape)
    case .range: self.init(ranges: rule.sizeRangeForDimension.map(\.rangeValue))
    default: self = shape.isEmpty ? .any : .fixed(shape)
    }
  }

  /// Sizes of an image as [height, width].
  init(_ constraint: MLImageConstraint) {
    let rule = constraint.sizeConstraint
    let size = [constraint.pixelsHigh, constraint.pixelsWide]
    switch rule.type {
    case .enumerated:
      let sizes = rule.enumeratedImageSizes.map { [$0.pixelsHigh, $0.pixelsWide] }
      self = sizes.count > 1 ? .enumerated(sizes) : .fixed(sizes.first ?? size)
    case .range: self.init(ranges: [rule.pixelsHighRange, rule.pixelsWideRange])
    default: self = size == [0, 0] ? .any : .fixed(size)
    }
  }

  /// Core ML writes a range as its lower bound and the number of sizes; what ends at 2^63 − 1 has no end.
  private init(ranges: [NSRange]) {
    let bounds = ranges.map { range -> (lower: Int, upper: Int?) in
      let (end, overflow) = range.location.addingReportingOverflow(range.length)
      return (range.location, overflow || range.length == .max ? nil : end - 1)
    }
    self = bounds.allSatisfy { $0.lower == $0.upper } ? .fixed(bounds.map(\.lower)) : .ranges(bounds)
  }

  func allows(_ shape: [Int]) -> Bool {
    switch self {
    case .any: return true
    case .fixed(let sizes): return shape == sizes
    case .enumerated(let shapes): return shapes.contains(shape)
    case .ranges(let bounds):
      return bounds.count == shape.count && zip(bounds, shape).allSatisfy { $0.lower <= $1 && $1 <= $0.upper ?? .max }
    }
  }

  /// For messages.
  var text: String {
    switch self {
    case .any: return "any shape"
    case .fixed(let sizes): return "\(sizes)"
    case .enumerated(let shapes): return "one of " + shapes.map(\.description).joined(separator: ", ")
    case .ranges(let bounds):
      return "["
        + bounds.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)…\($0.upper.map(String.init) ?? "")" }.joined(
          separator: ", ") + "]"
    }
  }

  /// The `flexible` of descriptions; nil for one shape.
  var json: JSON? {
    switch self {
    case .any, .fixed: return nil
    case .enumerated(let shapes): return ["enumerated": .array(shapes.map { JSON($0) })]
    case .ranges(let bounds):
      return ["ranges": .array(bounds.map { [JSON($0.lower), $0.upper.map { JSON($0) } ?? .null] })]
    }
  }
}
