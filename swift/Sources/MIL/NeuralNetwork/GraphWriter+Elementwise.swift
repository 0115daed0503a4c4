// Elementwise operations and casts with their shapes.

extension GraphWriter {
  func unary(_ type: String, _ x: NetworkTensor, _ more: [String: Argument] = [:]) -> NetworkTensor {
    emit(type, more.merging(["x": .tensor(x)]) { $1 }, x.shape, x.element)
  }

  func binary(_ type: String, _ x: NetworkTensor, _ y: NetworkTensor, _ element: ElementType = .float32) -> NetworkTensor {
    emit(type, ["x": .tensor(x), "y": .tensor(y)], broadcast(x.shape, y.shape), element)
  }

  func binary(_ type: String, _ x: NetworkTensor, _ scalar: Float, _ element: ElementType = .float32) -> NetworkTensor {
    emit(type, ["x": .tensor(x), "y": .float(scalar)], x.shape, element)
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
