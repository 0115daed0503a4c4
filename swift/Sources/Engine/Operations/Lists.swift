import MIL

extension OperationTable {
  /// Lists of tensors. A list value is never changed as far as a program can see; a kernel changes it in place where nobody reads the old one.
  static let lists: [OperationDefinition] = [
    OperationDefinition("make_list", infer: inferMakeList, kernel: makeListKernel, isPure: false),
    OperationDefinition("list_length", infer: { [try $0.listLength()] }, kernel: lengthKernel),
    OperationDefinition("list_read", infer: inferRead, kernel: readKernel),
    OperationDefinition("list_gather", infer: inferGather, kernel: readKernel),
    OperationDefinition("list_write", infer: { [.list(try $0.writtenList($0.tensor("value")))] }, kernel: writeKernel),
    OperationDefinition("list_scatter", infer: inferScatter, kernel: writeKernel),
  ]

  /// `identity` of a list.
  static func passList(_ node: Node, _ x: Value) -> Kernel {
    let (source, target, owns) = (x.slot, node.outputs[0].slot, node.ownsList)
    return { frame in frame.objects[target] = owns ? try frame.list(source, node) : ListBox(copying: try frame.list(source, node)) }
  }

  // ---- make_list, list_length ---------------------------------------------------------------------------------------

  /// `elem_shape` has strings for sizes that are known only when something is written; without it, all of them are such.
  private static func inferMakeList(_ node: Node) throws -> [ValueSpec] {
    let name = try node.string("dtype", default: "fp32")
    guard let element = ElementType(name: name), element != .string else { throw node.fail("dtype is '\(name)', expected bool, fp16, fp32 or int32") }
    let computed = node.computed(element)
    if let length = node.optional("init_length"), try node.tensor(of: length, "init_length").count != 1 { throw node.fail("init_length has to be one number") }
    let sizes = node.inputs["elem_shape"] ?? []
    var shape: [Int]? = sizes.isEmpty ? nil : []
    for value in sizes {
      if let numbers = value.numbers, numbers.allSatisfy({ $0 >= 0 }) {
        shape? += numbers.map { Int(exactly: $0) ?? -1 }
      } else {
        shape = nil
      }
    }
    if let known = shape { _ = try node.output(computed, known) }
    return [.list(ListSpec(element: computed, elementShape: shape))]
  }

  private static func makeListKernel(_ node: Node) throws -> Kernel {
    guard case .list(let spec)? = node.outputs[0].spec else { throw node.fail("does not give a list") }
    let isDynamic = try node.bool("dynamic_length", default: true)
    let length = node.optional("init_length") == nil ? { _ in [1] } : try node.runTimeInts("init_length")
    let target = node.outputs[0].slot
    return { frame in
      let count = try length(frame).first ?? 1
      guard count >= 0, count <= ListBox.maximumCount else { throw node.fail("init_length is \(count), expected 0 to \(ListBox.maximumCount)", .runtime) }
      frame.objects[target] = ListBox(spec, count: count, isDynamic: isDynamic)
    }
  }

  private static func lengthKernel(_ node: Node) throws -> Kernel {
    let (list, target) = (try node.value("ls").slot, node.outputs[0].slot)
    return { frame in frame[target].storeBytes(of: Int32(clamping: try frame.list(list, node).elements.count), as: Int32.self) }
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  private static func inferRead(_ node: Node) throws -> [ValueSpec] {
    guard try node.tensor("index").count == 1 else { throw node.fail("index has the shape \(try node.tensor("index").shape), expected one number") }
    return [.tensor(try node.listElement())]
  }

  private static func inferGather(_ node: Node) throws -> [ValueSpec] {
    let indices = try node.tensor("indices", rank: 1...1)
    let element = try node.listElement()
    return [try node.output(element.element, indices.shape + element.shape)]
  }

  private static func readKernel(_ node: Node) throws -> Kernel {
    let indices = try node.runTimeInts(node.optional("indices") == nil ? "index" : "indices")
    let element = try node.listElement()
    let (list, target) = (try node.value("ls").slot, node.outputs[0].slot)
    return { frame in
      let list = try frame.list(list, node)
      for (place, index) in try indices(frame).enumerated() {
        guard list.read(index, element, into: frame[target] + place * element.byteCount) else {
          throw node.fail("index is \(index), the list has \(list.elements.count) elements", .runtime)
        }
      }
    }
  }

  // ---- writing ------------------------------------------------------------------------------------------------------

  private static func inferScatter(_ node: Node) throws -> [ValueSpec] {
    let value = try node.tensor("value")
    let indices = try node.tensor("indices", rank: 1...1)
    guard value.rank >= 1, value.shape[0] == indices.count else { throw node.fail("value has the shape \(value.shape), expected \(indices.count) elements along its first axis, one per index") }
    return [.list(try node.writtenList(TensorSpec(value.element, Array(value.shape.dropFirst()))))]
  }

  private static func writeKernel(_ node: Node) throws -> Kernel {
    let isScatter = node.optional("indices") != nil
    let indices = try node.runTimeInts(isScatter ? "indices" : "index")
    let value = try node.value("value")
    let spec = value.tensor
    let element = TensorSpec(spec.element, isScatter ? Array(spec.shape.dropFirst()) : spec.shape)
    let (source, target, from, owns) = (try node.value("ls").slot, node.outputs[0].slot, value.slot, node.ownsList)
    return { frame in
      let before = try frame.list(source, node)
      let list = owns ? before : ListBox(copying: before)
      for (place, index) in try indices(frame).enumerated() {
        guard list.write(frame[from] + place * element.byteCount, element, at: index) else {
          throw node.fail("index is \(index), the list has \(list.elements.count) elements\(list.isDynamic ? "" : " and a fixed length")", .runtime)
        }
      }
      frame.objects[target] = list
    }
  }
}

extension Node {
  fileprivate func list() throws -> ListSpec {
    let value = try value("ls")
    switch value.spec {
    case .list(let spec): return spec
    case nil: throw Unresolved(values: [value])
    default: throw fail("parameter 'ls' has to be a list, '\(value.name)' is not one")
    }
  }

  fileprivate func listLength() throws -> ValueSpec {
    _ = try list()
    return try output(.int32, [])
  }

  /// The spec of an element that is read; while the sizes are not known, planning waits for the list.
  fileprivate func listElement() throws -> TensorSpec {
    let list = try list()
    if let shape = list.elementShape { return TensorSpec(list.element, shape) }
    let value = try value("ls")
    guard !value.isLive else { throw fail("the sizes of the elements of '\(value.name)' are not declared, and nothing was written to it") }
    throw Unresolved(values: [value])
  }

  /// The list after an element was written.
  fileprivate func writtenList(_ element: TensorSpec) throws -> ListSpec {
    let before = try list()
    guard before.element == element.element, before.elementShape.map({ $0 == element.shape }) ?? true else {
      throw fail("writes elements of \(element.element.name) \(element.shape), the list's elements are \(before.element.name) \(before.elementShape.map { "\($0)" } ?? "")")
    }
    return ListSpec(element: element.element, elementShape: element.shape)
  }
}

extension Frame {
  fileprivate func list(_ slot: Int, _ node: Node) throws -> ListBox {
    guard let list = objects[slot] as? ListBox else { throw node.fail("has no list", .runtime) }
    return list
  }
}
