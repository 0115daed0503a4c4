import CTensorLogic
import Kernels

let rowKernels: [String: (KernelCall) throws -> Void] = [
  "softmax": softmax,
  "layerNorm": layerNorm,
  "rmsNorm": rmsNorm,
  "batchNorm": batchNorm,
  "argmax": argmax,
  "topK": topK,
]

/// Rows of contiguous elements along the last axis.
private func rows(_ tensor: KernelCall.Operand) -> (rows: Int, columns: Int) {
  let columns = tensor.shape.last ?? 1
  return (tensor.count / columns, columns)
}

private func softmax(_ call: KernelCall) throws {
  try call.expect(count: 2)
  let x = try call.tensor(0, "x"), y = try call.tensor(1, "y", shape: x.shape)
  let size = rows(x)
  try call.check(tlk_softmax(x.address, TLK_F16, y.address, TLK_F16, size.rows, size.columns, 1))
}

/// x, gamma if hasGamma, beta if hasBeta, y.
private func layerNorm(_ call: KernelCall) throws {
  let x = try call.tensor(0, "x")
  let size = rows(x)
  let (gamma, beta, next) = try affine(call, from: 1, [size.columns])
  let y = try call.tensor(next, "y", shape: x.shape)
  let epsilon = try call.number("epsilon")
  try withPointers(gamma, beta) { gamma, beta in
    try call.check(
      tlk_layer_norm(x.address, TLK_F16, nil, y.address, TLK_F16, size.rows, size.columns, gamma, beta, epsilon))
  }
}

private func rmsNorm(_ call: KernelCall) throws {
  let x = try call.tensor(0, "x")
  let size = rows(x)
  let (gamma, _, next) = try affine(call, from: 1, [size.columns])
  let y = try call.tensor(next, "y", shape: x.shape)
  let epsilon = try call.number("epsilon")
  try withPointers(gamma, nil) { gamma, _ in
    try call.check(tlk_rms_norm(x.address, TLK_F16, y.address, TLK_F16, size.rows, size.columns, gamma, epsilon))
  }
}

/// x [batch, channels, ...], mean, variance, gamma?, beta?, y: one product and one sum per element.
private func batchNorm(_ call: KernelCall) throws {
  let x = try call.tensor(0, "x")
  guard x.shape.count >= 2 else { throw call.wrong("x has shape \(x.shape), expected [batch, channels, ...]") }
  let channels = x.shape[1], batch = x.shape[0]
  let mean = try call.floats(call.tensor(1, "mean", shape: [channels]))
  let variance = try call.floats(call.tensor(2, "variance", shape: [channels]))
  let (gamma, beta, next) = try affine(call, from: 3, [channels])
  let y = try call.tensor(next, "y", shape: x.shape)
  let epsilon = try call.number("epsilon")
  let pixels = x.count / (batch * channels)
  let scale = (0..<channels).map { (gamma?[$0] ?? 1) / (variance[$0] + epsilon).squareRoot() }
  let shift = (0..<channels).map { (beta?[$0] ?? 0) - mean[$0] * scale[$0] }
  var activation = tlk_activation()
  activation.kind = TLK_ACT_LINEAR
  for plane in 0..<batch * channels {
    // A plane is one row; scale and shift of its channel are the activation's.
    activation.alpha = scale[plane % channels]
    activation.beta = shift[plane % channels]
    let offset = plane * pixels * 2
    try call.check(
      tlk_scale_shift(
        x.address + offset, TLK_F16, y.address + offset, TLK_F16, 1, pixels, pixels, pixels, nil, nil, &activation))
  }
}

private func argmax(_ call: KernelCall) throws {
  try call.expect(count: 2)
  let x = try call.tensor(0, "x")
  let size = rows(x)
  let y = try call.tensor(1, "y", .int32, shape: Array(x.shape.dropLast()))
  try call.check(
    tlk_arg_reduce(
      true, x.address, TLK_F16, y.address.assumingMemoryBound(to: Int32.self), size.rows, size.columns, 1))
}

private func topK(_ call: KernelCall) throws {
  try call.expect(count: 3)
  let x = try call.tensor(0, "x")
  let size = rows(x)
  let k = try call.integer("k", minimum: 1)
  guard k <= size.columns else { throw call.wrong("k is \(k), rows have \(size.columns) elements") }
  let shape = Array(x.shape.dropLast()) + [k]
  let values = try call.tensor(1, "values", shape: shape), indices = try call.tensor(2, "indices", .int32, shape: shape)
  try call.check(
    tlk_top_k(
      true, x.address, TLK_F16, values.address, indices.address.assumingMemoryBound(to: Int32.self), size.rows,
      size.columns, k))
}

private func affine(
  _ call: KernelCall, from start: Int, _ shape: [Int]
) throws -> (gamma: [Float]?, beta: [Float]?, next: Int) {
  var next = start
  var gamma: [Float]?, beta: [Float]?
  if call.flag("hasGamma") {
    gamma = try call.floats(call.tensor(next, "gamma", shape: shape))
    next += 1
  }
  if call.flag("hasBeta") {
    beta = try call.floats(call.tensor(next, "beta", shape: shape))
    next += 1
  }
  return (gamma, beta, next)
}

private func withPointers<R>(
  _ first: [Float]?, _ second: [Float]?, _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) throws -> R
) rethrows -> R {
  try (first ?? []).withUnsafeBufferPointer { a in
    try (second ?? []).withUnsafeBufferPointer { b in
      try body(first == nil ? nil : a.baseAddress, second == nil ? nil : b.baseAddress)
    }
  }
}
