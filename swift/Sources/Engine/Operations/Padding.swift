import Kernels
import MIL

extension OperationTable {
  static let padding: [OperationDefinition] = [
    OperationDefinition("pad", infer: inferPad, kernel: padKernel, layout: .custom(followPad))
  ]

  /// (before, after) per axis of x; `pad` may name the last axes only.
  private static func pads(_ node: Node, rank: Int) throws -> [(before: Int, after: Int)] {
    let pad = try node.ints("pad", default: [])
    guard pad.count % 2 == 0, pad.count <= 2 * rank, pad.allSatisfy({ $0 >= 0 && $0 <= TensorSpec.maximumCount }) else {
      throw node.fail("pad is \(pad), expected at most \(rank) pairs of numbers from 0")
    }
    let full = [Int](repeating: 0, count: 2 * rank - pad.count) + pad
    return (0..<rank).map { (full[2 * $0], full[2 * $0 + 1]) }
  }

  private static func inferPad(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let pads = try pads(node, rank: x.rank)
    let mode = try node.string("mode", default: "constant")
    _ = try node.element("constant_val", of: x.element)
    for (axis, pad) in pads.enumerated() {
      let size = x.shape[axis]
      switch mode {
      case "constant": break
      case "reflect":
        guard max(pad.before, pad.after) < max(size, 1) else { throw node.fail("pad is \(pad) on axis \(axis) of the size \(size), reflect takes at most \(size - 1)") }
      case "replicate":
        guard size > 0 || pad.before + pad.after == 0 else { throw node.fail("x has the shape \(x.shape), nothing to replicate") }
      default: throw node.fail("mode is '\(mode)', expected constant, reflect or replicate")
      }
    }
    return [try node.output(x.element, zip(x.shape, pads).map { $0 + $1.before + $1.after })]
  }

  private static func followPad(_ node: Node, _ order: [Int]) -> Bool {
    guard let pads = try? pads(node, rank: order.count) else { return false }
    node.inputs["pad"] = [Value.ints("pad", order.flatMap { [pads[$0].before, pads[$0].after] })]
    return true
  }

  private static func padKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let output = node.outputs[0].tensor
    let pads = try pads(node, rank: x.rank)
    let mode = try node.string("mode", default: "constant")
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let strides = output.strides
    let origin = zip(pads, strides).reduce(0) { $0 &+ $1.0.before &* $1.1 }
    let interior = StridedCopy(shape: x.shape, from: x.strides, to: strides, toOffset: origin, element: x)
    if mode == "constant" {
      let element = try node.element("constant_val", of: x.element)
      let slabs = borders(x.shape, pads, strides)
      let size = x.byteWidth
      return { frame in
        try node.check(interior.run(frame[source], frame[target]))
        for slab in slabs {
          try node.check(tlk_fill(frame[target] + slab.offset * size, strides, slab.shape, strides.count, element.pointer, size))
        }
      }
    }
    let copies = extensions(x, pads, output, isReflected: mode == "reflect")
    return { frame in
      try node.check(interior.run(frame[source], frame[target]))
      for copy in copies { try node.check(copy.run(frame[target], frame[target])) }
    }
  }

  /// What surrounds the interior, each element in one slab: full extent on the axes behind, the interior's on those before.
  private static func borders(_ interior: [Int], _ pads: [(before: Int, after: Int)], _ strides: [Int]) -> [(offset: Int, shape: [Int])] {
    var slabs: [(offset: Int, shape: [Int])] = []
    var offset = 0
    var shape = zip(interior, pads).map { $0 + $1.before + $1.after }
    for (axis, pad) in pads.enumerated() {
      for (start, size) in [(0, pad.before), (pad.before + interior[axis], pad.after)] where size > 0 {
        var slab = shape
        slab[axis] = size
        slabs.append((offset &+ start &* strides[axis], slab))
      }
      offset = offset &+ pad.before &* strides[axis]
      shape[axis] = interior[axis]
    }
    return slabs
  }

  /// Copies inside the output that extend it axis by axis, from the last one on, by what is there already.
  private static func extensions(_ x: TensorSpec, _ pads: [(before: Int, after: Int)], _ output: TensorSpec, isReflected: Bool) -> [StridedCopy] {
    let strides = output.strides
    var copies: [StridedCopy] = []
    for axis in x.shape.indices.reversed() {
      // Axes behind this one are complete, those before still have only the interior.
      let base = (0..<axis).reduce(0) { $0 &+ pads[$1].before &* strides[$1] }
      let (first, size, step) = (pads[axis].before, x.shape[axis], strides[axis])
      for (start, count, edge) in [(0, pads[axis].before, first), (first + size, pads[axis].after, first + size - 1)] where count > 0 {
        let shape = Array(x.shape[..<axis]) + [count] + output.shape[(axis + 1)...]
        var from = strides
        from[axis] = isReflected ? -step : 0
        let nearest = !isReflected ? edge : start == 0 ? first + count : edge - 1
        copies.append(StridedCopy(shape: shape, from: from, to: strides, fromOffset: base &+ nearest &* step, toOffset: base &+ start &* step, element: x))
      }
    }
    return copies
  }
}

extension Node {
  /// One element as the kernels store it: parameter `name` converted to `element`, or zero.
  func element(_ name: String, of element: ElementType) throws -> OwnedBytes {
    let bytes = OwnedBytes(byteCount: 8)
    bytes.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: 8)
    guard let value = optional(name) else { return bytes }
    let given = try tensor(of: value, name)
    guard given.count == 1 else { throw fail("parameter '\(name)' has the shape \(given.shape), expected one number") }
    guard let stored = value.bytes?.baseAddress else { throw Unresolved(values: [value]) }
    if given.element == element {
      bytes.pointer.copyMemory(from: stored, byteCount: given.byteWidth)
    } else {
      try check(tlk_convert(stored, kernelType(given, name), bytes.pointer, kernelType(TensorSpec(element, []), name), 1))
    }
    return bytes
  }
}
