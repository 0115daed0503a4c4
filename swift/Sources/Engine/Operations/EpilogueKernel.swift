import Kernels
import MIL

/// A node's bias parameter and its fused epilogue in the form that kernels take.
struct EpilogueKernel {
  private let scale: OwnedArray<Float>?
  private let bias: OwnedArray<Float>?
  private let slope: OwnedArray<Float>?
  private let biasSlot: Int?
  private let residual: (slot: Int, type: tlk_dtype)?
  private let isResidualLast: Bool
  private let activation: tlk_activation?
  private let columns: Int
  private var biasType = TLK_F32

  /// The node's own `bias` is added to the sum before the fused scale: (sum + b) · s + t = sum · s + (b · s + t).
  init(_ node: Node, columns: Int) throws {
    self.columns = columns
    let fused = node.epilogue
    var total = fused.bias
    var slot: Int?
    if let own = node.optional("bias") {
      if own.isFoldable, let numbers = own.numbers {
        guard numbers.count == columns || numbers.count == 1 else { throw node.fail("bias has \(numbers.count) elements, expected \(columns)") }
        let spread = numbers.count == 1 ? [Double](repeating: numbers[0], count: columns) : numbers
        var sum = spread.map { Float($0) }
        if let scale = fused.scale { sum = zip(sum, scale).map(*) }
        if let bias = fused.bias { sum = zip(sum, bias).map(+) }
        total = sum
      } else {
        // A bias computed at run time: only where nothing was fused behind it.
        guard fused.isEmpty, own.tensor.element == .float32 || own.tensor.element == .float16 else { throw node.fail("bias has to be a constant here", .unsupported) }
        slot = own.slot
        biasType = try node.kernelType(own.tensor, "bias")
      }
    }
    biasSlot = slot
    bias = total.map { OwnedArray($0) }
    scale = fused.scale.map { OwnedArray($0) }
    slope = fused.slope.map { OwnedArray($0) }
    residual = try fused.residual.map { ($0.slot, try node.kernelType($0.tensor, "residual")) }
    isResidualLast = fused.isResidualLast
    activation = fused.activation
  }


  func apply(_ epilogue: inout tlk_epilogue, _ frame: Frame) {
    epilogue.scale = scale.map { UnsafePointer($0.pointer) }
    epilogue.bias = bias.map { UnsafePointer($0.pointer) }
    if let biasSlot {
      // Widened into memory that lives as long as this run's frame.
      let wide = OwnedBytes(byteCount: columns * 4)
      tlk_convert(frame[biasSlot], biasType, wide.pointer, TLK_F32, columns)
      frame.objects[-1 - biasSlot] = wide
      epilogue.bias = UnsafePointer(wide.pointer.assumingMemoryBound(to: Float.self))
    }
    if let residual {
      epilogue.residual = UnsafeRawPointer(frame[residual.slot])
      epilogue.residual_dtype = residual.type
      epilogue.residual_pitch = columns
      epilogue.residual_last = isResidualLast
    }
    if let activation {
      epilogue.activation = activation
      if let slope { epilogue.activation.slope = UnsafePointer(slope.pointer) }
    }
  }
}
