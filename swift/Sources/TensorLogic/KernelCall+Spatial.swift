import CTensorLogic
import Kernels

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

let spatialKernels: [String: (KernelCall) throws -> Void] = [
  "conv2d": convolve,
  "depthwiseConv2d": convolve,
  "maxPool": { try pool($0, TLK_POOL_MAX) },
  "avgPool": { try pool($0, $0.flag("countsPadding") ? TLK_POOL_AVERAGE : TLK_POOL_AVERAGE_INSIDE) },
  "imageToTensor": imageToTensor,
]

/// For `free`; kernels want 64-byte aligned weights.
private func alignedMemory(_ byteCount: Int) -> UnsafeMutableRawPointer? {
  var memory: UnsafeMutableRawPointer?
  return posix_memalign(&memory, 64, max(byteCount, 64)) == 0 ? memory : nil
}

/// [batch][channels][height][width] in the kernels' order, channels last.
private final class ChannelsLast {
  let memory: UnsafeMutableRawPointer
  let shape: [Int]  // as in the tensor: batch, channels, height, width

  init(_ shape: [Int], _ call: KernelCall) throws {
    let bytes = shape.reduce(2, *)
    guard let memory = alignedMemory(bytes) else { throw Failure(TL_E_MEMORY, "no memory for \(bytes) bytes") }
    self.memory = memory
    self.shape = shape
  }
  deinit { free(memory) }

  private var strides: [Int] { [shape[1] * shape[2] * shape[3], 1, shape[3] * shape[1], shape[1]] }

  func read(_ tensor: KernelCall.Operand, _ call: KernelCall) throws {
    try call.check(tlk_copy(tensor.address, denseStrides(shape), memory, strides, shape, 4, 2))
  }
  func write(_ tensor: KernelCall.Operand, _ call: KernelCall) throws {
    try call.check(tlk_copy(memory, strides, tensor.address, denseStrides(shape), shape, 4, 2))
  }
}

private func convolve(_ call: KernelCall) throws {
  let hasBias = call.operands.count == 4
  let x = try call.tensor(0, "x", rank: 4), weight = try call.tensor(1, "weight", rank: 4)
  let window = try Window(call, kernel: Array(weight.shape[2...]))
  let groups = try call.integer("groups", minimum: 1)
  let (channels, filters) = (x.shape[1], weight.shape[0])
  guard channels % groups == 0, filters % groups == 0, weight.shape[1] == channels / groups else {
    throw call.wrong("x has shape \(x.shape), the weight \(weight.shape), groups are \(groups)")
  }
  let bias = hasBias ? try call.floats(call.tensor(2, "bias", shape: [filters])) : []
  let size = try window.output(x.shape, call)
  let y = try call.tensor(hasBias ? 3 : 2, "y", shape: [x.shape[0], filters] + size)
  let input = try ChannelsLast(x.shape, call), output = try ChannelsLast(y.shape, call)
  try input.read(x, call)
  var conv = tlk_conv()
  conv.shape = window.shape(x.shape, size)
  conv.shape.output_channels = filters
  conv.shape.groups = groups
  let packedBytes = tlk_conv_packed_bytes(&conv.shape, TLK_F16)
  guard packedBytes > 0, let packed = alignedMemory(packedBytes) else { throw call.wrong("the weights cannot be packed") }
  defer { free(packed) }
  try call.check(tlk_conv_weights(&conv.shape, weight.address, TLK_F16, packed, TLK_F16))
  conv.input = UnsafeRawPointer(input.memory)
  conv.packed = UnsafeRawPointer(packed)
  conv.output = output.memory
  (conv.input_pitch, conv.output_pitch) = (channels, filters)
  (conv.input_dtype, conv.weight_dtype, conv.output_dtype) = (TLK_F16, TLK_F16, TLK_F16)
  try bias.withUnsafeBufferPointer { values in
    if hasBias { conv.epilogue.bias = values.baseAddress }
    try call.check(tlk_conv_run(&conv))
  }
  try output.write(y, call)
}

private func pool(_ call: KernelCall, _ kind: tlk_pool_kind) throws {
  try call.expect(count: 2)
  let x = try call.tensor(0, "x", rank: 4)
  let window = try Window(call, kernel: call.integers("kernel", count: 2, minimum: 1))
  let size = try window.output(x.shape, call)
  guard window.padding[0] < window.kernel[0], window.padding[1] < window.kernel[1] else {
    throw call.wrong("padding \(window.padding) leaves windows of \(window.kernel) without an element")
  }
  let y = try call.tensor(1, "y", shape: [x.shape[0], x.shape[1]] + size)
  let input = try ChannelsLast(x.shape, call), output = try ChannelsLast(y.shape, call)
  try input.read(x, call)
  var pool = tlk_pool()
  pool.shape = window.shape(x.shape, size)
  pool.padding_after = (0, window.padding[0], window.padding[1])
  pool.kind = kind
  pool.input = UnsafeRawPointer(input.memory)
  pool.output = output.memory
  (pool.input_pitch, pool.output_pitch) = (x.shape[1], x.shape[1])
  (pool.input_dtype, pool.output_dtype) = (TLK_F16, TLK_F16)
  try call.check(tlk_pool_run(&pool))
  try output.write(y, call)
}

/// A window over height and width.
private struct Window {
  let kernel: [Int]
  let stride: [Int]
  let padding: [Int]
  let dilation: [Int]

  init(_ call: KernelCall, kernel: [Int]) throws {
    self.kernel = kernel
    stride = try call.integers("stride", count: 2, minimum: 1)
    padding = try call.integers("padding", count: 2, minimum: 0)
    dilation = try call.integers("dilation", count: 2, minimum: 1)
  }

  func output(_ input: [Int], _ call: KernelCall) throws -> [Int] {
    try [0, 1].map { axis in
      let reach = (kernel[axis] - 1) * dilation[axis] + 1, space = input[axis + 2] + 2 * padding[axis]
      guard space >= reach else { throw call.wrong("windows of \(kernel) do not fit into shape \(input)") }
      return (space - reach) / stride[axis] + 1
    }
  }

  func shape(_ input: [Int], _ output: [Int]) -> tlk_conv_shape {
    var shape = tlk_conv_shape()
    shape.batch = input[0]
    shape.input = (1, input[2], input[3])
    shape.output = (1, output[0], output[1])
    shape.kernel = (1, kernel[0], kernel[1])
    shape.stride = (1, stride[0], stride[1])
    shape.dilation = (1, dilation[0], dilation[1])
    shape.padding = (0, padding[0], padding[1])
    (shape.input_channels, shape.output_channels, shape.groups) = (input[1], input[1], 1)
    return shape
  }
}

/// pixels [height, width, 1, 3 or 4] to [1, 1 or 3, height, width].
private func imageToTensor(_ call: KernelCall) throws {
  try call.expect(count: 2)
  let pixels = try call.tensor(0, "pixels", .uint8, rank: 3)
  let (height, width, pixelBytes) = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
  let channels = pixelBytes == 1 ? 1 : 3
  let y = try call.tensor(1, "y", shape: [1, channels, height, width])
  let format: tlk_pixel_format
  switch pixelBytes {
  case 1: format = TLK_PIXEL_GRAY
  case 3: format = TLK_PIXEL_RGB
  case 4: format = TLK_PIXEL_RGBA
  default: throw call.wrong("pixels have \(pixelBytes) bytes, expected 1, 3 or 4")
  }
  let layout = channels == 1 ? TLK_COLOR_GRAY : call.flag("bgr") ? TLK_COLOR_BGR : TLK_COLOR_RGB
  let scale = try call.numbers("scale", count: channels), bias = try call.numbers("bias", count: channels)
  try call.check(
    tlk_image_to_tensor(
      pixels.address.assumingMemoryBound(to: UInt8.self), format, width, height, width * pixelBytes, y.address, TLK_F16,
      layout, height * width, width, 1, scale, bias))
}
