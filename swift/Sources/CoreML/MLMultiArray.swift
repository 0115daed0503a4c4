import Glibc
import Kernels

/// Elements in memory: dense and row-major when this class allocates it, of any stride over memory of others.
open class MLMultiArray: NSObject {
  let sizes: [Int]
  let elementStrides: [Int]
  let base: UnsafeMutableRawPointer
  public let dataType: MLMultiArrayDataType
  /// What keeps `base` alive besides `release`: a pixel buffer, memory of the engine.
  let owner: AnyObject?
  private let release: ((UnsafeMutableRawPointer) -> Void)?

  init(
    base: UnsafeMutableRawPointer, sizes: [Int], strides: [Int], dataType: MLMultiArrayDataType, owner: AnyObject?,
    release: ((UnsafeMutableRawPointer) -> Void)? = nil
  ) {
    self.base = base
    self.sizes = sizes
    self.elementStrides = strides
    self.dataType = dataType
    self.owner = owner
    self.release = release
  }

  deinit { release?(base) }

  /// Memory of its own, its contents undefined.
  convenience init(sizes: [Int], strides: [Int], dataType: MLMultiArrayDataType) throws {
    guard let span = checkedByteSpan(sizes, strides, dataType) else {
      throw invalid("shape \(sizes), strides \(strides)", "no memory has these sizes")
    }
    // 64 elements more than the span: a reader of whole vectors stays inside.
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, span + 512) == 0, let memory else {
      throw invalid("shape \(sizes)", "no memory for \(span) bytes")
    }
    self.init(base: memory, sizes: sizes, strides: strides, dataType: dataType, owner: nil) { free($0) }
  }

  public convenience init(shape: [NSNumber], dataType: MLMultiArrayDataType) throws {
    let sizes = shape.map(\.intValue)
    try self.init(sizes: sizes, strides: denseStrides(sizes), dataType: dataType)
  }

  public convenience init(
    dataPointer: UnsafeMutableRawPointer, shape: [NSNumber], dataType: MLMultiArrayDataType, strides: [NSNumber],
    deallocator: ((UnsafeMutableRawPointer) -> Void)? = nil
  ) throws {
    let sizes = shape.map(\.intValue), strides = strides.map(\.intValue)
    guard sizes.count == strides.count, checkedByteSpan(sizes, strides, dataType) != nil else {
      throw invalid("shape \(sizes), strides \(strides)", "expected as many strides as sizes, none negative")
    }
    self.init(base: dataPointer, sizes: sizes, strides: strides, dataType: dataType, owner: nil, release: deallocator)
  }

  /// The width is the last size, the height the product of the others; rows may be padded.
  public convenience init(pixelBuffer: CVPixelBuffer, shape: [NSNumber]) {
    let sizes = shape.map(\.intValue)
    let dataType: MLMultiArrayDataType = pixelBuffer.pixelFormat == kCVPixelFormatType_OneComponent8 ? .int8 : .float16
    var strides = denseStrides(sizes)
    let rowElements = pixelBuffer.bytesPerRow / dataType.byteWidth
    for axis in strides.indices.dropLast() {
      strides[axis] = strides[axis] / max(sizes[sizes.count - 1], 1) * rowElements
    }
    self.init(base: pixelBuffer.base, sizes: sizes, strides: strides, dataType: dataType, owner: pixelBuffer)
  }

  open var dataPointer: UnsafeMutableRawPointer { base }
  open var shape: [NSNumber] { sizes.map { NSNumber(value: $0) } }
  open var strides: [NSNumber] { elementStrides.map { NSNumber(value: $0) } }
  open var count: Int { sizes.reduce(1, &*) }
  open var pixelBuffer: CVPixelBuffer? { owner as? CVPixelBuffer }

  /// Bytes from the first to behind the last element.
  var byteSpan: Int { checkedByteSpan(sizes, elementStrides, dataType) ?? 0 }

  /// Row-major without gaps; axes of size 1 may have any stride.
  var isDense: Bool {
    var expected = 1
    for axis in sizes.indices.reversed() where sizes[axis] != 1 {
      if elementStrides[axis] != expected { return false }
      expected &*= sizes[axis]
    }
    return true
  }

  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: base, count: byteSpan))
  }
  public func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer, _ strides: [Int]) throws -> R) rethrows
    -> R
  {
    try body(UnsafeMutableRawBufferPointer(start: base, count: byteSpan), elementStrides)
  }
}

extension MLMultiArrayDataType {
  var byteWidth: Int {
    switch self {
    case .double: return 8
    case .float32, .int32: return 4
    case .float16: return 2
    case .int8: return 1
    }
  }

  var name: String {
    switch self {
    case .double: return "float64"
    case .float32: return "float32"
    case .float16: return "float16"
    case .int32: return "int32"
    case .int8: return "int8"
    }
  }

  var kernel: tlk_dtype {
    switch self {
    case .double: return TLK_F64
    case .float32: return TLK_F32
    case .float16: return TLK_F16
    case .int32: return TLK_I32
    case .int8: return TLK_I8
    }
  }
}

func denseStrides(_ sizes: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: sizes.count)
  var stride = 1
  for axis in sizes.indices.reversed() {
    strides[axis] = stride
    stride = stride.multipliedReportingOverflow(by: max(sizes[axis], 1)).partialValue
  }
  return strides
}

/// nil where a size or stride is negative or the span overflows.
func checkedByteSpan(_ sizes: [Int], _ strides: [Int], _ dataType: MLMultiArrayDataType) -> Int? {
  var last = 0
  var isEmpty = false
  for (size, stride) in zip(sizes, strides) {
    guard size >= 0, stride >= 0 else { return nil }
    if size == 0 { isEmpty = true }
    let (offset, tooLarge) = max(size - 1, 0).multipliedReportingOverflow(by: stride)
    let (sum, overflow) = last.addingReportingOverflow(offset)
    guard !tooLarge, !overflow else { return nil }
    last = sum
  }
  // Half the address space of 48 bits: sums with it cannot overflow either.
  guard last < 1 << 46 else { return nil }
  return isEmpty ? 0 : (last + 1) * dataType.byteWidth
}

private func invalid(_ what: String, _ why: String) -> MLModelError {
  MLModelError(.parameters, "MLMultiArray with \(what): \(why)")
}
