import CTensorLogic
import MIL

@_cdecl("tl_weights_detect")
public func tl_weights_detect(
  _ path: UnsafePointer<UInt8>?, _ pathByteLength: UInt32, _ outIsWeights: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outIsWeights = try required(outIsWeights, "out_is_weights")
    outIsWeights.pointee = TensorFile.detect(path: try text(path, pathByteLength, "path")) ? 1 : 0
  }
}

@_cdecl("tl_weights_open_async")
public func tl_weights_open_async(_ path: UnsafePointer<UInt8>?, _ pathByteLength: UInt32, _ token: UInt32) -> Int32 {
  export {
    let path = try text(path, pathByteLength, "path")
    try AsyncCalls.shared.start(token: token) { try HandleTable.shared.insert(Weights(path: path)) }
  }
}

@_cdecl("tl_weights_describe")
public func tl_weights_describe(_ weights: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let weights = try HandleTable.shared.get(weights, as: Weights.self)
    outText.pointee = try HandleTable.shared.insert(TextResult(weights.describe().serialised()))
  }
}

@_cdecl("tl_weights_metadata")
public func tl_weights_metadata(_ weights: UInt32, _ index: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let value = try HandleTable.shared.get(weights, as: Weights.self).metadata(at: index)
    outText.pointee = try HandleTable.shared.insert(TextResult(value.serialised()))
  }
}

@_cdecl("tl_weights_raw")
public func tl_weights_raw(
  _ weights: UInt32, _ index: UInt32, _ outBuffer: UnsafeMutablePointer<UInt32>?,
  _ outAddress: UnsafeMutablePointer<UInt64>?, _ outByteLength: UnsafeMutablePointer<UInt64>?,
  _ outInPlace: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let weights = try HandleTable.shared.get(weights, as: Weights.self)
    try give(outBuffer, outAddress, outByteLength, outInPlace) { try weights.raw(at: index) }
  }
}

@_cdecl("tl_weights_tensor")
public func tl_weights_tensor(
  _ weights: UInt32, _ index: UInt32, _ outBuffer: UnsafeMutablePointer<UInt32>?,
  _ outAddress: UnsafeMutablePointer<UInt64>?, _ outByteLength: UnsafeMutablePointer<UInt64>?,
  _ outInPlace: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let weights = try HandleTable.shared.get(weights, as: Weights.self)
    try give(outBuffer, outAddress, outByteLength, outInPlace) { try weights.halves(at: index) }
  }
}

@_cdecl("tl_weights_release")
public func tl_weights_release(_ weights: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(weights, as: Weights.self) }
}

/// Makes a buffer and hands it out; the pointers are checked first.
private func give(
  _ outBuffer: UnsafeMutablePointer<UInt32>?, _ outAddress: UnsafeMutablePointer<UInt64>?,
  _ outByteLength: UnsafeMutablePointer<UInt64>?, _ outInPlace: UnsafeMutablePointer<UInt32>?,
  _ make: () throws -> (buffer: Buffer, isInPlace: Bool)
) throws {
  let outBuffer = try required(outBuffer, "out_buffer"), outAddress = try required(outAddress, "out_address")
  let outByteLength = try required(outByteLength, "out_byte_length")
  let outInPlace = try required(outInPlace, "out_in_place")
  let (buffer, isInPlace) = try make()
  outBuffer.pointee = try HandleTable.shared.insert(buffer)
  outAddress.pointee = UInt64(UInt(bitPattern: buffer.address))
  outByteLength.pointee = UInt64(buffer.byteLength)
  outInPlace.pointee = isInPlace ? 1 : 0
}
