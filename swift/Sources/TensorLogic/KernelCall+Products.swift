import CTensorLogic
import Kernels

let productKernels: [String: (KernelCall) throws -> Void] = ["matmul": matmul, "linear": linear]

/// a [..., m, k] (or [..., k, m]), b [..., k, n] (or [..., n, k]); b may be one matrix for all of a.
private func matmul(_ call: KernelCall) throws {
  try call.expect(count: 3)
  let a = try call.tensor(0, "a"), b = try call.tensor(1, "b")
  let turnsA = call.flag("transposeA"), turnsB = call.flag("transposeB")
  guard a.shape.count >= 2, b.shape.count >= 2 else { throw call.wrong("a and b need at least 2 axes") }
  let (aRows, aColumns) = (a.shape[a.shape.count - 2], a.shape[a.shape.count - 1])
  let (bRows, bColumns) = (b.shape[b.shape.count - 2], b.shape[b.shape.count - 1])
  let (m, k) = turnsA ? (aColumns, aRows) : (aRows, aColumns)
  let n = turnsB ? bRows : bColumns
  guard (turnsB ? bColumns : bRows) == k else { throw call.wrong("shapes \(a.shape) and \(b.shape) do not fit") }
  let batch = Array(a.shape.dropLast(2)), bBatch = Array(b.shape.dropLast(2))
  guard bBatch.isEmpty || bBatch == batch else { throw call.wrong("batches \(batch) and \(bBatch) differ") }
  let y = try call.tensor(2, "y", shape: batch + [m, n])
  var product = tlk_matmul()
  product.batch = batch.reduce(1, *)
  (product.m, product.n, product.k) = (m, n, k)
  product.a = UnsafeRawPointer(a.address)
  product.b = UnsafeRawPointer(b.address)
  product.out = y.address
  product.transpose_a = turnsA
  product.transpose_b = turnsB
  (product.a_pitch, product.b_pitch, product.out_pitch) = (aColumns, bColumns, n)
  (product.a_stride, product.b_stride, product.out_stride) = (m * k, bBatch.isEmpty ? 0 : k * n, m * n)
  (product.a_dtype, product.b_dtype, product.out_dtype) = (TLK_F16, TLK_F16, TLK_F16)
  product.alpha = 1
  try call.check(tlk_matmul_run(&product))
}

/// x [..., k], weight [n, k], bias [n] if there are four tensors.
private func linear(_ call: KernelCall) throws {
  let hasBias = call.operands.count == 4
  let x = try call.tensor(0, "x"), weight = try call.tensor(1, "weight", rank: 2)
  guard let k = x.shape.last, weight.shape[1] == k else {
    throw call.wrong("x has shape \(x.shape), the weight \(weight.shape)")
  }
  let n = weight.shape[0], m = x.count / k
  let bias = hasBias ? try call.floats(call.tensor(2, "bias", shape: [n])) : []
  let y = try call.tensor(hasBias ? 3 : 2, "y", shape: Array(x.shape.dropLast()) + [n])
  var product = tlk_matmul()
  product.batch = 1
  (product.m, product.n, product.k) = (m, n, k)
  product.a = UnsafeRawPointer(x.address)
  product.b = UnsafeRawPointer(weight.address)
  product.out = y.address
  product.transpose_b = true
  (product.a_pitch, product.b_pitch, product.out_pitch) = (k, k, n)
  (product.a_dtype, product.b_dtype, product.out_dtype) = (TLK_F16, TLK_F16, TLK_F16)
  product.alpha = 1
  try bias.withUnsafeBufferPointer { values in
    if hasBias { product.epilogue.bias = values.baseAddress }
    try call.check(tlk_matmul_run(&product))
  }
}
