// Elementwise operations and casts with their shapes.

extension GraphWriter {
  func unary(_ type: String, _ x: NetworkTensor, _ more: [String: Argument] = [:]) -> NetworkTensor {
    if let plane = lowered(x), isRankFree(type, more) { return raised(unary(type, plane, more)) }
    return emit(type, more.merging(["x": .tensor(x)]) { $1 }, x.shape, x.element)
  }

  /// Axes counted from the end name the same ones of a value with an axis more in front.
  private func isRankFree(_ type: String, _ more: [String: Argument]) -> Bool {
    !type.hasPrefix("reverse")
      && more.allSatisfy { name, argument in
        switch argument {
        case .int(let axis): return name != "axis" || (-4..<0).contains(axis)
        case .ints(let axes): return name != "axes" || axes.allSatisfy { (-4..<0).contains($0) }
        case .tensor(let tensor): return name != "axis" && (tensor.rank ?? 5) <= 4
        default: return true
        }
      }
  }

  func binary(_ type: String, _ x: NetworkTensor, _ y: NetworkTensor, _ element: ElementType = .float32) -> NetworkTensor {
    func plane(_ value: NetworkTensor) -> NetworkTensor? { lowered(value) ?? ((value.rank ?? 5) <= 4 ? value : nil) }
    if lowered(x) != nil || lowered(y) != nil, let left = plane(x), let right = plane(y) { return raised(binary(type, left, right, element)) }
    return emit(type, ["x": .tensor(x), "y": .tensor(y)], broadcast(x.shape, y.shape), element)
  }

  func binary(_ type: String, _ x: NetworkTensor, _ scalar: Float, _ element: ElementType = .float32) -> NetworkTensor {
    if let plane = lowered(x) { return raised(binary(type, plane, scalar, element)) }
    return emit(type, ["x": .tensor(x), "y": .float(scalar)], x.shape, element)
  }

  func cast(_ x: NetworkTensor, to element: ElementType) -> NetworkTensor {
    if x.element == element { return x }
    let name = element == .float32 ? "fp32" : element == .bool ? "bool" : "int32"
    return emit("cast", ["x": .tensor(x), "dtype": .text(name)], x.shape, element)
  }

  func floats(_ x: NetworkTensor) -> NetworkTensor { cast(x, to: .float32) }
  func ints(_ x: NetworkTensor) -> NetworkTensor { cast(x, to: .int32) }

  /// What a branch or a loop asks: |x| > 1e-6.
  func holds(_ x: NetworkTensor) -> NetworkTensor { x.element == .bool ? x : binary("greater", unary("abs", x), 1e-6, .bool) }

  /// An operand of a logical layer is a number; 0 is false.
  func isTrue(_ x: NetworkTensor) -> NetworkTensor { x.element == .bool ? x : binary("not_equal", x, 0, .bool) }

  func broadcast(_ a: [Int?]?, _ b: [Int?]?) -> [Int?]? {
    guard let a, let b else { return nil }
    let rank = max(a.count, b.count)
    return (0..<rank).map { axis -> Int? in
      let left = axis - (rank - a.count), right = axis - (rank - b.count)
      guard left >= 0 else { return b[right] }
      guard right >= 0 else { return a[left] }
      if a[left] == 1 { return b[right] }
      if b[right] == 1 { return a[left] }
      return a[left] ?? b[right]
    }
  }

  /// One value per channel, for the axis −3.
  func perChannel(_ message: ProtobufMessage, count: Int) throws -> NetworkTensor {
    let shape = [count, 1, 1]
    return constant(try weights.constant(message, shape: shape, channelAxis: 0), shape, .float32)
  }
}
