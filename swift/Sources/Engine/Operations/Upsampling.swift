import Kernels
import MIL

extension OperationTable {
  static let upsampling: [OperationDefinition] = [
    OperationDefinition("upsample_nearest_neighbor", infer: inferUpsample, kernel: nearestKernel, layout: .channelsLast),
  ]

  /// x [*, H, W] by factors that are integers, or floats whose product with the size is rounded down.
  static func inferUpsample(_ node: Node) throws -> [ValueSpec] {
    let x = try node.tensor("x", rank: 3...5)
    let rows = try scaled(node, x.shape[x.rank - 2], "scale_factor_height")
    let columns = try scaled(node, x.shape[x.rank - 1], "scale_factor_width")
    return [try node.output(x.element, x.shape.dropLast(2) + [rows, columns])]
  }

  private static func scaled(_ node: Node, _ size: Int, _ name: String) throws -> Int {
    let factor = try node.double(name, default: 1)
    guard factor > 0, factor <= Double(1 << 16) else { throw node.fail("\(name) is \(factor), expected more than 0") }
    return Int((Double(size) * factor).rounded(.down))
  }

  private static func nearestKernel(_ node: Node) throws -> Kernel {
    let grid = try ResizeGrid(node)
    func table(_ input: Int, _ output: Int) -> [Int32] {
      (0..<output).map { Int32(clamping: min($0 * input / max(output, 1), input - 1)) }
    }
    return try grid.kernel(node, rows: .init(low: table(grid.inputHeight, grid.outputHeight)), columns: .init(low: table(grid.inputWidth, grid.outputWidth)))
  }
}

/// Resampling tables along one axis, see `tlk_resize_axis`.
struct ResizeTable {
  var low: [Int32]
  var high: [Int32] = []
  var weight: [Float] = []
  init(low: [Int32], high: [Int32] = [], weight: [Float] = []) {
    self.low = low
    self.high = high
    self.weight = weight
  }
}

/// Sizes of a resize of the two last spatial axes: channels-last for ranks 4 and 5 (rank 3: channels are the first axis, copied per plane).
struct ResizeGrid {
  let inputHeight: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int
  private let batch: Int, channels: Int
  private let type: tlk_dtype

  init(_ node: Node) throws {
    let x = try node.tensor("x")
    let output = node.outputs[0].tensor
    guard x.rank >= 3, output.rank == x.rank else { throw node.fail("x has rank \(x.rank), expected at least 3") }
    type = try node.kernelType(x, "x")
    // Of rank 3, [C, H, W] is channels-last with H as "channels" after the pass: [C, W, H]. See the shapes below.
    let last = x.rank - 1
    if node.isChannelsLast, x.rank >= 4 {
      batch = x.shape[..<(last - 2)].reduce(1, *)
      channels = x.shape[last]
      (inputHeight, inputWidth) = (x.shape[last - 2], x.shape[last - 1])
      (outputHeight, outputWidth) = (output.shape[last - 2], output.shape[last - 1])
    } else {
      batch = x.shape[..<(last - 1)].reduce(1, *)
      channels = 1
      (inputHeight, inputWidth) = (x.shape[last - 1], x.shape[last])
      (outputHeight, outputWidth) = (output.shape[last - 1], output.shape[last])
    }
  }

  func kernel(_ node: Node, rows: ResizeTable, columns: ResizeTable) throws -> Kernel {
    let (rowLow, rowHigh, rowWeight) = (OwnedArray(rows.low), OwnedArray(rows.high), OwnedArray(rows.weight))
    let (columnLow, columnHigh, columnWeight) = (OwnedArray(columns.low), OwnedArray(columns.high), OwnedArray(columns.weight))
    var resize = tlk_resize()
    resize.batch = batch
    resize.channels = channels
    resize.input_height = inputHeight
    resize.input_width = inputWidth
    resize.output_height = outputHeight
    resize.output_width = outputWidth
    resize.input_pitch = channels
    resize.output_pitch = channels
    resize.rows = tlk_resize_axis(low: rowLow.pointer, high: rows.high.isEmpty ? nil : UnsafePointer(rowHigh.pointer), weight: rows.weight.isEmpty ? nil : UnsafePointer(rowWeight.pointer))
    resize.columns = tlk_resize_axis(low: columnLow.pointer, high: columns.high.isEmpty ? nil : UnsafePointer(columnHigh.pointer), weight: columns.weight.isEmpty ? nil : UnsafePointer(columnWeight.pointer))
    resize.input_dtype = type
    resize.output_dtype = type
    let (source, target, fixed) = (try node.value("x").slot, node.outputs[0].slot, resize)
    return { frame in
      var resize = fixed
      resize.input = UnsafeRawPointer(frame[source])
      resize.output = frame[target]
      try node.check(tlk_resize_run(&resize))
      withExtendedLifetime((rowLow, rowHigh, rowWeight, columnLow, columnHigh, columnWeight)) {}
    }
  }
}
