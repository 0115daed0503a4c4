import Kernels
import MIL

extension OperationTable {
  static let pooling: [OperationDefinition] = [
    pool("max_pool") { _ in TLK_POOL_MAX },
    pool("avg_pool") { try $0.bool("exclude_padding_from_average", default: false) ? TLK_POOL_AVERAGE_INSIDE : TLK_POOL_AVERAGE },
    pool("l2_pool") { _ in TLK_POOL_L2 },
  ]

  private static func pool(_ name: String, _ kind: @escaping (Node) throws -> tlk_pool_kind) -> OperationDefinition {
    OperationDefinition(name, infer: { [try Pooling($0).output($0)] }, kernel: { try Pooling($0).kernel($0, kind($0)) }, layout: .channelsLast)
  }
}

/// Windows over 1 to 3 spatial axes, as in `Convolution` without weights.
struct Pooling {
  private let x: TensorSpec
  private let channels: Int
  private let input: [Int]
  private let outputSize: [Int]
  private let kernelSize: [Int]
  private let strides: [Int]
  private let before: [Int]
  private let after: [Int]

  init(_ node: Node) throws {
    x = try node.tensor("x", rank: 3...5)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    let spatial = x.rank - 2
    channels = node.isChannelsLast ? x.shape[x.rank - 1] : x.shape[1]
    let input = node.isChannelsLast ? Array(x.shape[1..<(x.rank - 1)]) : Array(x.shape[2...])
    guard let kernelSize = try node.ints("kernel_sizes"), kernelSize.count == spatial else { throw node.fail("kernel_sizes has to have \(spatial) values") }
    let strides = try node.ints("strides", default: [Int](repeating: 1, count: spatial), count: spatial)
    for (name, numbers) in [("strides", strides), ("kernel_sizes", kernelSize)] {
      guard numbers.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else { throw node.fail("\(name) are \(numbers), expected at least 1") }
    }
    guard input.allSatisfy({ $0 <= 1 << 32 }) else { throw node.fail("x has the shape \(x.shape), too large for pooling") }
    let type = try node.string("pad_type", default: "valid")
    let pads = try Convolution.pads(node, type, input: input, extent: kernelSize, strides: strides, isTransposed: false)
    let roundsUp = try node.bool("ceil_mode", default: false)
    outputSize = input.indices.map { axis in
      let padded = input[axis] + pads.before[axis] + pads.after[axis]
      guard padded >= kernelSize[axis] else { return 0 }
      var size = (padded - kernelSize[axis] + (roundsUp ? strides[axis] - 1 : 0)) / strides[axis] + 1
      // As in torch, a window may not start in the padding behind the input.
      if roundsUp, (size - 1) * strides[axis] >= input[axis] + pads.before[axis], pads.before[axis] + pads.after[axis] > 0 { size -= 1 }
      return size
    }
    guard outputSize.allSatisfy({ $0 >= 1 }) else { throw node.fail("a window of \(kernelSize) does not fit into the padded input \(input)") }
    self.input = input
    self.kernelSize = kernelSize
    self.strides = strides
    before = pads.before
    after = pads.after
  }

  func output(_ node: Node) throws -> ValueSpec { try node.output(x.element, [x.shape[0], channels] + outputSize) }

  func kernel(_ node: Node, _ kind: tlk_pool_kind) throws -> Kernel {
    var pool = tlk_pool()
    pool.shape.batch = x.shape[0]
    pool.shape.input = Convolution.three(input, 1)
    pool.shape.output = Convolution.three(outputSize, 1)
    pool.shape.kernel = Convolution.three(kernelSize, 1)
    pool.shape.stride = Convolution.three(strides, 1)
    pool.shape.dilation = (1, 1, 1)
    pool.shape.padding = Convolution.three(before, 0)
    pool.shape.input_channels = channels
    pool.shape.output_channels = channels
    pool.shape.groups = 1
    pool.padding_after = Convolution.three(after, 0)
    pool.kind = kind
    pool.input_pitch = try node.value("x").pitch
    pool.output_pitch = node.outputs[0].pitch
    pool.input_dtype = try node.kernelType(x, "x")
    pool.output_dtype = pool.input_dtype
    let (source, target, fixed) = (try node.value("x").slot, node.outputs[0].slot, pool)
    return { frame in
      var pool = fixed
      pool.input = UnsafeRawPointer(frame[source])
      pool.output = frame[target]
      try node.check(tlk_pool_run(&pool))
    }
  }
}
