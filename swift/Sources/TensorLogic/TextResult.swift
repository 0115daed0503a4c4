import CTensorLogic

/// Text that leaves the library: UTF-8 in memory of its own, so that its address stays the same.
final class TextResult: Handled {
  static let handleKind = HandleKind.text
  let address: UnsafeMutablePointer<UInt8>
  let byteLength: Int

  init(_ text: String) {
    var text = text
    (address, byteLength) = text.withUTF8 { bytes in
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
      if let from = bytes.baseAddress { copy.update(from: from, count: bytes.count) }
      return (copy, bytes.count)
    }
  }

  deinit { address.deallocate() }
}

@_cdecl("tl_text_bytes")
public func tl_text_bytes(
  _ text: UInt32, _ outAddress: UnsafeMutablePointer<UInt64>?, _ outByteLength: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  export {
    let outAddress = try required(outAddress, "out_address"),
      outByteLength = try required(outByteLength, "out_byte_length")
    let result = try HandleTable.shared.get(text, as: TextResult.self)
    outAddress.pointee = UInt64(UInt(bitPattern: result.address))
    outByteLength.pointee = UInt64(result.byteLength)
  }
}

@_cdecl("tl_text_release")
public func tl_text_release(_ text: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(text, as: TextResult.self) }
}
