import Kernels
import MIL

/// A small parameter (bias, gamma, peephole) as f32 for kernels, in blocks that may be put into another order. Constants are widened
/// once, what a run computed in that run.
struct ParameterVector {
  private let node: Node
  private let name: String
  private let blocks: [Int]
  private let hidden: Int
  private let slot: Int
  private let type: tlk_dtype
  private var fixed: OwnedBytes?

  /// nil when the parameter is absent.
  init?(_ node: Node, _ name: String, blocks: [Int], hidden: Int) throws {
    guard let value = node.optional(name) else { return nil }
    let spec = try node.tensor(name)
    guard spec.count == blocks.count * hidden, spec.element == .float16 || spec.element == .float32 else {
      throw node.fail("\(name) is \(spec.element.name) \(spec.shape), expected fp16 or fp32 [\(blocks.count * hidden)]")
    }
    self.node = node
    self.name = name
    self.blocks = blocks
    self.hidden = hidden
    slot = value.slot
    type = try node.kernelType(spec, name)
    if value.isFoldable, let address = value.bytes?.baseAddress { fixed = try ordered(address) }
  }

  private func ordered(_ source: UnsafeRawPointer) throws -> OwnedBytes {
    let target = OwnedBytes(byteCount: blocks.count * hidden * 4)
    for (place, block) in blocks.enumerated() {
      try node.check(tlk_convert(source + block * hidden * Int(tlk_dtype_size(type)), type, target.pointer + place * hidden * 4, TLK_F32, hidden))
    }
    return target
  }

  func inFrame(_ frame: Frame) throws -> OwnedBytes { try fixed ?? ordered(frame[slot]) }
}
