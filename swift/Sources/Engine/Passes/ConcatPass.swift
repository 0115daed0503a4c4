import MIL

/// Concatenations along the last axis in memory without copies: what convolutions and their kin make is written where it belongs, and
/// a concat whose values begin a longer one's (each layer of a DenseNet reads all layers before it) is the longer one's first columns.
struct ConcatPass {
  private var readers: [ObjectIdentifier: [Node]] = [:]
  private var producers: [ObjectIdentifier: Node] = [:]
  private let results: Set<ObjectIdentifier>
  /// Concats by their first value: the longest, whose memory is everybody's, and in the order of the file all that share it.
  private struct Group {
    var host: Node
    var members: [Node]
  }

  /// Operations whose kernels go from row to row of x and of the result by pitches.
  private static let pitched: Set<String> = ["conv", "batch_norm", "max_pool", "avg_pool", "l2_pool"]

  static func run(_ graph: Graph) {
    let pass = ConcatPass(graph)
    for group in pass.groups(graph) { pass.place(group) }
  }

  private init(_ graph: Graph) {
    results = Set(graph.results.map { ObjectIdentifier($0) })
    for node in graph.nodes {
      for value in node.operands { readers[ObjectIdentifier(value), default: []].append(node) }
      for value in node.outputs { producers[ObjectIdentifier(value)] = node }
    }
  }

  private func groups(_ graph: Graph) -> [Group] {
    var groups: [Group] = []
    var byFirstValue: [ObjectIdentifier: [Int]] = [:]
    for node in graph.nodes.reversed() where joinsColumns(node) {
      guard let values = node.inputs["values"], let first = values.first else { continue }
      let same = byFirstValue[ObjectIdentifier(first)] ?? []
      let known = same.first { index in
        let longer = groups[index].host.inputs["values"] ?? []
        return longer.count > values.count && zip(values, longer).allSatisfy { $0 === $1 }
      }
      if let known, readsByPitch(node.outputs[0]) {
        groups[known].members.insert(node, at: 0)
      } else {
        byFirstValue[ObjectIdentifier(first), default: []].append(groups.count)
        groups.append(Group(host: node, members: [node]))
      }
    }
    return groups
  }

  private func joinsColumns(_ node: Node) -> Bool {
    guard node.type == "concat", let output = node.outputs.first, output.tensor.rank > 1, !results.contains(ObjectIdentifier(output)),
      let axis = try? node.axis("axis", rank: output.tensor.rank), let isInterleaved = try? node.bool("interleave", default: false)
    else { return false }
    return axis == output.tensor.rank - 1 && !isInterleaved
  }

  /// Every reader takes the value as columns of a wider one; `concats` copy nothing.
  private func readsByPitch(_ value: Value, besides concats: [Node] = []) -> Bool {
    guard !results.contains(ObjectIdentifier(value)) else { return false }
    return (readers[ObjectIdentifier(value)] ?? []).allSatisfy { reader in
      if concats.contains(where: { $0 === reader }) { return true }
      return ConcatPass.pitched.contains(reader.type) && reader.isChannelsLast && reader.optional("x") === value
        && reader.operands.filter { $0 === value }.count == 1
    }
  }

  private func place(_ group: Group) {
    let (host, values) = (group.host.outputs[0], group.host.inputs["values"] ?? [])
    let pitch = host.tensor.shape.last ?? 0
    for node in group.members where node !== group.host { node.outputs[0].columns = Columns(host: host, first: 0, pitch: pitch) }
    var first = 0
    for (index, value) in values.enumerated() {
      let sharing = group.members.filter { ($0.inputs["values"] ?? []).count > index }
      if let producer = producers[ObjectIdentifier(value)], ConcatPass.pitched.contains(producer.type), producer.isChannelsLast,
        values.filter({ $0 === value }).count == 1, readsByPitch(value, besides: group.members)
      {
        value.columns = Columns(host: host, first: first, pitch: pitch)
        for node in sharing { node.partsInPlace.insert(index) }
      } else {
        // The first of them copies for all.
        for node in sharing.dropFirst() { node.partsInPlace.insert(index) }
      }
      first += value.tensor.shape.last ?? 0
    }
  }
}
