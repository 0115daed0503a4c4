import Glibc

public typealias OSType = UInt32
public typealias CVReturn = Int32
public typealias CVOptionFlags = UInt64
public final class CFAllocator {}
public final class CFDictionary {}
public var kCFAllocatorDefault: CFAllocator? { nil }

public var kCVReturnSuccess: CVReturn { 0 }
public var kCVReturnInvalidArgument: CVReturn { -6661 }
public var kCVReturnAllocationFailed: CVReturn { -6662 }
public var kCVReturnInvalidPixelFormat: CVReturn { -6680 }

public var kCVPixelFormatType_OneComponent16Half: OSType { 0x4C30_3068 }
public var kCVPixelFormatType_OneComponent8: OSType { 0x4C30_3038 }
public var kCVPixelFormatType_32BGRA: OSType { 0x4247_5241 }

public typealias CVPixelBufferReleaseBytesCallback = @convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?) ->
  Void

public struct CVPixelBufferLockFlags: OptionSet, Sendable {
  public let rawValue: CVOptionFlags
  public init(rawValue: CVOptionFlags) { self.rawValue = rawValue }
  public static var readOnly: CVPixelBufferLockFlags { CVPixelBufferLockFlags(rawValue: 1) }
}

public typealias CVPixelBuffer = CVImageBuffer
public typealias CVImageBuffer = CVBuffer

/// Pixels in rows. Rows of memory that this class allocates are padded to 64 bytes, as IOSurface does.
public final class CVBuffer {
  let width: Int, height: Int
  let pixelFormat: OSType
  let base: UnsafeMutableRawPointer
  let bytesPerRow: Int
  private let release: () -> Void

  fileprivate init(
    width: Int, height: Int, pixelFormat: OSType, base: UnsafeMutableRawPointer, bytesPerRow: Int,
    release: @escaping () -> Void
  ) {
    self.width = width
    self.height = height
    self.pixelFormat = pixelFormat
    self.base = base
    self.bytesPerRow = bytesPerRow
    self.release = release
  }

  deinit { release() }
}

private func bytesPerPixel(_ format: OSType) -> Int? {
  switch format {
  case kCVPixelFormatType_32BGRA: return 4
  case kCVPixelFormatType_OneComponent8: return 1
  case kCVPixelFormatType_OneComponent16Half: return 2
  default: return nil
  }
}

private let largestSide = 1 << 20

public func CVPixelBufferCreate(
  _ allocator: CFAllocator?, _ width: Int, _ height: Int, _ pixelFormatType: OSType,
  _ pixelBufferAttributes: CFDictionary?,
  _ pixelBufferOut: UnsafeMutablePointer<CVPixelBuffer?>
) -> CVReturn {
  guard let pixelBytes = bytesPerPixel(pixelFormatType) else { return kCVReturnInvalidPixelFormat }
  guard (1...largestSide).contains(width), (1...largestSide).contains(height) else { return kCVReturnInvalidArgument }
  let bytesPerRow = (width * pixelBytes + 63) / 64 * 64
  var memory: UnsafeMutableRawPointer?
  guard posix_memalign(&memory, 64, bytesPerRow * height) == 0, let memory else { return kCVReturnAllocationFailed }
  memset(memory, 0, bytesPerRow * height)
  pixelBufferOut.pointee = CVBuffer(
    width: width, height: height, pixelFormat: pixelFormatType, base: memory, bytesPerRow: bytesPerRow
  ) {
    free(memory)
  }
  return kCVReturnSuccess
}

public func CVPixelBufferCreateWithBytes(
  _ allocator: CFAllocator?, _ width: Int, _ height: Int, _ pixelFormatType: OSType,
  _ baseAddress: UnsafeMutableRawPointer, _ bytesPerRow: Int,
  _ releaseCallback: CVPixelBufferReleaseBytesCallback?, _ releaseRefCon: UnsafeMutableRawPointer?,
  _ pixelBufferAttributes: CFDictionary?,
  _ pixelBufferOut: UnsafeMutablePointer<CVPixelBuffer?>
) -> CVReturn {
  guard let pixelBytes = bytesPerPixel(pixelFormatType) else { return kCVReturnInvalidPixelFormat }
  guard (1...largestSide).contains(width), (1...largestSide).contains(height), bytesPerRow >= width * pixelBytes else {
    return kCVReturnInvalidArgument
  }
  pixelBufferOut.pointee = CVBuffer(
    width: width, height: height, pixelFormat: pixelFormatType, base: baseAddress, bytesPerRow: bytesPerRow
  ) {
    releaseCallback?(releaseRefCon, baseAddress)
  }
  return kCVReturnSuccess
}

// Plain memory: locking has nothing to do.
@discardableResult
public func CVPixelBufferLockBaseAddress(_ pixelBuffer: CVPixelBuffer, _ lockFlags: CVPixelBufferLockFlags) -> CVReturn
{ kCVReturnSuccess }
@discardableResult
public func CVPixelBufferUnlockBaseAddress(_ pixelBuffer: CVPixelBuffer, _ unlockFlags: CVPixelBufferLockFlags)
  -> CVReturn
{ kCVReturnSuccess }
public func CVPixelBufferGetBaseAddress(_ pixelBuffer: CVPixelBuffer) -> UnsafeMutableRawPointer? { pixelBuffer.base }
public func CVPixelBufferGetBytesPerRow(_ pixelBuffer: CVPixelBuffer) -> Int { pixelBuffer.bytesPerRow }
public func CVPixelBufferGetDataSize(_ pixelBuffer: CVPixelBuffer) -> Int {
  pixelBuffer.bytesPerRow * pixelBuffer.height
}
public func CVPixelBufferGetWidth(_ pixelBuffer: CVPixelBuffer) -> Int { pixelBuffer.width }
public func CVPixelBufferGetHeight(_ pixelBuffer: CVPixelBuffer) -> Int { pixelBuffer.height }
public func CVPixelBufferGetPixelFormatType(_ pixelBuffer: CVPixelBuffer) -> OSType { pixelBuffer.pixelFormat }
