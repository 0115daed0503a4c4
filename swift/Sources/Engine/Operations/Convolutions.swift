import Kernels
import MIL

extension OperationTable {
  static let convolutions: [OperationDefinition] = [
    OperationDefinition("conv", infer: { [try Convolution($0, isTransposed: false).output($0)] }, kernel: { try Convolution($0, isTransposed: false).kernel($0) }, layout: .channelsLast),
    OperationDefinition("conv_transpose", infer: { [try Convolution($0, isTransposed: true).output($0)] }, kernel: { try Convolution($0, isTransposed: true).kernel($0) }, layout: .channelsLast),
  ]
}

/// The geometry of `conv` and `conv_transpose`, 1 to 3 spatial axes. Works on x in either order of axes: the layout pass runs between
/// the shape rule (channels first) and the kernel (channels last).
struct Convolution {
  private let x: TensorSpec
  private let weight: TensorSpec
  private let isTransposed: Bool
  private let groups: Int
  private let inputChannels: Int
  private let outputChannels: Int
  private let batch: Int
  private let input: [Int]
  private let outputSize: [Int]
  private let kernelSize: [Int]
  private let strides: [Int]
  private let dilations: [Int]
  private let padding: [Int]
  /// Per spatial axis, whatever the file's pad_type.
  let pads: (before: [Int], after: [Int])

  init(_ node: Node, isTransposed: Bool) throws {
    self.isTransposed = isTransposed
    x = try node.tensor("x", rank: 3...5)
    weight = try node.tensor("weight", rank: x.rank...x.rank)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    let spatial = x.rank - 2
    batch = x.shape[0]
    inputChannels = node.isChannelsLast ? x.shape[x.rank - 1] : x.shape[1]
    let input = node.isChannelsLast ? Array(x.shape[1..<(x.rank - 1)]) : Array(x.shape[2...])
    self.input = input
    kernelSize = Array(weight.shape[2...])
    let strides = try node.ints("strides", default: [Int](repeating: 1, count: spatial), count: spatial)
    self.strides = strides
    dilations = try node.ints("dilations", default: [Int](repeating: 1, count: spatial), count: spatial)
    groups = try node.int("groups", default: 1)
    for (name, numbers) in [("strides", strides), ("dilations", dilations), ("kernel sizes", kernelSize), ("groups", [groups])] {
      guard numbers.allSatisfy({ $0 >= 1 && $0 <= 1 << 24 }) else { throw node.fail("\(name) are \(numbers), expected at least 1") }
    }
    guard input.allSatisfy({ $0 <= 1 << 32 }) else { throw node.fail("x has the shape \(x.shape), too large for a convolution") }
    // conv [Cout, Cin/groups, …], conv_transpose [Cin, Cout/groups, …]
    let (outer, inner) = (weight.shape[0], weight.shape[1])
    outputChannels = isTransposed ? inner &* groups : outer
    let expectedInput = isTransposed ? outer : inner &* groups
    guard expectedInput == inputChannels, outputChannels % groups == 0, inputChannels % groups == 0 else {
      throw node.fail("x has \(inputChannels) channels, weight has the shape \(weight.shape) with groups \(groups), which takes \(expectedInput)")
    }
    let extent = zip(kernelSize, dilations).map { ($0 - 1) * $1 + 1 }
    let padType = try node.string("pad_type", default: "valid")
    let pads = try Convolution.pads(node, padType, input: input, extent: extent, strides: strides, isTransposed: isTransposed)
    self.pads = pads
    padding = pads.before
    if isTransposed {
      var size = input.indices.map { (input[$0] - 1) * strides[$0] + extent[$0] - pads.before[$0] - pads.after[$0] }
      if let shape = try node.ints("output_shape") {
        guard shape.count == x.rank || shape.count == spatial else { throw node.fail("output_shape is \(shape), expected \(x.rank) values") }
        size = Array(shape.suffix(spatial))
      }
      outputSize = size
    } else {
      outputSize = input.indices.map { axis in
        let room = input[axis] + pads.before[axis] + pads.after[axis] - extent[axis]
        return room < 0 ? 0 : room / strides[axis] + 1
      }
    }
    guard outputSize.allSatisfy({ $0 >= 1 }) else {
      throw node.fail("a kernel of \(kernelSize) (dilations \(dilations)) does not fit into the padded input \(input)")
    }
  }

  /// Padding before and after each spatial axis. `same` puts the odd element behind, `same_lower` before.
  static func pads(_ node: Node, _ type: String, input: [Int], extent: [Int], strides: [Int], isTransposed: Bool) throws -> (before: [Int], after: [Int]) {
    let zeros = [Int](repeating: 0, count: input.count)
    switch type {
    case "valid": return (zeros, zeros)
    case "custom":
      let pad = try node.ints("pad", default: zeros + zeros, count: 2 * input.count)
      guard pad.allSatisfy({ abs($0) <= 1 << 24 }) else { throw node.fail("pad is \(pad)") }
      return (input.indices.map { pad[2 * $0] }, input.indices.map { pad[2 * $0 + 1] })
    case "same", "same_lower":
      let total = input.indices.map { axis -> Int in
        if isTransposed { return max(extent[axis] - strides[axis], 0) }
        let output = (input[axis] + strides[axis] - 1) / strides[axis]
        return max((output - 1) * strides[axis] + extent[axis] - input[axis], 0)
      }
      let small = total.map { $0 / 2 }
      let large = zip(total, small).map { $0 - $1 }
      return type == "same" ? (small, large) : (large, small)
    default: throw node.fail("pad_type is '\(type)', expected valid, custom, same or same_lower")
    }
  }

  func output(_ node: Node) throws -> ValueSpec {
    if let bias = node.optional("bias"), bias.tensor.count != outputChannels, bias.tensor.count != 1 {
      throw node.fail("bias has \(bias.tensor.count) elements, expected \(outputChannels)")
    }
    return try node.output(x.element, [batch, outputChannels] + outputSize)
  }

  /// Depth, height and width for kernels; axes that are missing in front are `fill`.
  static func three(_ numbers: [Int], _ fill: Int) -> (Int, Int, Int) {
    let full = [Int](repeating: fill, count: max(3 - numbers.count, 0)) + numbers
    return (full[0], full[1], full[2])
  }

  private var shape: tlk_conv_shape {
    var shape = tlk_conv_shape()
    shape.batch = batch
    shape.input = Convolution.three(input, 1)
    shape.output = Convolution.three(outputSize, 1)
    shape.kernel = Convolution.three(kernelSize, 1)
    shape.stride = Convolution.three(strides, 1)
    shape.dilation = Convolution.three(dilations, 1)
    shape.padding = Convolution.three(padding, 0)
    shape.input_channels = inputChannels
    shape.output_channels = outputChannels
    shape.groups = groups
    shape.transposed = isTransposed
    return shape
  }

  /// One tap that keeps every pixel: the input takes a prologue.
  var isProduct: Bool {
    var shape = shape
    return tlk_conv_is_product(&shape)
  }

  func kernel(_ node: Node) throws -> Kernel {
    let weightValue = try node.value("weight")
    let output = node.outputs[0]
    var shape = shape
    let weightType = try node.kernelType(weight, "weight")
    let byteCount = tlk_conv_packed_bytes(&shape, weightType)
    guard byteCount >= 0 else { throw node.fail("weights of the shape \(weight.shape) are too large", .unsupported) }
    let fixedShape = shape
    func pack(_ source: UnsafeRawPointer) throws -> OwnedBytes {
      let packed = OwnedBytes(byteCount: byteCount)
      var shape = fixedShape
      try node.check(tlk_conv_weights(&shape, source, weightType, packed.pointer, weightType))
      return packed
    }
    var conv = tlk_conv()
    conv.shape = shape
    conv.input_pitch = try node.value("x").pitch
    conv.output_pitch = output.pitch
    conv.input_dtype = try node.kernelType(x, "x")
    conv.weight_dtype = weightType
    conv.output_dtype = try node.kernelType(output.tensor, "output")
    let epilogue = try EpilogueKernel(node, columns: outputChannels)
    let factors = node.prologue.map { (scale: OwnedArray($0.scale), shift: OwnedArray($0.shift)) }
    if let prologue = node.prologue, let factors {
      conv.prologue = tlk_prologue(scale: factors.scale.pointer, shift: factors.shift.pointer, low: prologue.low, high: prologue.high)
    }
    let (source, target) = (try node.value("x").slot, output.slot)
    if weightValue.isFoldable, let address = weightValue.bytes?.baseAddress {
      let form = [1, isTransposed ? 1 : 0, groups, Int(weightType.rawValue)] + weight.shape
      let packed = try node.packed(weightValue, form: form) { try pack(address) }
      conv.packed = UnsafeRawPointer(packed.pointer)
      let fixed = conv
      return { frame in
        var conv = fixed
        conv.input = UnsafeRawPointer(frame[source])
        conv.output = frame[target]
        epilogue.apply(&conv.epilogue, frame)
        try withExtendedLifetime((packed, factors)) { try node.check(tlk_conv_run(&conv)) }
      }
    }
    // Weights that are computed at run time are packed for each run.
    let weightSlot = weightValue.slot
    let fixed = conv
    return { frame in
      var conv = fixed
      let packed = try pack(frame[weightSlot])
      conv.packed = UnsafeRawPointer(packed.pointer)
      conv.input = UnsafeRawPointer(frame[source])
      conv.output = frame[target]
      epilogue.apply(&conv.epilogue, frame)
      try withExtendedLifetime((packed, factors)) { try node.check(tlk_conv_run(&conv)) }
    }
  }
}
