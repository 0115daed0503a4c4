import MIL

/// The nodes of one plan in execution order, what comes in and what has to be there at the end.
struct Graph {
  var nodes: [Node]
  var inputs: [Value]
  /// Values that are read after the last node; passes replace entries in place.
  var results: [Value]

  /// How often each value is read, a result counting as a read.
  func useCounts() -> [ObjectIdentifier: Int] {
    var counts: [ObjectIdentifier: Int] = [:]
    for node in nodes { for value in node.operands { counts[ObjectIdentifier(value), default: 0] += 1 } }
    for value in results { counts[ObjectIdentifier(value), default: 0] += 1 }
    return counts
  }

  /// Marks the nodes that are the last to read their list.
  func findListOwners() {
    var seen = Set(results.map { ObjectIdentifier($0) })
    for node in nodes.reversed() {
      for value in node.operands where value.isList {
        let isLast = seen.insert(ObjectIdentifier(value)).inserted
        if value === node.optional("ls") ?? node.optional("x") { node.ownsList = isLast && !value.isShared }
      }
    }
  }

  /// Drops nodes whose results nobody reads. State writes stay.
  mutating func removeDeadNodes() {
    var needed = Set(results.map { ObjectIdentifier($0) })
    var kept: [Node] = []
    for node in nodes.reversed() {
      let hasEffect = node.type == "write_state" || node.type == "coreml_update_state"
      guard hasEffect || node.outputs.contains(where: { needed.contains(ObjectIdentifier($0)) }) else { continue }
      for value in node.operands { needed.insert(ObjectIdentifier(value)) }
      kept.append(node)
    }
    nodes = kept.reversed()
  }
}

extension Value {
  /// A compile-time parameter made by a pass.
  static func ints(_ name: String, _ numbers: [Int]) -> Value {
    let owned = OwnedBytes(byteCount: numbers.count * 4)
    let out = owned.pointer.bindMemory(to: Int32.self, capacity: max(numbers.count, 1))
    for (index, number) in numbers.enumerated() { out[index] = Int32(clamping: number) }
    let bytes = UnsafeRawBufferPointer(start: owned.pointer, count: numbers.count * 4)
    let type = ValueType.tensor(TensorType(.int32, sizes: [numbers.count]))
    return Value(name, spec: .tensor(TensorSpec(.int32, [numbers.count])), constant: Constant(type: type, payload: .bytes(ByteSlice(owner: owned, bytes: bytes))))
  }

  static func text(_ name: String, _ text: String) -> Value {
    Value(name, spec: .text, constant: Constant(type: .tensor(TensorType(.string, [])), payload: .strings([text])))
  }

  /// The same constant seen with another shape of equal count.
  func reshapedConstant(_ shape: [Int]) -> Value {
    let value = Value(name, spec: .tensor(TensorSpec(tensor.element, shape)), constant: constant)
    value.isStable = isStable
    value.isLive = isLive
    return value
  }
}
