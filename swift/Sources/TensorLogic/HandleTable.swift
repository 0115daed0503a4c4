import CTensorLogic

/// What a handle can stand for.
enum HandleKind: UInt8 {
  case text, buffer, model, state, request, weights
  case shaderLibrary, pipeline, commandQueue, commands, event
  var name: String {
    switch self {
    case .text: return "text"
    case .buffer: return "buffer"
    case .model: return "model"
    case .state: return "state"
    case .request: return "request"
    case .weights: return "weights"
    case .shaderLibrary: return "shader library"
    case .pipeline: return "pipeline"
    case .commandQueue: return "command queue"
    case .commands: return "commands"
    case .event: return "event"
    }
  }
}

protocol Handled: AnyObject {
  static var handleKind: HandleKind { get }
}

/// Objects that the other side holds by number: 20 bits slot, 12 bits generation (never 0, so 0 is never a handle).
/// A freed slot waits behind at least `minimumFree` others before it is used again, so a stale handle is taken for a live one
/// only after 4,095 × 1,024 releases at the least.
final class HandleTable: @unchecked Sendable {
  static let shared = HandleTable()

  private struct Slot {
    var object: AnyObject?
    var kind = HandleKind.text
    var generation: UInt32 = 1
  }

  private static let slotBits: UInt32 = 20
  private static let slotMask: UInt32 = 1 << slotBits - 1
  private static let lastGeneration: UInt32 = 1 << (32 - slotBits) - 1
  private static let minimumFree = 1024

  private let lock = Lock()
  private var slots: [Slot] = []
  private var free: [UInt32] = []
  /// `free` is a queue: elements before `freeHead` have been taken.
  private var freeHead = 0
  private var live = 0

  var count: Int { lock.withLock { live } }

  func insert<T: Handled>(_ object: T) throws -> UInt32 {
    try lock.withLock {
      let index = try takeSlot()
      slots[Int(index)].object = object
      slots[Int(index)].kind = T.handleKind
      live += 1
      return slots[Int(index)].generation << HandleTable.slotBits | index
    }
  }

  func get<T: Handled>(_ handle: UInt32, as type: T.Type = T.self) throws -> T {
    let object = lock.withLock { index(of: handle, T.handleKind).flatMap { slots[$0].object } }
    guard let object else { throw unknown(handle, T.handleKind) }
    return unsafeDowncast(object, to: T.self)
  }

  /// Takes the object out of the table; it lives on while others need it.
  @discardableResult
  func remove<T: Handled>(_ handle: UInt32, as type: T.Type = T.self) throws -> T {
    let object: AnyObject? = lock.withLock {
      guard let index = index(of: handle, T.handleKind), let object = slots[index].object else { return nil }
      let generation = slots[index].generation
      slots[index].object = nil
      slots[index].generation = generation == HandleTable.lastGeneration ? 1 : generation + 1
      free.append(UInt32(index))
      live -= 1
      return object
    }
    guard let object else { throw unknown(handle, T.handleKind) }
    return unsafeDowncast(object, to: T.self)
  }

  private func index(of handle: UInt32, _ kind: HandleKind) -> Int? {
    let index = Int(handle & HandleTable.slotMask)
    guard index < slots.count, slots[index].generation == handle >> HandleTable.slotBits, slots[index].kind == kind
    else { return nil }
    return index
  }

  private func takeSlot() throws -> UInt32 {
    if free.count - freeHead > HandleTable.minimumFree || slots.count > Int(HandleTable.slotMask) {
      guard freeHead < free.count else { throw Failure(TL_E_MEMORY, "\(slots.count) handles are in use: release some") }
      let index = free[freeHead]
      freeHead += 1
      if freeHead > 4 * HandleTable.minimumFree {
        free.removeFirst(freeHead)
        freeHead = 0
      }
      return index
    }
    slots.append(Slot())
    return UInt32(slots.count - 1)
  }

  private func unknown(_ handle: UInt32, _ kind: HandleKind) -> Failure {
    Failure(TL_E_HANDLE, "0x\(String(handle, radix: 16)) is not a \(kind.name) handle: released, or of another kind")
  }
}
