import Engine
import Kernels
import MIL

private let unitScale: [Float] = [1, 1, 1]
private let noBias: [Float] = [0, 0, 0]

extension ColorSpace {
  fileprivate var layout: tlk_color_layout {
    switch self {
    case .rgb: return TLK_COLOR_RGB
    case .bgr: return TLK_COLOR_BGR
    case .grayscale, .grayscaleFloat16: return TLK_COLOR_GRAY
    }
  }
}

extension CVPixelBuffer {
  /// The pixels as [1, channels, height, width], values 0…255 (or as they are, for half floats).
  func tensor(_ colorSpace: ColorSpace, element: ElementType) throws -> TensorMemory {
    let spec = TensorSpec(element, [1, colorSpace.channelCount, height, width])
    guard let kernel = element.kernel, let byteWidth = element.byteWidth else { throw unsupportedElement(element) }
    let plane = width * height
    let bytes = OwnedBytes(byteCount: plane * colorSpace.channelCount * byteWidth)
    let status: tlk_status
    switch pixelFormat {
    case kCVPixelFormatType_OneComponent16Half:
      guard colorSpace.channelCount == 1 else {
        throw MLModelError(.featureType, "the pixels are half-float grey, expected 32BGRA or OneComponent8")
      }
      status = tlk_convert_strided(
        base, TLK_F16, [bytesPerRow / 2, 1], bytes.pointer, kernel, [width, 1], [height, width], 2)
    default:
      let format = pixelFormat == kCVPixelFormatType_OneComponent8 ? TLK_PIXEL_GRAY : TLK_PIXEL_BGRA
      status = tlk_image_to_tensor(
        base, format, width, height, bytesPerRow, bytes.pointer, kernel, colorSpace.layout, plane, width, 1, unitScale,
        noBias)
    }
    guard status == TLK_OK else { throw unsupportedElement(element) }
    return TensorMemory(spec: spec, address: bytes.pointer, owner: bytes)
  }

  /// Writes a tensor [1, channels, height, width] (or without the 1): rounded, clamped to 0…255; half floats as they are.
  func fill(from tensor: TensorMemory, _ colorSpace: ColorSpace) throws {
    let element = tensor.spec.element
    guard let kernel = element.kernel else { throw unsupportedElement(element) }
    let plane = width * height
    let status: tlk_status
    if pixelFormat == kCVPixelFormatType_OneComponent16Half {
      status = tlk_convert_strided(
        tensor.address, kernel, [width, 1], base, TLK_F16, [bytesPerRow / 2, 1], [height, width], 2)
    } else {
      let format = pixelFormat == kCVPixelFormatType_OneComponent8 ? TLK_PIXEL_GRAY : TLK_PIXEL_BGRA
      status = tlk_image_from_tensor(
        tensor.address, kernel, colorSpace.layout, plane, width, 1, unitScale, noBias, base, format, width, height,
        bytesPerRow)
    }
    guard status == TLK_OK else { throw unsupportedElement(element) }
  }

  private func unsupportedElement(_ element: ElementType) -> MLModelError {
    MLModelError(.featureType, "images of elements \(element.name) are not supported; expected fp16 or fp32")
  }
}

extension TensorSpec {
  /// Height and width of an image tensor of these channels.
  func imageSize(channels: Int) -> (width: Int, height: Int)? {
    var sizes = shape[...]
    while sizes.count > 3, sizes.first == 1 { sizes.removeFirst() }
    guard sizes.count == 3, sizes[sizes.startIndex] == channels else { return nil }
    return (sizes[sizes.startIndex + 2], sizes[sizes.startIndex + 1])
  }
}
