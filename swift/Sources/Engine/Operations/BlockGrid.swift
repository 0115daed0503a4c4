import Kernels
import MIL

/// A tensor cut into equal blocks that share a parameter (scale, offset, lookup table).
struct BlockGrid {
  private(set) var grid = tlk_block_grid()
  let blockCount: Int

  /// `groups` are the blocks along each axis of `shape`.
  init(_ node: Node, _ shape: [Int], groups: [Int], parameter: String) throws {
    guard shape.count == groups.count, zip(shape, groups).allSatisfy({ $1 >= 1 && $0 % $1 == 0 }) else {
      throw node.fail("\(parameter) has \(groups) blocks, expected a divisor of each size of \(shape)")
    }
    // A scalar is one row of one element.
    let (shape, groups) = shape.isEmpty ? ([1], [1]) : (shape, groups)
    guard shape.count <= Int(TLK_MAX_RANK) else { throw node.fail("rank \(shape.count) is more than the engine's \(TLK_MAX_RANK)", .unsupported) }
    blockCount = groups.reduce(1, &*)
    grid.rank = shape.count
    withUnsafeMutableBytes(of: &grid.shape) { raw in
      for (axis, size) in shape.enumerated() { raw.storeBytes(of: size, toByteOffset: axis * MemoryLayout<Int>.stride, as: Int.self) }
    }
    withUnsafeMutableBytes(of: &grid.groups) { raw in
      for (axis, size) in groups.enumerated() { raw.storeBytes(of: size, toByteOffset: axis * MemoryLayout<Int>.stride, as: Int.self) }
    }
  }

  /// One block per entry along `axis` when the parameters are vectors, one block when they are scalars.
  init(_ node: Node, _ shape: [Int], along axis: String, parameters: [String]) throws {
    var groups = [Int](repeating: 1, count: shape.count)
    for parameter in parameters {
      guard let count = node.optional(parameter)?.tensor.count, count != 1 else { continue }
      let place = try node.axis(axis, rank: shape.count)
      guard count == shape[place] else { throw node.fail("\(parameter) has \(count) elements, expected 1 or \(shape[place]), the size of axis \(place) of \(shape)") }
      groups[place] = count
    }
    try self.init(node, shape, groups: groups, parameter: parameters.first ?? axis)
  }
}

extension Node {
  /// A small tensor in f32, spread to `count` numbers if it is one; nil where the parameter is absent. A constant is widened once.
  func widened(_ name: String, count: Int) throws -> (Frame) throws -> OwnedBytes? {
    guard let value = optional(name) else { return { _ in nil } }
    let own = value.tensor.count
    guard own == count || own == 1 else { throw fail("\(name) has \(own) elements, expected \(count)") }
    let (type, slot) = (try kernelType(value.tensor, name), value.slot)
    let widen = { (source: UnsafeRawPointer) throws -> OwnedBytes in
      let wide = OwnedBytes(byteCount: count * 4)
      try self.check(tlk_convert(source, type, wide.pointer, TLK_F32, own))
      if own == 1 {
        let numbers = wide.pointer.assumingMemoryBound(to: Float.self)
        for index in 1..<max(count, 1) { numbers[index] = numbers[0] }
      }
      return wide
    }
    if value.isFoldable, let bytes = value.bytes?.baseAddress {
      let wide = try widen(bytes)
      return { _ in wide }
    }
    return { frame in try widen(frame[slot]) }
  }
}

extension OwnedBytes {
  convenience init(floats count: Int) { self.init(byteCount: count * 4) }
  var floats: UnsafeMutablePointer<Float> { pointer.assumingMemoryBound(to: Float.self) }
}
