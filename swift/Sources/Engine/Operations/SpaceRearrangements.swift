import Kernels
import MIL

extension OperationTable {
  /// Elements between the channels (or the batch) and blocks of pixels.
  static let spaceRearrangements: [OperationDefinition] = [
    depth("pixel_shuffle", "upscale_factor", isUpscaling: true, isBlockFirst: false),
    depth("pixel_unshuffle", "downscale_factor", isUpscaling: false, isBlockFirst: false),
    depth("depth_to_space", "block_size", isUpscaling: true, isBlockFirst: true),
    depth("space_to_depth", "block_size", isUpscaling: false, isBlockFirst: true),
    batch("batch_to_space", "crops", isUpscaling: true),
    batch("space_to_batch", "paddings", isUpscaling: false),
  ]

  // ---- channels ---------------------------------------------------------------------------------------------------

  /// `isBlockFirst`: channels of the deep tensor are [block row, block column, channel], else [channel, block row, block column].
  private static func depth(_ name: String, _ parameter: String, isUpscaling: Bool, isBlockFirst: Bool) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x", rank: 4...4)
        let block = try blockSize(node, parameter)
        let (area, shape) = (block * block, x.shape)
        if isUpscaling {
          guard shape[1] % area == 0 else { throw node.fail("x has \(shape[1]) channels, which \(parameter) \(block) squared does not divide") }
          return [try node.output(x.element, [shape[0], shape[1] / area, shape[2] &* block, shape[3] &* block])]
        }
        guard shape[2] % block == 0, shape[3] % block == 0 else { throw node.fail("x has the shape \(shape), \(parameter) \(block) does not divide its last two axes") }
        return [try node.output(x.element, [shape[0], shape[1] &* area, shape[2] / block, shape[3] / block])]
      },
      kernel: { node in
        let x = try node.tensor("x")
        let block = try blockSize(node, parameter)
        let (deep, wide) = isUpscaling ? (x, node.outputs[0].tensor) : (node.outputs[0].tensor, x)
        // Places of batch, channel, row, column.
        let axes = node.isChannelsLast ? [0, 3, 1, 2] : [0, 1, 2, 3]
        let (shape, deepSteps, wideSteps) = (axes.map { deep.shape[$0] }, axes.map { deep.strides[$0] }, axes.map { wide.strides[$0] })
        let channels = shape[1] / (block * block)
        let channelStep = deepSteps[1]
        let rowStep = isBlockFirst ? block * channels : block
        let columnStep = isBlockFirst ? channels : 1
        let deepStrides = [deepSteps[0], deepSteps[2], channelStep * rowStep, deepSteps[3], channelStep * columnStep, channelStep * (isBlockFirst ? 1 : block * block)]
        let wideStrides = [wideSteps[0], wideSteps[2] * block, wideSteps[2], wideSteps[3] * block, wideSteps[3], wideSteps[1]]
        let sizes = [shape[0], shape[2], block, shape[3], block, channels]
        let copy = StridedCopy(shape: sizes, from: isUpscaling ? deepStrides : wideStrides, to: isUpscaling ? wideStrides : deepStrides, element: x)
        return try copy.kernel(node, node.value("x").slot, node.outputs[0].slot)
      },
      layout: .custom { node, order in
        node.isChannelsLast = true
        return order == LayoutPass.channelsLast(4)
      })
  }

  private static func blockSize(_ node: Node, _ parameter: String) throws -> Int {
    let block = try node.int(parameter)
    guard block >= 1, block <= 1 << 15 else { throw node.fail("\(parameter) is \(block), expected at least 1") }
    return block
  }

  // ---- batch ------------------------------------------------------------------------------------------------------

  private static func batch(_ name: String, _ margins: String, isUpscaling: Bool) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x", rank: 4...4)
        let (block, margin) = try blockShape(node, margins)
        let area = block[0] * block[1]
        var shape = x.shape
        if isUpscaling {
          guard shape[0] % area == 0 else { throw node.fail("x has the batch \(shape[0]), which block_shape \(block) does not divide") }
          shape[0] /= area
          for axis in 0..<2 { shape[axis + 2] = shape[axis + 2] &* block[axis] - margin[axis][0] - margin[axis][1] }
        } else {
          shape[0] = shape[0] &* area
          for axis in 0..<2 {
            let padded = shape[axis + 2] + margin[axis][0] + margin[axis][1]
            guard padded % block[axis] == 0 else { throw node.fail("x has the shape \(x.shape), with paddings \(margin) block_shape \(block) does not divide it") }
            shape[axis + 2] = padded / block[axis]
          }
        }
        return [try node.output(x.element, shape)]
      }, kernel: { try batchKernel($0, margins, isUpscaling: isUpscaling) })
  }

  private static func blockShape(_ node: Node, _ margins: String) throws -> (block: [Int], margin: [[Int]]) {
    let block = try node.ints("block_shape", default: [], count: 2)
    let margin = try node.ints(margins, default: [], count: 4)
    guard block.allSatisfy({ $0 >= 1 && $0 <= 1 << 15 }), margin.allSatisfy({ $0 >= 0 && $0 <= TensorSpec.maximumCount }) else {
      throw node.fail("block_shape is \(block) and \(margins) \(margin), expected numbers from 1 and from 0")
    }
    return (block, [Array(margin[..<2]), Array(margin[2...])])
  }

  /// Entry (row · columns + column) · batch + b of the split tensor holds every block-th pixel of entry b, from (row, column) on.
  private static func batchKernel(_ node: Node, _ margins: String, isUpscaling: Bool) throws -> Kernel {
    let x = try node.tensor("x")
    let output = node.outputs[0].tensor
    let (block, margin) = try blockShape(node, margins)
    let (split, whole) = isUpscaling ? (x, output) : (output, x)
    let (splitSteps, wholeSteps) = (split.strides, whole.strides)
    var copies: [StridedCopy] = []
    for row in 0..<block[0] {
      for column in 0..<block[1] {
        // Pixel i of the split axis is pixel i · block + start of the whole one; only those that exist are copied.
        let start = [row - margin[0][0], column - margin[1][0]]
        let first = (0..<2).map { start[$0] >= 0 ? 0 : (-start[$0] + block[$0] - 1) / block[$0] }
        let end = (0..<2).map { axis -> Int in
          let room = whole.shape[axis + 2] - start[axis]
          return room <= 0 ? 0 : min((room + block[axis] - 1) / block[axis], split.shape[axis + 2])
        }
        let shape = [whole.shape[0], whole.shape[1], max(end[0] - first[0], 0), max(end[1] - first[1], 0)]
        guard !shape.contains(0) else { continue }
        let splitOffset = (row * block[1] + column) * whole.shape[0] * splitSteps[0] + first[0] * splitSteps[2] + first[1] * splitSteps[3]
        let wholeOffset = (first[0] * block[0] + start[0]) * wholeSteps[2] + (first[1] * block[1] + start[1]) * wholeSteps[3]
        let wholeStrides = [wholeSteps[0], wholeSteps[1], wholeSteps[2] * block[0], wholeSteps[3] * block[1]]
        copies.append(
          isUpscaling
            ? StridedCopy(shape: shape, from: splitSteps, to: wholeStrides, fromOffset: splitOffset, toOffset: wholeOffset, element: x)
            : StridedCopy(shape: shape, from: wholeStrides, to: splitSteps, fromOffset: wholeOffset, toOffset: splitOffset, element: x))
      }
    }
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let isPadded = !isUpscaling && margin.contains { $0 != [0, 0] }
    return { frame in
      if isPadded { frame[target].initializeMemory(as: UInt8.self, repeating: 0, count: output.byteCount) }
      for copy in copies { try node.check(copy.run(frame[source], frame[target])) }
    }
  }
}
