import CTensorLogic
import CoreML
import Kernels

/// The pixel layouts that cross the ABI.
enum PixelFormat: Int32 {
  case bgra = 1, rgba = 2, rgb = 3, gray = 4, grayFloat16 = 5

  init(code: Int32, _ name: StaticString = "pixels") throws {
    guard let format = PixelFormat(rawValue: code) else {
      throw Failure(TL_E_ARGUMENT, "\(name): \(code) is not one of tl_pixels")
    }
    self = format
  }

  /// The layout that Core ML uses for images of this kind.
  init(_ constraint: MLImageConstraint) { self.init(pixelBuffer: constraint.pixelFormatType) }
  init(pixelBuffer type: OSType) {
    switch type {
    case kCVPixelFormatType_OneComponent8: self = .gray
    case kCVPixelFormatType_OneComponent16Half: self = .grayFloat16
    default: self = .bgra
    }
  }

  var bytesPerPixel: Int {
    switch self {
    case .bgra, .rgba: return 4
    case .rgb: return 3
    case .grayFloat16: return 2
    case .gray: return 1
    }
  }

  /// nil where Core Video has no buffer that Core ML takes.
  var pixelBufferType: OSType? {
    switch self {
    case .bgra: return kCVPixelFormatType_32BGRA
    case .gray: return kCVPixelFormatType_OneComponent8
    case .grayFloat16: return kCVPixelFormatType_OneComponent16Half
    case .rgba, .rgb: return nil
    }
  }

  /// Offsets of red, green and blue in a pixel of bytes.
  fileprivate var offsets: (red: Int, green: Int, blue: Int) {
    switch self {
    case .bgra: return (2, 1, 0)
    case .rgba, .rgb: return (0, 1, 2)
    case .gray, .grayFloat16: return (0, 0, 0)
    }
  }
}

/// Rows of pixels in memory, sizes checked.
struct PixelLayout: Equatable {
  let format: PixelFormat
  let width: Int
  let height: Int
  let bytesPerRow: Int
  static let maximumSide = 1 << 16

  init(format: PixelFormat, width: Int, height: Int, bytesPerRow: Int) throws {
    guard (1...PixelLayout.maximumSide).contains(width), (1...PixelLayout.maximumSide).contains(height) else {
      throw Failure(TL_E_ARGUMENT, "width, height: \(width) × \(height) is not within 1…\(PixelLayout.maximumSide)")
    }
    guard bytesPerRow >= width * format.bytesPerPixel, bytesPerRow <= 1 << 30 else {
      throw Failure(TL_E_ARGUMENT, "bytes_per_row: \(bytesPerRow) for \(width) pixels of \(format.bytesPerPixel) bytes")
    }
    if format == .grayFloat16, bytesPerRow % 2 != 0 {
      throw Failure(TL_E_ARGUMENT, "bytes_per_row: \(bytesPerRow) is odd, half floats have 2 bytes")
    }
    (self.format, self.width, self.height, self.bytesPerRow) = (format, width, height, bytesPerRow)
  }

  /// Bytes from the first to behind the last pixel.
  var byteSpan: Int { (height - 1) * bytesPerRow + width * format.bytesPerPixel }
}

/// Converts pixels; both layouts have the same width and height. Grey from colour is BT.601 luma as in Pillow, alpha is 255, half floats
/// hold 0…255.
func convertPixels(
  _ source: UnsafeRawPointer, _ from: PixelLayout, to target: UnsafeMutableRawPointer, _ to: PixelLayout
) throws {
  guard from.width == to.width, from.height == to.height else {
    throw Failure(
      TL_E_FEATURE, "an image of \(from.width) × \(from.height) pixels does not fit into \(to.width) × \(to.height)")
  }
  let rowBytes = from.width * from.format.bytesPerPixel
  var bytes = [UInt8](repeating: 0, count: from.format == .grayFloat16 || to.format == .grayFloat16 ? from.width : 0)
  var floats = [Float](repeating: 0, count: from.format == .grayFloat16 ? from.width : 0)
  for row in 0..<from.height {
    let source = source + row * from.bytesPerRow, target = target + row * to.bytesPerRow
    if from.format == to.format {
      target.copyMemory(from: source, byteCount: rowBytes)
      continue
    }
    if from.format == .grayFloat16 {
      try check(tlk_convert(source, TLK_F16, &floats, TLK_F32, from.width), "convert")
      // NaN becomes 0: max answers its second argument then.
      for x in 0..<from.width {
        bytes[x] = UInt8(max(0, min(255, floats[x].isNaN ? 0 : floats[x])).rounded(.toNearestOrEven))
      }
      bytes.withUnsafeBytes { gray in
        if let gray = gray.baseAddress { convertRow(gray, .gray, to: target, to.format, from.width) }
      }
    } else if to.format == .grayFloat16 {
      bytes.withUnsafeMutableBytes { gray in
        if let gray = gray.baseAddress { convertRow(source, from.format, to: gray, .gray, from.width) }
      }
      try check(tlk_convert(bytes, TLK_U8, target, TLK_F16, from.width), "convert")
    } else {
      convertRow(source, from.format, to: target, to.format, from.width)
    }
  }
}

/// One row of 8-bit pixels.
private func convertRow(
  _ source: UnsafeRawPointer, _ from: PixelFormat, to target: UnsafeMutableRawPointer, _ to: PixelFormat, _ width: Int
) {
  let source = source.assumingMemoryBound(to: UInt8.self), target = target.assumingMemoryBound(to: UInt8.self)
  let step = from.bytesPerPixel, (red, green, blue) = from.offsets
  switch to {
  case .gray:
    if from == .gray { return target.update(from: source, count: width) }
    for x in 0..<width {
      let pixel = source + x * step
      let luma = 19595 * UInt32(pixel[red]) + 38470 * UInt32(pixel[green]) + 7471 * UInt32(pixel[blue]) + 0x8000
      target[x] = UInt8(truncatingIfNeeded: luma >> 16)
    }
  case .rgb:
    for x in 0..<width {
      let pixel = source + x * step, out = target + x * 3
      (out[0], out[1], out[2]) = (pixel[red], pixel[green], pixel[blue])
    }
  default:
    let swapped = to == .bgra
    let first = swapped ? blue : red, third = swapped ? red : blue
    for x in 0..<width {
      let pixel = source + x * step, out = target + x * 4
      (out[0], out[1], out[2], out[3]) = (pixel[first], pixel[green], pixel[third], 255)
    }
  }
}

@_cdecl("tl_image_convert")
public func tl_image_convert(
  _ source: UnsafeRawPointer?, _ sourcePixels: Int32, _ sourceBytesPerRow: UInt32, _ target: UnsafeMutableRawPointer?,
  _ targetPixels: Int32,
  _ targetBytesPerRow: UInt32, _ width: UInt32, _ height: UInt32
) -> Int32 {
  export {
    let from = try PixelLayout(
      format: PixelFormat(code: sourcePixels, "source_pixels"), width: Int(width), height: Int(height),
      bytesPerRow: Int(sourceBytesPerRow))
    let to = try PixelLayout(
      format: PixelFormat(code: targetPixels, "target_pixels"), width: Int(width), height: Int(height),
      bytesPerRow: Int(targetBytesPerRow))
    try convertPixels(required(source, "source"), from, to: required(target, "target"), to)
  }
}
