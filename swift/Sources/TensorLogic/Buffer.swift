import CTensorLogic
import CoreML
import Metal

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Memory that both sides see.
final class Buffer: Handled {
  static let handleKind = HandleKind.buffer

  let address: UnsafeMutableRawPointer
  let byteLength: Int
  /// What keeps the memory alive: a Metal buffer, an array of Core ML; nil for memory of the caller.
  private let owner: AnyObject?

  /// Memory of somebody else; `owner` keeps it alive, nil when the caller does.
  init(address: UnsafeMutableRawPointer, byteLength: Int, owner: AnyObject?) {
    self.address = address
    self.byteLength = byteLength
    self.owner = owner
  }

  /// Page-aligned, zeroed memory that Metal shares; without a Metal device (a virtual machine) plain pages.
  init(byteLength: Int) throws {
    let size = max(byteLength, 1)
    if let shared = Buffer.device?.makeBuffer(length: size, options: .storageModeShared) {
      address = shared.contents()
      owner = shared
    } else {
      let pages = try Pages(byteLength: size)
      address = pages.address
      owner = pages
    }
    self.byteLength = byteLength
  }

  static let device = MTLCreateSystemDefaultDevice()

  /// The same memory for kernels; nil where Metal cannot use it in place: it takes whole pages only.
  var metal: (any MTLBuffer)? {
    if let shared = owner as? any MTLBuffer { return shared }
    let page = Int(getpagesize())
    guard byteLength > 0, byteLength % page == 0, Int(bitPattern: address) % page == 0 else { return nil }
    return Buffer.device?.makeBuffer(
      bytesNoCopy: address, length: byteLength, options: .storageModeShared, deallocator: nil)
  }
}

/// Zeroed pages without Metal.
private final class Pages {
  let address: UnsafeMutableRawPointer
  init(byteLength: Int) throws {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, Int(getpagesize()), byteLength) == 0, let memory else {
      throw Failure(TL_E_MEMORY, "no memory for a buffer of \(byteLength) bytes")
    }
    memset(memory, 0, byteLength)
    address = memory
  }
  deinit { free(address) }
}

/// The largest buffer that is tried: half the address space of a 48-bit machine, so that sums of offsets cannot overflow.
private let maximumByteLength: UInt64 = 1 << 46

private func checkedLength(_ byteLength: UInt64) throws -> Int {
  guard byteLength <= maximumByteLength else {
    throw Failure(TL_E_ARGUMENT, "byte_length: \(byteLength) is more than \(maximumByteLength)")
  }
  return Int(byteLength)
}

@_cdecl("tl_buffer_create")
public func tl_buffer_create(
  _ byteLength: UInt64, _ outBuffer: UnsafeMutablePointer<UInt32>?, _ outAddress: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  export {
    let outBuffer = try required(outBuffer, "out_buffer"), outAddress = try required(outAddress, "out_address")
    let buffer = try Buffer(byteLength: checkedLength(byteLength))
    outBuffer.pointee = try HandleTable.shared.insert(buffer)
    outAddress.pointee = UInt64(UInt(bitPattern: buffer.address))
  }
}

@_cdecl("tl_buffer_wrap")
public func tl_buffer_wrap(
  _ address: UnsafeMutableRawPointer?, _ byteLength: UInt64, _ outBuffer: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outBuffer = try required(outBuffer, "out_buffer")
    let length = try checkedLength(byteLength)
    guard let address else { throw Failure(TL_E_ARGUMENT, "address: null (a detached or empty ArrayBuffer)") }
    outBuffer.pointee = try HandleTable.shared.insert(Buffer(address: address, byteLength: length, owner: nil))
  }
}

@_cdecl("tl_buffer_bytes")
public func tl_buffer_bytes(
  _ buffer: UInt32, _ outAddress: UnsafeMutablePointer<UInt64>?, _ outByteLength: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  export {
    let outAddress = try required(outAddress, "out_address"),
      outByteLength = try required(outByteLength, "out_byte_length")
    let buffer = try HandleTable.shared.get(buffer, as: Buffer.self)
    outAddress.pointee = UInt64(UInt(bitPattern: buffer.address))
    outByteLength.pointee = UInt64(buffer.byteLength)
  }
}

@_cdecl("tl_buffer_release")
public func tl_buffer_release(_ buffer: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(buffer, as: Buffer.self) }
}

@_cdecl("tl_buffer_collect")
public func tl_buffer_collect(_ bytes: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?) -> Int32 {
  // Not through `export`: a collection between a failed call and tl_last_error must not replace the text.
  guard let handle = UInt32(exactly: UInt(bitPattern: context)),
    (try? HandleTable.shared.remove(handle, as: Buffer.self)) != nil
  else {
    return TL_E_HANDLE.rawValue
  }
  return TL_OK.rawValue
}
