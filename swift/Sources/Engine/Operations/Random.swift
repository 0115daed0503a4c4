import Kernels
import MIL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension OperationTable {
  /// Pseudo-random numbers. The sequences are this engine's own: Core ML promises a distribution, and with a seed the same numbers each time.
  static let random: [OperationDefinition] = [
    random("random_uniform", element: "low") { node in
      let (low, high) = (try node.double("low", default: 0), try node.double("high", default: 1))
      // Steps that the result's type has: rounded to f16, one number in 4,096 would be `high` itself.
      let bits = node.outputs.first?.tensor.element == .float16 ? 11 : 24
      return { low + (high - low) * $0.unit(bits: bits) }
    },
    random("random_normal", element: "mean") { node in
      let (mean, deviation) = (try node.double("mean", default: 0), try node.double("stddev", default: 1))
      return { mean + deviation * $0.normal() }
    },
    random("random_bernoulli", element: "prob") { node in
      let probability = try node.double("prob", default: 0.5)
      return { $0.unit() < probability ? 1 : 0 }
    },
    OperationDefinition("random_categorical", infer: inferCategorical, kernel: categoricalKernel, isPure: false),
  ]

  private static func random(_ name: String, element parameter: String, _ make: @escaping (Node) throws -> (inout RandomNumbers) -> Double) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        guard let shape = try node.ints("shape") else { throw node.fail("parameter 'shape' is missing") }
        _ = try (make(node), node.int("seed", default: -1))
        let element = try node.optional(parameter) == nil ? .float32 : node.tensor(parameter).element
        guard element == .float16 || element == .float32 else { throw node.fail("\(parameter) has the element type \(element.name), expected fp16 or fp32") }
        return [try node.output(element, shape)]
      },
      kernel: { node in
        let (next, seed) = (try make(node), try node.int("seed", default: -1))
        let output = node.outputs[0]
        let type = try node.kernelType(output.tensor, "output")
        return { frame in
          var numbers = RandomNumbers(seed: seed)
          var wide = [Float](repeating: 0, count: 1024)
          for first in stride(from: 0, to: output.tensor.count, by: wide.count) {
            let count = min(wide.count, output.tensor.count - first)
            for index in 0..<count { wide[index] = Float(next(&numbers)) }
            try node.check(tlk_convert(wide, TLK_F32, frame[output.slot] + first * output.tensor.byteWidth, type, count))
          }
        }
      }, isPure: false)
  }

  // ---- random_categorical -------------------------------------------------------------------------------------

  private static func isProbabilities(_ node: Node) throws -> Bool {
    switch try node.string("mode", default: "logits") {
    case "logits": return false
    case "probs": return true
    case let mode: throw node.fail("mode is '\(mode)', expected logits or probs")
    }
  }

  private static func inferCategorical(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x", rank: 1...8)
    let size = try node.int("size", default: 1)
    _ = try (isProbabilities(node), node.int("seed", default: -1))
    guard x.element == .float16 || x.element == .float32, size >= 0, x.shape[x.rank - 1] >= 1 else {
      throw node.fail("x is \(x.element.name) \(x.shape) and size \(size), expected fp16 or fp32 and a number of classes")
    }
    return [try node.output(x.element, x.shape.dropLast() + [size])]
  }

  /// `size` class numbers per row, drawn with replacement.
  private static func categoricalKernel(_ node: Node) throws -> Kernel {
    let x = try node.value("x")
    let (spec, output) = (x.tensor, node.outputs[0])
    let (isProbabilities, seed) = (try isProbabilities(node), try node.int("seed", default: -1))
    let type = try node.kernelType(spec, "x")
    let classes = spec.shape[spec.rank - 1]
    let (rows, size) = (spec.count / classes, output.tensor.shape[spec.rank - 1])
    return { frame in
      var numbers = RandomNumbers(seed: seed)
      let (weights, drawn) = (OwnedBytes(floats: spec.count), OwnedBytes(floats: output.tensor.count))
      if isProbabilities {
        try node.check(tlk_convert(frame[x.slot], type, weights.pointer, TLK_F32, spec.count))
      } else {
        try node.check(tlk_softmax(frame[x.slot], type, weights.pointer, TLK_F32, rows, classes, 1))
      }
      var sums = [Float](repeating: 0, count: classes)
      for row in 0..<rows {
        var total: Float = 0
        for place in 0..<classes {
          total += max(weights.floats[row * classes + place], 0)
          sums[place] = total
        }
        for sample in 0..<size {
          let mark = Float(numbers.unit()) * total
          drawn.floats[row * size + sample] = Float(firstPlace(sums, above: mark))
        }
      }
      try node.check(tlk_convert(drawn.pointer, TLK_F32, frame[output.slot], type, output.tensor.count))
    }
  }

  private static func firstPlace(_ sums: [Float], above mark: Float) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > mark { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix per number, and any seed will do.
struct RandomNumbers {
  private var state: UInt64
  private var spare: Double?

  /// A negative seed takes another sequence each time.
  init(seed: Int) { state = seed >= 0 ? UInt64(seed) : UInt64.random(in: 0...UInt64.max) }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0 ..< 1, in steps that an f32 has.
  mutating func unit() -> Double { unit(bits: 24) }

  mutating func unit(bits: Int) -> Double { Double(next() >> (64 - bits)) / Double(1 << bits) }

  /// Marsaglia's polar method: two numbers per round.
  mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let (u, v) = (2 * unit() - 1, 2 * unit() - 1)
      let s = u * u + v * v
      guard s > 0, s < 1 else { continue }
      let factor = (-2 * log(s) / s).squareRoot()
      spare = v * factor
      return u * factor
    }
  }
}
