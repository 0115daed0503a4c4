import CTensorLogic
import CoreML
import MIL

@_cdecl("tl_request_create")
public func tl_request_create(_ model: UInt32, _ state: UInt32, _ outRequest: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outRequest = try required(outRequest, "out_request")
    let model = try HandleTable.shared.get(model, as: LoadedModel.self)
    let state = state == 0 ? nil : try HandleTable.shared.get(state, as: ModelState.self)
    outRequest.pointee = try HandleTable.shared.insert(Request(model, state))
  }
}

@_cdecl("tl_request_bind_tensor")
public func tl_request_bind_tensor(
  _ request: UInt32, _ direction: Int32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32, _ buffer: UInt32,
  _ byteOffset: UInt64,
  _ format: Int32, _ rank: UInt32, _ shape: UnsafePointer<Int64>?, _ strides: UnsafePointer<Int64>?,
  _ outZeroCopy: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outZeroCopy = try required(outZeroCopy, "out_zero_copy")
    let request = try HandleTable.shared.get(request, as: Request.self)
    let buffer = try HandleTable.shared.get(buffer, as: Buffer.self)
    let direction = try requestDirection(direction), name = try text(name, nameByteLength, "name")
    let layout = try Layout(format: ElementFormat(code: format), rank: rank, shape: shape, strides: strides)
    let isZeroCopy = try request.exclusively {
      try request.bindTensor(direction, name, layout, buffer, byteOffset: byteOffset)
    }
    outZeroCopy.pointee = isZeroCopy ? 1 : 0
  }
}

@_cdecl("tl_request_bind_image")
public func tl_request_bind_image(
  _ request: UInt32, _ direction: Int32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32, _ buffer: UInt32,
  _ byteOffset: UInt64,
  _ pixels: Int32, _ width: UInt32, _ height: UInt32, _ bytesPerRow: UInt32,
  _ outZeroCopy: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  export {
    let outZeroCopy = try required(outZeroCopy, "out_zero_copy")
    let request = try HandleTable.shared.get(request, as: Request.self)
    let buffer = try HandleTable.shared.get(buffer, as: Buffer.self)
    let direction = try requestDirection(direction), name = try text(name, nameByteLength, "name")
    let layout = try PixelLayout(
      format: PixelFormat(code: pixels), width: Int(width), height: Int(height), bytesPerRow: Int(bytesPerRow))
    let isZeroCopy = try request.exclusively {
      try request.bindImage(direction, name, layout, buffer, byteOffset: byteOffset)
    }
    outZeroCopy.pointee = isZeroCopy ? 1 : 0
  }
}

@_cdecl("tl_request_bind_value")
public func tl_request_bind_value(
  _ request: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32, _ value: UnsafePointer<UInt8>?,
  _ valueByteLength: UInt32
) -> Int32 {
  export {
    let request = try HandleTable.shared.get(request, as: Request.self)
    let name = try text(name, nameByteLength, "name"), json = try text(value, valueByteLength, "value")
    let value: JSON
    do { value = try JSON(parsing: json, name: "value") } catch { throw Failure(TL_E_ARGUMENT, Failure(error).message) }
    try request.exclusively { try request.bindValue(name, value) }
  }
}

@_cdecl("tl_request_unbind")
public func tl_request_unbind(
  _ request: UInt32, _ direction: Int32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32
) -> Int32 {
  export {
    let request = try HandleTable.shared.get(request, as: Request.self)
    let direction = try requestDirection(direction), name = try text(name, nameByteLength, "name")
    try request.exclusively { try request.unbind(direction, name) }
  }
}

@_cdecl("tl_request_run")
public func tl_request_run(_ request: UInt32) -> Int32 {
  export {
    let request = try HandleTable.shared.get(request, as: Request.self)
    try request.exclusively { try request.run() }
  }
}

@_cdecl("tl_request_run_async")
public func tl_request_run_async(_ request: UInt32, _ token: UInt32) -> Int32 {
  export {
    let request = try HandleTable.shared.get(request, as: Request.self)
    try request.occupy()
    do {
      try AsyncCalls.shared.start(token: token) {
        defer { request.release() }
        try request.run()
        return 0
      }
    } catch {
      request.release()
      throw error
    }
  }
}

@_cdecl("tl_request_outputs")
public func tl_request_outputs(_ request: UInt32, _ outText: UnsafeMutablePointer<UInt32>?) -> Int32 {
  export {
    let outText = try required(outText, "out_text")
    let request = try HandleTable.shared.get(request, as: Request.self)
    let description = try request.exclusively { try request.describeOutputs() }
    outText.pointee = try HandleTable.shared.insert(TextResult(description.serialised()))
  }
}

@_cdecl("tl_request_output_buffer")
public func tl_request_output_buffer(
  _ request: UInt32, _ name: UnsafePointer<UInt8>?, _ nameByteLength: UInt32,
  _ outBuffer: UnsafeMutablePointer<UInt32>?,
  _ outAddress: UnsafeMutablePointer<UInt64>?, _ outByteLength: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  export {
    let outBuffer = try required(outBuffer, "out_buffer"), outAddress = try required(outAddress, "out_address")
    let outByteLength = try required(outByteLength, "out_byte_length")
    let request = try HandleTable.shared.get(request, as: Request.self)
    let name = try text(name, nameByteLength, "name")
    let buffer = try request.exclusively { try request.outputBuffer(name) }
    outBuffer.pointee = try HandleTable.shared.insert(buffer)
    outAddress.pointee = UInt64(UInt(bitPattern: buffer.address))
    outByteLength.pointee = UInt64(buffer.byteLength)
  }
}

@_cdecl("tl_request_release")
public func tl_request_release(_ request: UInt32) -> Int32 {
  export { try HandleTable.shared.remove(request, as: Request.self) }
}

private func requestDirection(_ code: Int32) throws -> Request.Direction {
  guard let direction = Request.Direction(rawValue: code) else {
    throw Failure(TL_E_ARGUMENT, "direction: \(code) is neither 0 (input) nor 1 (output)")
  }
  return direction
}
