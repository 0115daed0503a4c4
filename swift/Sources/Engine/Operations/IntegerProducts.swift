import Kernels
import MIL

/// Products of i32 matrices, which wrap as numpy's do. Rare (sizes and indices), so plain loops.
struct IntegerProduct {
  let m: Int, n: Int, k: Int
  let transposeX: Bool, transposeY: Bool

  func kernel(_ node: Node, _ x: Value, _ y: Value, bias: Value? = nil, offsets: (x: [Int], y: [Int]) = ([0], [0])) throws -> Kernel {
    let target = node.outputs[0].slot
    let biasCount = bias?.tensor.count ?? 0
    guard bias.map({ $0.tensor.element == .int32 }) ?? true else { throw node.fail("bias has to be int32, as x is") }
    return { frame in
      let (a, b) = (frame[x.slot].assumingMemoryBound(to: Int32.self), frame[y.slot].assumingMemoryBound(to: Int32.self))
      let out = frame[target].assumingMemoryBound(to: Int32.self)
      let shift = bias.map { frame[$0.slot].assumingMemoryBound(to: Int32.self) }
      for (entry, (xOffset, yOffset)) in zip(offsets.x, offsets.y).enumerated() {
        product(a + xOffset, b + yOffset, out + entry * m * n)
        guard let shift else { continue }
        for index in 0..<(m * n) { out[entry * m * n + index] &+= shift[biasCount == 1 ? 0 : index % n] }
      }
    }
  }

  private func product(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>, _ out: UnsafeMutablePointer<Int32>) {
    let (aRow, aStep) = transposeX ? (1, m) : (k, 1)
    let (bColumn, bStep) = transposeY ? (k, 1) : (1, n)
    for row in 0..<m {
      for column in 0..<n {
        var sum: Int32 = 0
        for depth in 0..<k { sum &+= a[row * aRow + depth * aStep] &* b[column * bColumn + depth * bStep] }
        out[row * n + column] = sum
      }
    }
  }
}
