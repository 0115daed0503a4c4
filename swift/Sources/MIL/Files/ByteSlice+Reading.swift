// Every reader of bytes extends the slice's life: an inlined read of a temporary slice may outlive its owner otherwise.
extension ByteSlice {
  /// The part of `byteCount` bytes from `offset`, or nil when it is not wholly inside.
  public func slice(at offset: Int, byteCount: Int) -> ByteSlice? {
    guard offset >= 0, byteCount >= 0, offset <= count, byteCount <= count - offset else { return nil }
    return ByteSlice(owner: owner, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + byteCount]))
  }

  /// A little-endian number at `offset`, which need not be aligned, or nil when it is not wholly inside.
  public func load<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? {
    guard offset >= 0, offset <= count, MemoryLayout<T>.size <= count - offset else { return nil }
    return withExtendedLifetime(self) { T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  public func starts(with prefix: String) -> Bool {
    let prefix = prefix.utf8
    return withExtendedLifetime(self) { count >= prefix.count && zip(bytes, prefix).allSatisfy { $0 == $1 } }
  }

  /// For bytes that will not be read again soon: what is mapped from a file leaves this process's memory.
  public func dropPages() { (owner as? MappedFile)?.dropPages(of: bytes) }

  /// The bytes as text, or nil when they are not UTF-8.
  public var text: String? { withExtendedLifetime(self) { String(strictUTF8: bytes) } }
}

extension String {
  /// `String(validating:as:)` needs macOS 15; decoding repairs what is not UTF-8, so a difference shows it.
  init?(strictUTF8 bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.elementsEqual(bytes) else { return nil }
    self = text
  }
}
