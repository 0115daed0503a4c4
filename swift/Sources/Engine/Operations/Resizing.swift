import Kernels
import MIL

extension OperationTable {
  /// Height and width to other sizes, on a regular grid.
  static let resizing: [OperationDefinition] = [
    resizing("upsample_nearest_neighbor") { node, x in
      let (height, width) = try scaledSizes(node, x)
      return Resizing(x, rows: .nearest(x.height, height), columns: .nearest(x.width, width))
    },
    resizing("resize_nearest_neighbor") { node, x in
      let (height, width) = (try size(node, "target_size_height"), try size(node, "target_size_width"))
      return Resizing(x, rows: .nearest(x.height, height, .default), columns: .nearest(x.width, width, .default))
    },
    resizing("upsample_bilinear") { node, x in
      let (height, width) = try scaledSizes(node, x)
      let isAligned = try node.bool("align_corners", default: true)
      let isCentred = try node.bool("half_pixel_centers", default: !isAligned)
      let mode: SamplingMode = isAligned ? .strictAlignCorners : isCentred ? .unalignCorners : .default
      return Resizing(x, rows: .linear(x.height, height, mode), columns: .linear(x.width, width, mode))
    },
    resizing("resize_bilinear") { node, x in
      let (height, width) = (try size(node, "target_size_height", default: 1), try size(node, "target_size_width", default: 1))
      let mode = try SamplingMode(node)
      return Resizing(x, rows: .linear(x.height, height, mode), columns: .linear(x.width, width, mode))
    },
  ]

  private static func resizing(_ name: String, _ make: @escaping (Node, Picture) throws -> Resizing) -> OperationDefinition {
    OperationDefinition(
      name,
      infer: { node in
        let x = try node.tensor("x", rank: 3...8)
        guard x.element == .float16 || x.element == .float32 else { throw node.fail("x has the element type \(x.element.name), expected fp16 or fp32") }
        let resizing = try make(node, try Picture(node))
        return [try node.output(x.element, x.shape.dropLast(2) + [resizing.rows.count, resizing.columns.count])]
      },
      kernel: { try make($0, try Picture($0)).kernel($0) },
      layout: .custom { node, order in
        node.isChannelsLast = true
        return order == LayoutPass.channelsLast(4)
      })
  }

  static func size(_ node: Node, _ name: String, default fallback: Int? = nil) throws -> Int {
    let size = try node.int(name, default: fallback)
    guard size >= 1, size <= Picture.maximumSize else { throw node.fail("\(name) is \(size), expected at least 1") }
    return size
  }

  private static func scaledSizes(_ node: Node, _ x: Picture) throws -> (height: Int, width: Int) {
    func scaled(_ name: String, _ input: Int) throws -> Int {
      let scale = try node.double(name, default: 1)
      let size = (scale * Double(input)).rounded(.down)
      guard size >= 1, size <= Double(Picture.maximumSize) else { throw node.fail("\(name) is \(scale), which makes the size \(input) \(size)") }
      return Int(size)
    }
    return (try scaled("scale_factor_height", x.height), try scaled("scale_factor_width", x.width))
  }
}

/// x as pixels: [batch, height, width, channels] in memory. Planes are pixels of one channel.
struct Picture {
  let batch: Int, channels: Int
  let height: Int, width: Int
  static let maximumSize = 1 << 24

  init(_ node: Node) throws {
    let x = try node.tensor("x", rank: 3...8)
    if node.isChannelsLast {
      (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    } else {
      batch = x.shape.dropLast(2).reduce(1, &*)
      (height, width, channels) = (x.shape[x.rank - 2], x.shape[x.rank - 1], 1)
    }
    guard height >= 1, width >= 1, height <= Picture.maximumSize, width <= Picture.maximumSize else { throw node.fail("x has the shape \(x.shape), expected pixels in the last two axes") }
  }
}

struct Resizing {
  private let x: Picture
  let rows: ResizedAxis, columns: ResizedAxis

  init(_ x: Picture, rows: ResizedAxis, columns: ResizedAxis) {
    self.x = x
    self.rows = rows
    self.columns = columns
  }

  func kernel(_ node: Node) throws -> Kernel {
    let input = try node.value("x")
    var resize = tlk_resize()
    resize.batch = x.batch
    resize.channels = x.channels
    (resize.input_height, resize.input_width) = (x.height, x.width)
    (resize.output_height, resize.output_width) = (rows.count, columns.count)
    resize.input_pitch = x.channels
    resize.output_pitch = x.channels
    resize.input_dtype = try node.kernelType(input.tensor, "x")
    resize.output_dtype = resize.input_dtype
    let (rowTable, columnTable) = (rows.table, columns.table)
    let (fixed, source, target) = (resize, input.slot, node.outputs[0].slot)
    return { frame in
      var resize = fixed
      resize.rows = rowTable.axis
      resize.columns = columnTable.axis
      resize.input = UnsafeRawPointer(frame[source])
      resize.output = frame[target]
      try node.check(tlk_resize_run(&resize))
    }
  }
}
