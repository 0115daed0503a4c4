import Kernels
import MIL

extension OperationTable {
  /// Tensors made from numbers.
  static let generators: [OperationDefinition] = [
    OperationDefinition("fill", infer: inferFill, kernel: fillKernel),
    OperationDefinition("fill_like", infer: inferFillLike, kernel: fillKernel),
    OperationDefinition("range_1d", infer: inferRange, kernel: rangeKernel),
    OperationDefinition("one_hot", infer: inferOneHot, kernel: oneHotKernel),
    OperationDefinition("band_part", infer: inferBandPart, kernel: bandPartKernel),
  ]

  // ---- fill -----------------------------------------------------------------------------------------------------

  private static func fillElement(_ node: Node) throws -> ElementType {
    guard node.inputs["value"] != nil else { return .float32 }
    let value = try node.tensor("value")
    _ = try node.element("value", of: value.element)
    return value.element
  }

  private static func inferFill(_ node: Node) throws -> [ValueSpec] {
    guard let shape = try node.ints("shape") else { throw node.fail("parameter 'shape' is missing") }
    return [try node.output(fillElement(node), shape)]
  }

  private static func inferFillLike(_ node: Node) throws -> [ValueSpec] {
    [try node.output(fillElement(node), node.tensor("ref_tensor").shape)]
  }

  private static func fillKernel(_ node: Node) throws -> Kernel {
    let output = node.outputs[0].tensor
    let element = try node.element("value", of: output.element)
    let target = node.outputs[0].slot
    return { frame in try node.check(tlk_fill(frame[target], [1], [output.count], 1, element.pointer, output.byteWidth)) }
  }

  // ---- range_1d -------------------------------------------------------------------------------------------------

  private static func range(_ node: Node) throws -> (start: Double, step: Double, count: Int) {
    let (start, end, step) = (try node.double("start", default: 0), try node.double("end"), try node.double("step", default: 1))
    guard step != 0, start.isFinite, end.isFinite, step.isFinite else { throw node.fail("start is \(start), end \(end), step \(step), expected finite numbers and a step other than 0", .argument) }
    let count = max(((end - start) / step).rounded(.up), 0)
    guard count <= Double(TensorSpec.maximumCount) else { throw node.fail("start is \(start), end \(end), step \(step): too many elements", .argument) }
    return (start, step, Int(count))
  }

  private static func inferRange(_ node: Node) throws -> [ValueSpec] { [try node.output(node.tensor("end").element, [range(node).count])] }

  private static func rangeKernel(_ node: Node) throws -> Kernel {
    let output = node.outputs[0].tensor
    let range = try range(node)
    let type = try node.kernelType(output, "end")
    let target = node.outputs[0].slot
    return { frame in
      // f64 holds every i32 exactly; floats are rounded once.
      var numbers = [Double](repeating: 0, count: max(min(range.count, 1024), 1))
      for first in stride(from: 0, to: range.count, by: numbers.count) {
        let count = min(numbers.count, range.count - first)
        for index in 0..<count { numbers[index] = range.start + Double(first + index) * range.step }
        try node.check(tlk_convert(numbers, TLK_F64, frame[target] + first * output.byteWidth, type, count))
      }
    }
  }

  // ---- one_hot --------------------------------------------------------------------------------------------------

  private static func oneHotAxis(_ node: Node) throws -> (indices: TensorSpec, axis: Int, size: Int) {
    let indices = try node.tensor("indices")
    let size = try node.int("one_hot_vector_size")
    guard size >= 0 else { throw node.fail("one_hot_vector_size is \(size), expected a number from 0") }
    return (indices, try node.axis("axis", rank: indices.rank + 1, default: -1), size)
  }

  private static func oneHotElement(_ node: Node) throws -> ElementType {
    let elements = try ["on_value", "off_value"].compactMap { try node.inputs[$0] == nil ? nil : node.tensor($0).element }
    guard let first = elements.first else { return .int32 }
    guard elements.allSatisfy({ $0 == first }) else { throw node.fail("on_value is \(first.name), off_value \(elements[1].name), expected one element type") }
    return first
  }

  private static func oneHotValues(_ node: Node, _ element: ElementType) throws -> (on: OwnedBytes, off: OwnedBytes) {
    if node.inputs["on_value"] == nil { node.inputs["on_value"] = [Value.ints("on_value", [1]).reshapedConstant([])] }
    return (try node.element("on_value", of: element), try node.element("off_value", of: element))
  }

  private static func inferOneHot(_ node: Node) throws -> [ValueSpec] {
    let (indices, axis, size) = try oneHotAxis(node)
    let element = try oneHotElement(node)
    _ = try (oneHotValues(node, element), node.runTimeInts("indices"))
    var shape = indices.shape
    shape.insert(size, at: axis)
    return [try node.output(element, shape)]
  }

  /// Indices outside of the vector leave it all off.
  private static func oneHotKernel(_ node: Node) throws -> Kernel {
    let (indices, axis, size) = try oneHotAxis(node)
    let output = node.outputs[0].tensor
    let (on, off) = try oneHotValues(node, output.element)
    let inner = indices.shape[axis...].reduce(1, &*)
    let places = try node.runTimeInts("indices")
    let target = node.outputs[0].slot
    let width = output.byteWidth
    return { frame in
      try node.check(tlk_fill(frame[target], [1], [output.count], 1, off.pointer, width))
      for (entry, index) in try places(frame).enumerated() where index >= 0 && index < size {
        let offset = ((entry / inner) &* size &+ index) &* inner &+ entry % inner
        (frame[target] + offset &* width).copyMemory(from: on.pointer, byteCount: width)
      }
    }
  }

  // ---- band_part ------------------------------------------------------------------------------------------------

  private static func inferBandPart(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x", rank: 2...8)
    _ = try (node.int("lower", default: -1), node.int("upper", default: -1))
    return [.tensor(x)]
  }

  private static func bandPartKernel(_ node: Node) throws -> Kernel {
    let x = try node.tensor("x", rank: 2...8)
    let (lower, upper) = (try node.int("lower", default: -1), try node.int("upper", default: -1))
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let width = x.byteWidth
    return { frame in
      for row in 0..<(columns == 0 ? 0 : x.count / columns) {
        let position = row % rows
        let first = lower < 0 ? 0 : min(max(position &- lower, 0), columns)
        let end = upper < 0 ? columns : max(min(position &+ upper &+ 1, columns), first)
        let from = frame[source] + row &* columns &* width
        let to = frame[target] + row &* columns &* width
        to.initializeMemory(as: UInt8.self, repeating: 0, count: first &* width)
        (to + first &* width).copyMemory(from: from + first &* width, byteCount: (end - first) &* width)
        (to + end &* width).initializeMemory(as: UInt8.self, repeating: 0, count: (columns - end) &* width)
      }
    }
  }
}
