/// The `FlexibleShapeInformation` attribute of a compiled function: per input its default shape and the others it takes.
struct FlexibleShapes {
  private(set) var defaults: [String: [Int]] = [:]
  private var ranges: [String: [SizeRange]] = [:]
  private var enumerated: [String: [[Int]]] = [:]

  init?(_ attributes: [String: MILLiteral]) {
    guard let information = attributes["FlexibleShapeInformation"] else { return nil }
    for (input, shape) in information.find("DefaultShapes")?.entries ?? [] { defaults[input] = shape.integers }
    for (input, dimensions) in information.find("RangeDims")?.entries ?? [] {
      ranges[input] = dimensions.elements?.compactMap { $0.integers.flatMap(FlexibleShapes.range) }
    }
    for (key, value) in information.find("EnumeratedShapes")?.entries ?? [] {
      // Either one shape per input and label, or all shapes of one input.
      for (input, shape) in value.entries { enumerated[input, default: []] += [shape.integers].compactMap { $0 } }
      if value.entries.isEmpty { enumerated[key] = value.elements?.compactMap(\.integers) }
    }
  }

  private static func range(_ bounds: [Int]) -> SizeRange? {
    guard bounds.count == 2, bounds[0] >= 0 else { return nil }
    return SizeRange(lower: bounds[0], upper: bounds[1] < 0 || bounds[1] == Int.max ? nil : bounds[1])
  }

  func flexibility(of input: String, rank: Int) -> ShapeFlexibility {
    if let shapes = enumerated[input], !shapes.isEmpty, shapes.allSatisfy({ $0.count == rank }) {
      return .enumerated(shapes)
    }
    if let ranges = ranges[input], ranges.count == rank { return .ranges(ranges) }
    return .fixed
  }
}
