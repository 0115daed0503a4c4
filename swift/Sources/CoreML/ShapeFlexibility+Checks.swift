import MIL

extension ShapeFlexibility {
  /// Whether a value may have these sizes. A fixed shape without sizes says nothing: everything is allowed.
  func allows(_ sizes: [Int], default declared: [Int]) -> Bool {
    switch self {
    case .fixed: return declared.isEmpty || sizes == declared
    case .enumerated(let shapes): return shapes.contains(sizes)
    case .ranges(let ranges):
      return ranges.count == sizes.count && zip(ranges, sizes).allSatisfy { $0.lower <= $1 && $1 <= $0.upper ?? .max }
    }
  }

  /// For messages: `[1, 3, 224, 224]`, `one of [1, 64], [1, 128]`, `[1, 64…512, 1…]`.
  func text(default declared: [Int]) -> String {
    switch self {
    case .fixed: return declared.isEmpty ? "of any shape" : "\(declared)"
    case .enumerated(let shapes): return "one of " + shapes.map(\.description).joined(separator: ", ")
    case .ranges(let ranges):
      return "["
        + ranges.map { $0.lower == $0.upper ? "\($0.lower)" : "\($0.lower)…\($0.upper.map(String.init) ?? "")" }.joined(
          separator: ", ") + "]"
    }
  }
}
