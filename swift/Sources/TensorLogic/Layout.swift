import CTensorLogic
import Kernels

/// Where the elements of a tensor lie: sizes and strides in elements, checked.
struct Layout: Equatable {
  static let maximumRank = 16

  let format: ElementFormat
  let shape: [Int]
  let strides: [Int]
  let elementCount: Int
  /// Bytes from the first to behind the last element.
  let byteSpan: Int

  init(format: ElementFormat, shape: [Int], strides: [Int]) throws {
    guard shape.count <= Layout.maximumRank else {
      throw Failure(TL_E_ARGUMENT, "rank: \(shape.count) is more than \(Layout.maximumRank)")
    }
    guard shape.count == strides.count else {
      throw Failure(TL_E_ARGUMENT, "strides: \(strides.count) for \(shape.count) dimensions")
    }
    var count = 1
    var last = 0
    for (size, stride) in zip(shape, strides) {
      guard size >= 0, stride >= 0 else { throw Failure(TL_E_ARGUMENT, "shape \(shape), strides \(strides): negative") }
      count = try product(count, size)
      last = try sum(last, product(max(size - 1, 0), stride))
    }
    let span = count == 0 ? 0 : try product(sum(last, 1), format.byteWidth)
    (self.format, self.shape, self.strides, elementCount, byteSpan) = (format, shape, strides, count, span)
  }

  init(format: ElementFormat, shape: [Int]) throws {
    try self.init(format: format, shape: shape, strides: Layout.denseStrides(shape))
  }

  /// From the arrays of an export.
  init(format: ElementFormat, rank: UInt32, shape: UnsafePointer<Int64>?, strides: UnsafePointer<Int64>?) throws {
    guard rank <= Layout.maximumRank else {
      throw Failure(TL_E_ARGUMENT, "rank: \(rank) is more than \(Layout.maximumRank)")
    }
    try self.init(format: format, shape: integers(shape, rank, "shape"), strides: integers(strides, rank, "strides"))
  }

  /// Row-major without gaps. Axes of size 1 may have any stride.
  var isDense: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != expected { return false }
      // Wraps for tensors without elements, whose other sizes may be anything.
      expected &*= size
    }
    return true
  }

  /// The same elements without the axes of size 1, but for one if there are no others.
  var withoutUnitAxes: Layout {
    get throws {
      let many = shape.indices.filter { shape[$0] != 1 }
      let axes = many.isEmpty ? Array(shape.indices.suffix(1)) : many
      return try Layout(format: format, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] })
    }
  }

  static func denseStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride = stride.multipliedReportingOverflow(by: max(shape[axis], 1)).partialValue
    }
    return strides
  }
}

/// Copies elements from one layout to another, converting where the formats differ. Both have the same shape; the memory does not overlap.
func copyElements(_ source: UnsafeRawPointer, _ from: Layout, to target: UnsafeMutableRawPointer, _ to: Layout) throws {
  guard from.shape == to.shape else { throw Failure(TL_E_FEATURE, "shape \(from.shape) does not fit into \(to.shape)") }
  if from.elementCount == 0 { return }
  if from.isDense, to.isDense {
    try check(tlk_convert(source, from.format.kernel, target, to.format.kernel, from.elementCount), "convert")
    return
  }
  // The kernel takes up to TLK_MAX_RANK axes: the ones in front are walked here.
  let outer = max(from.shape.count - Int(TLK_MAX_RANK), 0)
  try forEachIndex(from.shape.prefix(outer)) { index in
    let sourceOffset = zip(index, from.strides).reduce(0) { $0 + $1.0 * $1.1 } * from.format.byteWidth
    let targetOffset = zip(index, to.strides).reduce(0) { $0 + $1.0 * $1.1 } * to.format.byteWidth
    let status = tlk_convert_strided(
      source + sourceOffset, from.format.kernel, Array(from.strides.dropFirst(outer)), target + targetOffset,
      to.format.kernel,
      Array(to.strides.dropFirst(outer)), Array(from.shape.dropFirst(outer)), from.shape.count - outer)
    try check(status, "convert")
  }
}

private func forEachIndex(_ shape: ArraySlice<Int>, _ body: ([Int]) throws -> Void) rethrows {
  var index = [Int](repeating: 0, count: shape.count)
  while true {
    try body(index)
    var axis = index.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < shape[shape.startIndex + axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

private func integers(_ values: UnsafePointer<Int64>?, _ count: UInt32, _ name: StaticString) throws -> [Int] {
  guard count > 0 else { return [] }
  return UnsafeBufferPointer(start: try required(values, name), count: Int(count)).map { Int($0) }
}

func product(_ a: Int, _ b: Int) throws -> Int {
  let (value, overflow) = a.multipliedReportingOverflow(by: b)
  if overflow { throw Failure(TL_E_ARGUMENT, "\(a) × \(b) elements: too many") }
  return value
}

func sum(_ a: Int, _ b: Int) throws -> Int {
  let (value, overflow) = a.addingReportingOverflow(b)
  if overflow { throw Failure(TL_E_ARGUMENT, "\(a) + \(b) elements: too many") }
  return value
}

/// A kernel's status as an error.
func check(_ status: tlk_status, _ what: StaticString) throws {
  switch status {
  case TLK_OK: return
  case TLK_E_MEMORY: throw Failure(TL_E_MEMORY, "\(what): no memory")
  case TLK_E_UNSUPPORTED: throw Failure(TL_E_UNSUPPORTED, "\(what): this element type is not supported")
  default: throw Failure(TL_E_ARGUMENT, "\(what): these sizes are not supported")
  }
}
