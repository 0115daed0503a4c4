import MIL

/// Where every value of a plan lives: constants where they are, inputs and results in their callers' memory, everything else in one
/// arena whose places are reused as soon as their last reader has run.
struct MemoryPlan {
  private enum Place {
    case constant(UnsafeRawPointer)
    case input
    case result(Int)
    case arena(Int)
    case object
  }

  private(set) var arenaByteCount = 0
  private var places: [Place] = []
  private var values: [Value] = []
  /// Value → the value whose memory it shares, by identity.
  private var roots: [ObjectIdentifier: Value] = [:]
  /// Values that others are columns of: their memory is the arena's.
  private var hosts = Set<ObjectIdentifier>()
  /// Slots that follow a root whose address changes per run.
  private var followers: [Int: [Int]] = [:]
  /// Results that are not written in place: (slot, result index).
  private var copies: [(slot: Int, result: Int, byteCount: Int)] = []
  private var results: [Value] = []
  /// Slots as numbers: a value that several plans share (a constant) is numbered anew by each of them.
  private var inputSlots: [Int] = []
  private(set) var resultSlots: [Int] = []
  private var resultRootSlots: [Int] = []

  init() {}

  /// `ownsResults`: results are memory of the caller; else they stay in the arena to the end.
  init(_ graph: Graph, ownsResults: Bool) {
    results = graph.results
    number(graph)
    places = [Place](repeating: .object, count: values.count)
    findRoots(graph)
    for value in graph.inputs {
      if case .tensor? = value.spec { places[value.slot] = .input }
    }
    for value in values where value.isFoldable {
      if let address = value.bytes?.baseAddress { places[value.slot] = .constant(address) }
    }
    placeResults(graph, ownsResults)
    placeArena(graph, ownsResults)
    inputSlots = graph.inputs.map(\.slot)
    resultSlots = results.map(\.slot)
    resultRootSlots = results.map { root($0).slot }
    for value in values {
      let root = self.root(value)
      guard root !== value else { continue }
      places[value.slot] = places[root.slot]
      if let columns = value.columns, case .arena(let offset) = places[root.slot] {
        places[value.slot] = .arena(offset &+ columns.first &* value.tensor.byteWidth)
      }
      followers[root.slot, default: []].append(value.slot)
    }
  }

  private mutating func number(_ graph: Graph) {
    func add(_ value: Value, _ seen: inout Set<ObjectIdentifier>) {
      guard seen.insert(ObjectIdentifier(value)).inserted else { return }
      value.slot = values.count
      values.append(value)
    }
    var seen = Set<ObjectIdentifier>()
    for value in graph.inputs { add(value, &seen) }
    for node in graph.nodes {
      for value in node.operands { add(value, &seen) }
      for value in node.outputs { add(value, &seen) }
    }
    for value in graph.results { add(value, &seen) }
  }

  func source(of node: Node) -> Value? {
    node.optional(node.type == "view" ? "x" : OperationTable.all[node.type]?.view ?? "x")
  }

  private func root(_ value: Value) -> Value { roots[ObjectIdentifier(value)] ?? value }

  private mutating func findRoots(_ graph: Graph) {
    for value in values {
      guard let columns = value.columns else { continue }
      roots[ObjectIdentifier(value)] = columns.host
      hosts.insert(ObjectIdentifier(columns.host))
    }
    for node in graph.nodes where node.type == "view" || OperationTable.all[node.type]?.view != nil {
      guard let x = source(of: node), let output = node.outputs.first, case .tensor? = output.spec else { continue }
      roots[ObjectIdentifier(output)] = root(x)
    }
  }

  func isSameMemory(_ a: Value, _ b: Value) -> Bool { root(a) === root(b) }

  private mutating func placeResults(_ graph: Graph, _ ownsResults: Bool) {
    guard ownsResults else { return }
    var taken = Set<Int>()
    for (index, value) in results.enumerated() {
      guard case .tensor(let spec)? = value.spec else { continue }
      let root = self.root(value)
      if case .object = places[root.slot], !hosts.contains(ObjectIdentifier(root)), taken.insert(root.slot).inserted, root.spec != nil, root.tensor.byteCount == spec.byteCount {
        places[root.slot] = .result(index)
      } else {
        copies.append((value.slot, index, spec.byteCount))
      }
    }
  }

  private mutating func placeArena(_ graph: Graph, _ ownsResults: Bool) {
    var lastUse = [Int](repeating: -1, count: values.count)
    for (index, node) in graph.nodes.enumerated() {
      for value in node.operands + node.outputs { lastUse[root(value).slot] = index }
    }
    // What is read after the last node must not be reused before.
    for value in results { lastUse[root(value).slot] = graph.nodes.count }
    var allocator = ArenaAllocator()
    var expiring = [[Int]](repeating: [], count: graph.nodes.count + 1)
    for (index, node) in graph.nodes.enumerated() {
      for value in node.outputs {
        let root = self.root(value)
        guard case .tensor(let spec)? = root.spec, case .object = places[root.slot] else { continue }
        places[root.slot] = .arena(allocator.allocate(spec.byteCount))
        expiring[lastUse[root.slot]].append(root.slot)
      }
      for slot in expiring[index] {
        if case .arena(let offset) = places[slot] { allocator.free(offset) }
      }
    }
    arenaByteCount = allocator.peak
  }

  // ---- per run --------------------------------------------------------------------------------------------------

  func makeFrame(_ context: PlanContext) -> Frame {
    let frame = Frame(count: values.count, arenaByteCount: arenaByteCount, context: context)
    for (slot, place) in places.enumerated() {
      switch place {
      case .constant(let address): frame.addresses[slot] = UnsafeMutableRawPointer(mutating: address)
      case .arena(let offset): frame.addresses[slot] = frame.arena.pointer + offset
      default: break
      }
    }
    return frame
  }

  func bind(_ index: Int, _ cell: Cell, _ frame: Frame) {
    if let address = cell.address {
      setAddress(inputSlots[index], address, frame)
    } else if let object = cell.owner {
      frame.objects[inputSlots[index]] = object
    }
  }

  private func setAddress(_ slot: Int, _ address: UnsafeMutableRawPointer, _ frame: Frame) {
    frame.addresses[slot] = address
    for follower in followers[slot] ?? [] { frame.addresses[follower] = address }
  }

  func bindResult(_ index: Int, _ address: UnsafeMutableRawPointer, _ frame: Frame) {
    frame.resultAddresses[index] = address
    let root = resultRootSlots[index]
    if case .result(let owner) = places[root], owner == index { setAddress(root, address, frame) }
  }

  func copyResults(_ frame: Frame) {
    for copy in copies {
      guard let target = frame.resultAddresses[copy.result] else { continue }
      target.copyMemory(from: frame[copy.slot], byteCount: copy.byteCount)
    }
  }

  func resultAddress(_ index: Int, _ frame: Frame) -> UnsafeMutableRawPointer? { frame.resultAddresses[index] }
}

/// Offsets in one block of memory, first fit by address, 64-byte aligned, with slack behind every place so that kernels
/// that touch neighbouring values never share a cache line.
struct ArenaAllocator {
  private var free: [(offset: Int, size: Int)] = []
  private var sizes: [Int: Int] = [:]
  private(set) var peak = 0

  mutating func allocate(_ byteCount: Int) -> Int {
    let size = (max(byteCount, 1) + 127) & ~63
    var best: Int?
    for (index, block) in free.enumerated() where block.size >= size {
      if best.map({ free[$0].size > block.size }) ?? true { best = index }
    }
    let offset: Int
    if let best {
      offset = free[best].offset
      if free[best].size == size {
        free.remove(at: best)
      } else {
        free[best] = (offset + size, free[best].size - size)
      }
    } else if let last = free.last, last.offset + last.size == peak {
      offset = last.offset
      free.removeLast()
      peak = offset + size
    } else {
      offset = peak
      peak += size
    }
    sizes[offset] = size
    return offset
  }

  mutating func free(_ offset: Int) {
    guard let size = sizes.removeValue(forKey: offset) else { return }
    var index = free.firstIndex { $0.offset > offset } ?? free.count
    free.insert((offset, size), at: index)
    if index + 1 < free.count, free[index].offset + free[index].size == free[index + 1].offset {
      free[index].size += free[index + 1].size
      free.remove(at: index + 1)
    }
    if index > 0, free[index - 1].offset + free[index - 1].size == free[index].offset {
      index -= 1
      free[index].size += free[index + 1].size
      free.remove(at: index + 1)
    }
  }
}
