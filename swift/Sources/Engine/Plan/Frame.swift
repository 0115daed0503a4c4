import MIL

/// A value at run time, at the edges of plans: its memory or object with the sizes it has in this run.
struct Cell {
  var spec: ValueSpec
  var address: UnsafeMutableRawPointer?
  /// Owner of the memory, or the object itself (lists).
  var owner: AnyObject?

  init(_ spec: ValueSpec, address: UnsafeMutableRawPointer?, owner: AnyObject?) {
    self.spec = spec
    self.address = address
    self.owner = owner
  }

  init(_ list: ListBox) { self.init(.list(list.spec), address: nil, owner: list) }

  /// Fresh memory.
  init(allocating spec: TensorSpec) {
    let bytes = OwnedBytes(byteCount: spec.byteCount)
    self.init(.tensor(spec), address: bytes.pointer, owner: bytes)
  }

  var tensor: TensorSpec {
    if case .tensor(let spec) = spec { return spec }
    return TensorSpec(.float32, [])
  }
}

/// The memory of one run of one plan: an address per value, filled once; only inputs, outputs and lists change from run to run.
final class Frame {
  let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer>
  let count: Int
  let arena: OwnedBytes
  /// Lists, by slot.
  var objects: [Int: AnyObject] = [:]
  unowned(unsafe) let context: PlanContext
  var state: StateStorage?
  /// The prepared run whose memory the addresses are; 0 for none.
  var binding: UInt64 = 0
  /// Memory of the results of this run, by index.
  var resultAddresses: [Int: UnsafeMutableRawPointer] = [:]

  init(count: Int, arenaByteCount: Int, context: PlanContext) {
    self.count = count
    self.context = context
    arena = OwnedBytes(byteCount: arenaByteCount)
    addresses = .allocate(capacity: max(count, 1))
    addresses.initialize(repeating: arena.pointer, count: max(count, 1))
  }

  deinit { addresses.deallocate() }

  @inline(__always) subscript(_ slot: Int) -> UnsafeMutableRawPointer { addresses[slot] }
}
