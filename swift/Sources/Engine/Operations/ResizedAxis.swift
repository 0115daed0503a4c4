import Kernels
import MIL

/// Where the grid points of a resized axis lie, as MIL's `resize_bilinear` documents them.
enum SamplingMode {
  case `default`, strictAlignCorners, alignCorners, offsetCorners, unalignCorners

  init(_ node: Node) throws {
    switch try node.string("sampling_mode", default: "DEFAULT") {
    case "DEFAULT": self = .default
    case "STRICT_ALIGN_CORNERS": self = .strictAlignCorners
    case "ALIGN_CORNERS": self = .alignCorners
    case "OFFSET_CORNERS": self = .offsetCorners
    case "UNALIGN_CORNERS": self = .unalignCorners
    case let mode: throw node.fail("sampling_mode is '\(mode)', expected DEFAULT, STRICT_ALIGN_CORNERS, ALIGN_CORNERS, OFFSET_CORNERS or UNALIGN_CORNERS")
    }
  }

  /// Grid point i of `output` ones over 0 … `input` − 1, before it is clamped to that interval. In f32, as in TensorFlow and PyTorch:
  /// behind a thousand pixels the rounding of a point shows in the fourth digit of what is blended there.
  func point(_ i: Int, input: Int, output: Int) -> Float {
    let (i, size, count) = (Float(i), Float(input), Float(output))
    switch self {
    case .default: return i * (size / count)
    case .strictAlignCorners: return output == 1 ? 0 : i * ((size - 1) / (count - 1))
    case .alignCorners: return output == 1 ? (size - 1) / 2 : i * ((size - 1) / (count - 1))
    case .offsetCorners: return (i + 0.5) * (max(1, size - 1) / count)
    case .unalignCorners: return (i + 0.5) * (size / count) - 0.5
    }
  }
}

/// One axis of a resize: from which elements each output element is made.
struct ResizedAxis {
  private let low: [Int32]
  private let high: [Int32]
  /// Empty: the element at `low` alone.
  private let weight: [Float]

  var count: Int { low.count }

  /// Replicates: the factor is that of the sizes even where the file's own is not a whole number.
  static func nearest(_ input: Int, _ output: Int) -> ResizedAxis {
    ResizedAxis(low: (0..<output).map { Int32(clamping: $0 * input / output) }, high: [], weight: [])
  }

  /// The element closest to the grid point, the upper one if there are two. DEFAULT takes the element that the centre of the output
  /// element lies in, ⌊(i + ½) · input / output⌋, as `half_pixel_centers` of TensorFlow's ResizeNearestNeighbor does: coremltools maps
  /// that, and only that, to this mode.
  static func nearest(_ input: Int, _ output: Int, _ mode: SamplingMode) -> ResizedAxis {
    let last = Float(input - 1)
    return ResizedAxis(
      low: (0..<output).map { index in
        if case .default = mode { return Int32(clamping: (2 * index + 1) * input / (2 * output)) }
        return Int32(min(max((mode.point(index, input: input, output: output) + 0.5).rounded(.down), 0), last))
      },
      high: [], weight: [])
  }

  static func linear(_ input: Int, _ output: Int, _ mode: SamplingMode) -> ResizedAxis {
    let points = (0..<output).map { min(max(mode.point($0, input: input, output: output), 0), Float(input - 1)) }
    return ResizedAxis(
      low: points.map { Int32($0) }, high: points.map { Int32(min(Int($0) + 1, input - 1)) },
      weight: points.map { $0 - $0.rounded(.down) })
  }

  var table: Table { Table(self) }

  /// The same in memory that kernels read.
  final class Table: @unchecked Sendable {
    private let low: OwnedArray<Int32>, high: OwnedArray<Int32>, weight: OwnedArray<Float>?

    init(_ axis: ResizedAxis) {
      low = OwnedArray(axis.low)
      high = OwnedArray(axis.high)
      weight = axis.weight.isEmpty ? nil : OwnedArray(axis.weight)
    }

    var axis: tlk_resize_axis {
      tlk_resize_axis(low: low.pointer, high: weight == nil ? nil : UnsafePointer(high.pointer), weight: weight.map { UnsafePointer($0.pointer) })
    }
  }
}
