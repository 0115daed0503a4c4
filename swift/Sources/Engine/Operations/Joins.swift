import Kernels
import MIL

extension OperationTable {
  /// Several tensors into one and back: plain strided copies, one per part.
  static let joins: [OperationDefinition] = [
    OperationDefinition("concat", infer: inferConcat, kernel: concatKernel, layout: .axes(["axis"])),
    OperationDefinition("stack", infer: inferStack, kernel: stackKernel),
    OperationDefinition("split", infer: inferSplit, kernel: splitKernel, layout: .axes(["axis"])),
  ]

  /// Specs of `values`, all of one element type and rank.
  private static func parts(_ node: Node) throws -> [TensorSpec] {
    let specs = try node.values("values").map { try node.tensor(of: $0, "values") }
    for (index, spec) in specs.enumerated() where spec.element != specs[0].element || spec.rank != specs[0].rank {
      throw node.fail("values[\(index)] is \(spec.element.name) \(spec.shape), values[0] is \(specs[0].element.name) \(specs[0].shape), expected one type and rank")
    }
    return specs
  }

  private static func inferConcat(_ node: Node) throws -> [ValueSpec] {
    let specs = try parts(node)
    let first = specs[0]
    if first.rank == 0 { return [try node.output(first.element, [specs.count])] }
    let axis = try node.axis("axis", rank: first.rank)
    let isInterleaved = try node.bool("interleave", default: false)
    var shape = first.shape
    var total = 0
    for (index, spec) in specs.enumerated() {
      for other in shape.indices where (isInterleaved || other != axis) && spec.shape[other] != first.shape[other] {
        throw node.fail("values[\(index)] has the shape \(spec.shape), values[0] \(first.shape): they differ on axis \(other)")
      }
      total = total &+ spec.shape[axis]
    }
    shape[axis] = total
    return [try node.output(first.element, shape)]
  }

  private static func concatKernel(_ node: Node) throws -> Kernel {
    let values = try node.values("values")
    let output = node.outputs[0]
    let specs = try parts(node)
    let strides = output.strides
    let rank = specs[0].rank
    let axis = rank == 0 ? 0 : try node.axis("axis", rank: rank)
    let isInterleaved = try node.bool("interleave", default: false)
    var position = 0
    var copies: [(source: Int, copy: StridedCopy)] = []
    for (index, (value, spec)) in zip(values, specs).enumerated() {
      var to = rank == 0 ? [] : strides
      if isInterleaved, rank > 0 { to[axis] = strides[axis] &* values.count }
      if !node.partsInPlace.contains(index) {
        copies.append((value.slot, StridedCopy(shape: spec.shape, from: spec.strides, to: to, toOffset: position &* strides[axis], element: spec)))
      }
      position += isInterleaved || rank == 0 ? 1 : spec.shape[axis]
    }
    return joinKernel(node, copies, target: output.slot)
  }

  private static func joinKernel(_ node: Node, _ copies: [(source: Int, copy: StridedCopy)], target: Int) -> Kernel {
    return { frame in
      for (source, copy) in copies { try node.check(copy.run(frame[source], frame[target])) }
    }
  }

  private static func inferStack(_ node: Node) throws -> [ValueSpec] {
    let specs = try parts(node)
    for (index, spec) in specs.enumerated() where spec.shape != specs[0].shape {
      throw node.fail("values[\(index)] has the shape \(spec.shape), values[0] \(specs[0].shape), expected one shape")
    }
    let axis = try node.axis("axis", rank: specs[0].rank + 1)
    var shape = specs[0].shape
    shape.insert(specs.count, at: axis)
    return [try node.output(specs[0].element, shape)]
  }

  private static func stackKernel(_ node: Node) throws -> Kernel {
    let specs = try parts(node)
    let output = node.outputs[0]
    let axis = try node.axis("axis", rank: specs[0].rank + 1)
    var to = output.tensor.strides
    let step = to.remove(at: axis)
    let copies = zip(try node.values("values"), specs).enumerated().map { index, part in
      (source: part.0.slot, copy: StridedCopy(shape: part.1.shape, from: part.1.strides, to: to, toOffset: index &* step, element: part.1))
    }
    return joinKernel(node, copies, target: output.slot)
  }

  private static func inferSplit(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank)
    let size = x.shape[axis]
    let sizes: [Int]
    if let given = try node.ints("split_sizes") {
      guard given.allSatisfy({ $0 >= 0 && $0 <= size }), given.reduce(0, &+) == size else {
        throw node.fail("split_sizes are \(given), which do not add up to the size \(size) of axis \(axis)")
      }
      sizes = given
    } else {
      let count = try node.int("num_splits")
      guard count >= 1, size % count == 0, count <= max(size, 1) else { throw node.fail("num_splits is \(count), which does not divide the size \(size) of axis \(axis)") }
      sizes = [Int](repeating: size / count, count: count)
    }
    return try sizes.map { part in
      var shape = x.shape
      shape[axis] = part
      return try node.output(x.element, shape)
    }
  }

  private static func splitKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x")
    let axis = try node.axis("axis", rank: x.rank)
    let source = try node.value("x").slot
    let strides = x.strides
    var position = 0
    var copies: [(target: Int, copy: StridedCopy)] = []
    for output in node.outputs {
      let part = output.tensor
      copies.append((output.slot, StridedCopy(shape: part.shape, from: strides, to: part.strides, fromOffset: position &* strides[axis], element: x)))
      position += part.shape[axis]
    }
    return { frame in
      for (target, copy) in copies { try node.check(copy.run(frame[source], frame[target])) }
    }
  }
}
