import CTensorLogic
import Kernels

@_cdecl("tl_tensor_convert")
public func tl_tensor_convert(
  _ source: UnsafeRawPointer?, _ sourceFormat: Int32, _ target: UnsafeMutableRawPointer?, _ targetFormat: Int32,
  _ elementCount: UInt64
) -> Int32 {
  export {
    let from = try ElementFormat(code: sourceFormat, "source_dtype"),
      to = try ElementFormat(code: targetFormat, "target_dtype")
    let count = try checkedCount(elementCount, max(from.byteWidth, to.byteWidth))
    guard count > 0 else { return }
    try check(
      tlk_convert(required(source, "source"), from.kernel, required(target, "target"), to.kernel, count),
      "tl_tensor_convert")
  }
}

@_cdecl("tl_tensor_copy")
public func tl_tensor_copy(
  _ source: UnsafeRawPointer?, _ sourceStrides: UnsafePointer<Int64>?, _ target: UnsafeMutableRawPointer?,
  _ targetStrides: UnsafePointer<Int64>?,
  _ format: Int32, _ rank: UInt32, _ shape: UnsafePointer<Int64>?
) -> Int32 {
  export {
    let format = try ElementFormat(code: format)
    let from = try Layout(format: format, rank: rank, shape: shape, strides: sourceStrides)
    let to = try Layout(format: format, rank: rank, shape: shape, strides: targetStrides)
    guard from.elementCount > 0 else { return }
    try copyElements(required(source, "source"), from, to: required(target, "target"), to)
  }
}

@_cdecl("tl_tensor_argmax")
public func tl_tensor_argmax(
  _ source: UnsafeRawPointer?, _ format: Int32, _ elementCount: UInt64, _ outIndex: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  export {
    let format = try ElementFormat(code: format)
    let outIndex = try required(outIndex, "out_index")
    let count = try indexableCount(elementCount, format)
    guard count > 0 else { throw Failure(TL_E_ARGUMENT, "tl_tensor_argmax: the tensor has no elements") }
    var index: Int32 = 0
    try withKernelFormat(source, format, count) { values, kernel in
      try check(tlk_arg_reduce(true, values, kernel, &index, 1, count, 1), "tl_tensor_argmax")
    }
    outIndex.pointee = UInt64(max(index, 0))
  }
}

@_cdecl("tl_tensor_top_k")
public func tl_tensor_top_k(
  _ source: UnsafeRawPointer?, _ format: Int32, _ elementCount: UInt64, _ k: UInt32,
  _ outIndices: UnsafeMutablePointer<UInt32>?,
  _ outValues: UnsafeMutablePointer<Float>?
) -> Int32 {
  export {
    let format = try ElementFormat(code: format)
    let count = try indexableCount(elementCount, format)
    guard Int(k) <= count else { throw Failure(TL_E_ARGUMENT, "k: \(k) of \(count) elements") }
    guard k > 0 else { return }
    let outIndices = try required(outIndices, "out_indices"), outValues = try required(outValues, "out_values")
    try withKernelFormat(source, format, count) { values, kernel in
      let width = Int(tlk_dtype_size(kernel))
      let found = UnsafeMutableRawPointer.allocate(byteCount: Int(k) * width, alignment: 16)
      defer { found.deallocate() }
      try outIndices.withMemoryRebound(to: Int32.self, capacity: Int(k)) {
        try check(tlk_top_k(true, values, kernel, found, $0, 1, count, Int(k)), "tl_tensor_top_k")
      }
      try check(tlk_convert(found, kernel, outValues, TLK_F32, Int(k)), "tl_tensor_top_k")
    }
  }
}

@_cdecl("tl_tensor_softmax")
public func tl_tensor_softmax(
  _ source: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer?, _ format: Int32, _ rows: UInt64, _ columns: UInt64
) -> Int32 {
  export {
    let format = try ElementFormat(code: format)
    guard format == .float16 || format == .float32 else {
      throw Failure(TL_E_ARGUMENT, "dtype: softmax takes float16 or float32, got \(format.name)")
    }
    let (elements, overflow) = rows.multipliedReportingOverflow(by: columns)
    guard !overflow else { throw Failure(TL_E_ARGUMENT, "\(rows) × \(columns) elements: too many") }
    guard try checkedCount(elements, format.byteWidth) > 0 else { return }
    let status = try tlk_softmax(
      required(source, "source"), format.kernel, required(target, "target"), format.kernel, Int(rows), Int(columns), 1)
    try check(status, "tl_tensor_softmax")
  }
}

/// The kernels search and sort in the types that models compute with; the others are converted.
private func withKernelFormat(
  _ source: UnsafeRawPointer?, _ format: ElementFormat, _ count: Int,
  _ body: (UnsafeRawPointer, tlk_dtype) throws -> Void
) throws {
  let source = try required(source, "source")
  switch format {
  case .float16, .float32, .int32, .int8, .uint8, .int16, .uint16, .uint32, .bool: try body(source, format.kernel)
  case .float64:
    let values = UnsafeMutablePointer<Float>.allocate(capacity: count)
    defer { values.deallocate() }
    try check(tlk_convert(source, TLK_F64, values, TLK_F32, count), "convert")
    try body(values, TLK_F32)
  }
}

private func checkedCount(_ elementCount: UInt64, _ byteWidth: Int) throws -> Int {
  guard elementCount <= UInt64(Int.max / byteWidth) else {
    throw Failure(TL_E_ARGUMENT, "element_count: \(elementCount) is too many")
  }
  return Int(elementCount)
}

/// Kernels answer positions as Int32.
private func indexableCount(_ elementCount: UInt64, _ format: ElementFormat) throws -> Int {
  guard elementCount <= UInt64(Int32.max) else {
    throw Failure(TL_E_ARGUMENT, "element_count: \(elementCount) is more than \(Int32.max)")
  }
  return Int(elementCount)
}
