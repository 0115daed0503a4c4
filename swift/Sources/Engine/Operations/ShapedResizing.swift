import Kernels
import MIL

extension OperationTable {
  /// `resize`: the last `resized_dims` axes to the last sizes of `shape`, which may be known at run time only.
  static let shapedResizing: [OperationDefinition] = [
    OperationDefinition("resize", infer: { [try ShapedResize($0).output] }, kernel: { try ShapedResize($0).kernel($0) }, layout: .custom(followResize))
  ]

  private static func followResize(_ node: Node, _ order: [Int]) -> Bool {
    guard order == LayoutPass.channelsLast(4), let count = try? node.int("resized_dims"), count <= 2 else { return false }
    node.isChannelsLast = true
    return true
  }
}

private struct ShapedResize {
  private let x: TensorSpec
  private let isLinear: Bool
  private let mode: SamplingMode
  /// Axes of x (in its own order of axes) that change, with their new sizes.
  private let changes: [(axis: Int, size: Int)]
  let output: ValueSpec

  init(_ node: Node) throws {
    x = try node.tensor("x", rank: 1...8)
    _ = try node.kernelType(x, "x")
    switch try node.string("interpolation_mode", default: "LINEAR") {
    case "LINEAR": isLinear = true
    case "NEAREST_NEIGHBOR": isLinear = false
    case let mode: throw node.fail("interpolation_mode is '\(mode)', expected LINEAR or NEAREST_NEIGHBOR")
    }
    mode = try SamplingMode(node)
    let sizes = try node.ints("shape", default: [])
    let count = try node.int("resized_dims")
    guard count >= 0, count <= sizes.count, sizes.count <= x.rank, !node.isChannelsLast || count <= 2 else {
      throw node.fail("resized_dims is \(count) and shape \(sizes), expected at most as many as each other and the rank of x, \(x.rank)")
    }
    var shape = x.shape
    let last = node.isChannelsLast ? x.rank - 1 : x.rank
    for (place, size) in sizes.suffix(count).enumerated() where size != 0 {
      guard size >= 1, size <= Picture.maximumSize else { throw node.fail("shape is \(sizes), expected sizes from 0") }
      shape[last - count + place] = size
    }
    let before = x.shape
    guard before.allSatisfy({ $0 >= 1 && $0 <= Picture.maximumSize }) || shape == before else { throw node.fail("x has the shape \(before), nothing to make \(shape) of") }
    changes = shape.indices.filter { shape[$0] != before[$0] }.map { ($0, shape[$0]) }
    output = try node.output(x.element, shape)
  }

  private func table(_ input: Int, _ size: Int) -> ResizedAxis {
    if input == size { return .nearest(input, size) }
    return isLinear ? .linear(input, size, mode) : .nearest(input, size, mode)
  }

  func kernel(_ node: Node) throws -> Kernel {
    let pixels = node.isChannelsLast ? [1, 2] : [x.rank - 2, x.rank - 1]
    if x.rank >= 3, !isLinear || x.element.isFloat, changes.allSatisfy({ pixels.contains($0.axis) }) {
      let picture = try Picture(node)
      func size(_ axis: Int) -> Int { changes.first { $0.axis == axis }?.size ?? x.shape[axis] }
      return try Resizing(picture, rows: table(picture.height, size(pixels[0])), columns: table(picture.width, size(pixels[1]))).kernel(node)
    }
    return try axisByAxis(node)
  }

  /// Any axes and integers: one axis after the other, as f32 (f32 holds an i32 to 2^24, which linear blending rounds anyway).
  private func axisByAxis(_ node: Node) throws -> Kernel {
    var shape = x.shape
    var passes: [(resize: tlk_resize, table: ResizedAxis.Table, count: Int)] = []
    let type = try node.kernelType(x, "x")
    let work = isLinear ? TLK_F32 : type
    for (axis, size) in changes {
      var resize = tlk_resize()
      resize.batch = shape[..<axis].reduce(1, &*)
      resize.channels = shape[(axis + 1)...].reduce(1, &*)
      (resize.input_height, resize.input_width, resize.output_height, resize.output_width) = (shape[axis], 1, size, 1)
      (resize.input_pitch, resize.output_pitch) = (resize.channels, resize.channels)
      (resize.input_dtype, resize.output_dtype) = (work, work)
      let table = table(shape[axis], size).table
      shape[axis] = size
      guard let spec = TensorSpec.checked(.float32, shape) else { throw node.fail("an intermediate would have the shape \(shape)") }
      passes.append((resize, table, spec.count))
    }
    let (source, target) = (try node.value("x").slot, node.outputs[0].slot)
    let one = ResizedAxis.nearest(1, 1).table
    let (x, width) = (x, Int(tlk_dtype_size(work)))
    return { [passes] frame in
      var current = OwnedBytes(byteCount: x.count * width)
      var count = x.count
      try node.check(tlk_convert(frame[source], type, current.pointer, work, count))
      for pass in passes {
        let next = OwnedBytes(byteCount: pass.count * width)
        var resize = pass.resize
        resize.rows = pass.table.axis
        resize.columns = one.axis
        resize.input = UnsafeRawPointer(current.pointer)
        resize.output = next.pointer
        try node.check(tlk_resize_run(&resize))
        (current, count) = (next, pass.count)
      }
      try node.check(tlk_convert(current.pointer, work, frame[target], type, count))
    }
  }
}
