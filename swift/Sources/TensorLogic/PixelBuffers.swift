import CTensorLogic
import CoreML

/// A pixel buffer over memory of the caller, used in place.
func pixelBuffer(over address: UnsafeMutableRawPointer, _ layout: PixelLayout, _ type: OSType) throws -> CVPixelBuffer {
  var made: CVPixelBuffer?
  let status = CVPixelBufferCreateWithBytes(
    kCFAllocatorDefault, layout.width, layout.height, type, address, layout.bytesPerRow, nil, nil, nil, &made)
  guard status == kCVReturnSuccess, let made else {
    throw Failure(
      TL_E_RUNTIME, "no pixel buffer of \(layout.width) × \(layout.height) over the caller's memory (status \(status))")
  }
  return made
}

/// A pixel buffer with memory of its own, on a surface that all devices share.
func makePixelBuffer(width: Int, height: Int, _ type: OSType) throws -> CVPixelBuffer {
  var made: CVPixelBuffer?
  let status = CVPixelBufferCreate(kCFAllocatorDefault, width, height, type, surfaceAttributes(), &made)
  guard status == kCVReturnSuccess, let made else {
    throw Failure(TL_E_MEMORY, "no pixel buffer of \(width) × \(height) (status \(status))")
  }
  return made
}

#if canImport(ObjectiveC)
  private func surfaceAttributes() -> CFDictionary? {
    [kCVPixelBufferIOSurfacePropertiesKey: [:] as [String: Any]] as CFDictionary
  }
#else
  private func surfaceAttributes() -> CFDictionary? { nil }
#endif

/// The pixels while they are locked for the CPU.
func withPixels<R>(
  _ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags, _ body: (UnsafeMutableRawPointer, PixelLayout) throws -> R
) throws -> R {
  let status = CVPixelBufferLockBaseAddress(buffer, flags)
  guard status == kCVReturnSuccess else {
    throw Failure(TL_E_RUNTIME, "a pixel buffer cannot be locked (status \(status))")
  }
  defer { CVPixelBufferUnlockBaseAddress(buffer, flags) }
  guard let base = CVPixelBufferGetBaseAddress(buffer) else {
    throw Failure(TL_E_RUNTIME, "a pixel buffer has no memory")
  }
  return try body(base, PixelLayout(buffer))
}

extension PixelLayout {
  init(_ buffer: CVPixelBuffer) throws {
    try self.init(
      format: PixelFormat(pixelBuffer: CVPixelBufferGetPixelFormatType(buffer)), width: CVPixelBufferGetWidth(buffer),
      height: CVPixelBufferGetHeight(buffer), bytesPerRow: CVPixelBufferGetBytesPerRow(buffer))
  }
}

/// Keeps a pixel buffer locked, so that its address stays valid.
final class LockedPixels {
  let address: UnsafeMutableRawPointer
  private let buffer: CVPixelBuffer

  init(_ buffer: CVPixelBuffer) throws {
    let status = CVPixelBufferLockBaseAddress(buffer, [])
    guard status == kCVReturnSuccess, let base = CVPixelBufferGetBaseAddress(buffer) else {
      throw Failure(TL_E_RUNTIME, "a pixel buffer cannot be locked (status \(status))")
    }
    self.buffer = buffer
    address = base
  }

  deinit { CVPixelBufferUnlockBaseAddress(buffer, []) }
}
