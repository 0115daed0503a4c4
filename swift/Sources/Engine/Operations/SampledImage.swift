import Kernels
import MIL

/// x of rank 4 as pixels, in either order of axes.
struct SampledImage {
  let element: ElementType
  let batch: Int, channels: Int, height: Int, width: Int
  private let isChannelsLast: Bool

  init(_ node: Node) throws {
    let x = try node.tensor("x", rank: 4...4)
    guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
    element = x.element
    isChannelsLast = node.isChannelsLast
    let axes = isChannelsLast ? [0, 3, 1, 2] : [0, 1, 2, 3]
    (batch, channels, height, width) = (x.shape[axes[0]], x.shape[axes[1]], x.shape[axes[2]], x.shape[axes[3]])
    guard height >= 1, width >= 1, height <= Picture.maximumSize, width <= Picture.maximumSize else {
      throw node.fail("x has the shape \(x.shape), expected pixels in the last two axes")
    }
  }

  /// Element of channel 0 of a pixel; −1 outside.
  @inline(__always) func offset(_ entry: Int, _ row: Int, _ column: Int) -> Int {
    guard row >= 0, row < height, column >= 0, column < width else { return -1 }
    return isChannelsLast ? ((entry &* height &+ row) &* width &+ column) &* channels : (entry &* channels &* height &+ row) &* width &+ column
  }

  /// Points whose taps are in memory at a time: 768 KiB.
  private static let pointsPerChunk = 1 << 14

  /// Output [images, channels, points], or [images, points, channels] where x is channels-last. `fillTaps` is given an output image, the
  /// points of it that are wanted and the taps to set, from 0.
  func run(
    _ node: Node, _ frame: Frame, images: Int, points: Int, padding: Float, fillTaps: (Int, Range<Int>, SampleTaps) throws -> Void
  ) throws {
    let taps = SampleTaps(count: min(points, SampledImage.pointsPerChunk))
    var sampling = tlk_sampling()
    (sampling.images, sampling.channels) = (1, channels)
    sampling.taps = UnsafePointer(taps.offsets)
    sampling.weights = UnsafePointer(taps.weights)
    sampling.fill = padding
    sampling.input = UnsafeRawPointer(frame[try node.value("x").slot])
    sampling.input_channel_stride = isChannelsLast ? 1 : height * width
    sampling.output_point_stride = isChannelsLast ? channels : 1
    sampling.output_channel_stride = isChannelsLast ? 1 : points
    sampling.dtype = element == .float16 ? TLK_F16 : TLK_F32
    let byteWidth = element == .float16 ? 2 : 4
    for image in 0..<images {
      for first in stride(from: 0, to: points, by: SampledImage.pointsPerChunk) {
        let chunk = first..<min(first + SampledImage.pointsPerChunk, points)
        try fillTaps(image, chunk, taps)
        sampling.points = chunk.count
        sampling.output = frame[node.outputs[0].slot] + (image * points * channels + first * sampling.output_point_stride) * byteWidth
        try node.check(tlk_sampling_run(&sampling))
      }
    }
    withExtendedLifetime(taps) {}
  }
}

/// Four pixels and their weights for each point of an output.
final class SampleTaps {
  let offsets: UnsafeMutablePointer<Int>
  let weights: UnsafeMutablePointer<Float>

  init(count: Int) {
    offsets = .allocate(capacity: max(4 * count, 1))
    weights = .allocate(capacity: max(4 * count, 1))
  }

  deinit {
    offsets.deallocate()
    weights.deallocate()
  }

  @inline(__always) private func set(_ index: Int, _ tap: Int, _ offset: Int, _ weight: Float) {
    offsets[4 * index + tap] = offset
    weights[4 * index + tap] = weight
  }

  /// Far outside is as good as just outside; NaN is outside.
  @inline(__always) private func bounded(_ x: Float, _ size: Int) -> Float { x > -2 ? min(x, Float(size + 1)) : -2 }

  func set(_ index: Int, _ image: SampledImage, _ entry: Int, y: Float, x: Float, isNearest: Bool) {
    if isNearest { setNearest(index, image, entry, y: y, x: x) } else { setLinear(index, image, entry, y: y, x: x) }
  }

  private func setNearest(_ index: Int, _ image: SampledImage, _ entry: Int, y: Float, x: Float) {
    let (row, column) = (Int(bounded(y, image.height).rounded(.toNearestOrEven)), Int(bounded(x, image.width).rounded(.toNearestOrEven)))
    set(index, 0, image.offset(entry, row, column), 1)
    for tap in 1..<4 { set(index, tap, -1, 0) }
  }

  func setLinear(_ index: Int, _ image: SampledImage, _ entry: Int, y: Float, x: Float) {
    let (y, x) = (bounded(y, image.height), bounded(x, image.width))
    let (top, left) = (y.rounded(.down), x.rounded(.down))
    let (row, column) = (Int(top), Int(left))
    let (down, right) = (y - top, x - left)
    set(index, 0, image.offset(entry, row, column), (1 - down) * (1 - right))
    set(index, 1, image.offset(entry, row, column + 1), (1 - down) * right)
    set(index, 2, image.offset(entry, row + 1, column), down * (1 - right))
    set(index, 3, image.offset(entry, row + 1, column + 1), down * right)
  }

  /// The whole point is what lies outside.
  func setOutside(_ index: Int) {
    set(index, 0, -1, 1)
    for tap in 1..<4 { set(index, tap, -1, 0) }
  }
}
