import CTensorLogic
import Kernels
import MIL

/// An open SafeTensors or GGUF file.
final class Weights: Handled {
  static let handleKind = HandleKind.weights

  private let file: TensorFile

  init(path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw Failure(TL_E_ARGUMENT, "path: expected the path of a file, got \(path.debugDescription)")
    }
    file = try TensorFile(path: path)
  }

  /// The JSON of tl_weights_describe.
  func describe() -> JSON {
    var object = JSON.Object()
    object["format"] = .string(file.format.rawValue)
    object["path"] = .string(file.path)
    object["quantization"] = .string(file.quantization)
    object["version"] = JSON(file.version)
    object["metadata"] = .array(file.metadata.map(describe))
    object["tensors"] = .array(
      file.tensors.map { tensor in
        [
          "name": .string(tensor.name), "dtype": .string(tensor.type.rawValue), "shape": JSON(tensor.shape),
          "byteLength": JSON(tensor.bytes.count),
        ]
      })
    return .object(object)
  }

  /// Longer arrays are given by tl_weights_metadata.
  private static let shortArray = 64

  private func describe(_ entry: (key: String, value: MetadataValue)) -> JSON {
    var object: JSON.Object = ["key": .string(entry.key), "type": .string(entry.value.typeName)]
    if case .array(let array) = entry.value {
      object["elementType"] = .string(array.elementTypeName)
      object["count"] = JSON(array.count)
      guard array.count <= Weights.shortArray else { return .object(object) }
    }
    object["value"] = entry.value.json
    return .object(object)
  }

  func metadata(at index: UInt32) throws -> JSON {
    guard index < file.metadata.count else {
      throw Failure(TL_E_ARGUMENT, "index: \(index) of \(file.metadata.count) metadata values")
    }
    return file.metadata[Int(index)].value.json
  }

  private func tensor(at index: UInt32) throws -> StoredTensor {
    guard index < file.tensors.count else {
      throw Failure(TL_E_ARGUMENT, "index: \(index) of \(file.tensors.count) tensors")
    }
    return file.tensors[Int(index)]
  }

  /// The tensor's bytes as they are: in place, or copied where they are not aligned for their type or cannot be written.
  func raw(at index: UInt32) throws -> (buffer: Buffer, isInPlace: Bool) {
    let tensor = try tensor(at: index)
    let alignment = tensor.type.blockElements == 1 ? tensor.type.blockBytes : 1
    return try inPlaceOrCopied(tensor.bytes, alignment)
  }

  /// The tensor's elements as f16.
  func halves(at index: UInt32) throws -> (buffer: Buffer, isInPlace: Bool) {
    let tensor = try tensor(at: index)
    guard let kernel = tensor.type.kernel else {
      let what = tensor.type.isInteger ? "tensors of integers are not converted" : "there is no conversion to f16"
      throw Failure(
        TL_E_UNSUPPORTED,
        "\(file.path): tensor '\(tensor.name)' is \(tensor.type.rawValue): \(what), expected floating point; raw(\"\(tensor.name)\") gives it as it is"
      )
    }
    if tensor.type == .f16 { return try inPlaceOrCopied(tensor.bytes, 2) }
    let count = try tensor.shape.reduce(1, product)
    let buffer = try Buffer(byteLength: product(count, 2))
    try withExtendedLifetime(tensor.bytes) {
      guard let source = tensor.bytes.bytes.baseAddress else { return }
      let target = buffer.address.assumingMemoryBound(to: UInt16.self)
      try check(tlk_stored_to_halves(kernel, source, tensor.bytes.count, target, count), "tl_weights_tensor")
    }
    return (buffer, false)
  }

  private func inPlaceOrCopied(_ bytes: ByteSlice, _ alignment: Int) throws -> (buffer: Buffer, isInPlace: Bool) {
    guard let start = bytes.bytes.baseAddress, bytes.count > 0 else { return (try Buffer(byteLength: 0), false) }
    if file.isWritable, UInt(bitPattern: start) % UInt(alignment) == 0 {
      let address = UnsafeMutableRawPointer(mutating: start)
      return (Buffer(address: address, byteLength: bytes.count, owner: bytes.owner), true)
    }
    let buffer = try Buffer(byteLength: bytes.count)
    withExtendedLifetime(bytes) { buffer.address.copyMemory(from: start, byteCount: bytes.count) }
    tlk_count_copy(bytes.count)
    return (buffer, false)
  }
}

extension StoredType {
  /// nil for what has no conversion to f16.
  fileprivate var kernel: tlk_stored? {
    switch self {
    case .f16: return TLK_STORED_F16
    case .f32: return TLK_STORED_F32
    case .f64: return TLK_STORED_F64
    case .bf16: return TLK_STORED_BF16
    case .f8e4m3: return TLK_STORED_F8_E4M3
    case .f8e5m2: return TLK_STORED_F8_E5M2
    case .f8e8m0: return TLK_STORED_F8_E8M0
    case .f8e4m3fnuz: return TLK_STORED_F8_E4M3FNUZ
    case .f8e5m2fnuz: return TLK_STORED_F8_E5M2FNUZ
    case .q4_0: return TLK_STORED_Q4_0
    case .q4_1: return TLK_STORED_Q4_1
    case .q5_0: return TLK_STORED_Q5_0
    case .q5_1: return TLK_STORED_Q5_1
    case .q8_0: return TLK_STORED_Q8_0
    case .q8_1: return TLK_STORED_Q8_1
    case .q2_K: return TLK_STORED_Q2_K
    case .q3_K: return TLK_STORED_Q3_K
    case .q4_K: return TLK_STORED_Q4_K
    case .q5_K: return TLK_STORED_Q5_K
    case .q6_K: return TLK_STORED_Q6_K
    case .q8_K: return TLK_STORED_Q8_K
    case .iq2_xxs: return TLK_STORED_IQ2_XXS
    case .iq2_xs: return TLK_STORED_IQ2_XS
    case .iq2_s: return TLK_STORED_IQ2_S
    case .iq3_xxs: return TLK_STORED_IQ3_XXS
    case .iq3_s: return TLK_STORED_IQ3_S
    case .iq1_s: return TLK_STORED_IQ1_S
    case .iq1_m: return TLK_STORED_IQ1_M
    case .iq4_nl: return TLK_STORED_IQ4_NL
    case .iq4_xs: return TLK_STORED_IQ4_XS
    case .tq1_0: return TLK_STORED_TQ1_0
    case .tq2_0: return TLK_STORED_TQ2_0
    case .mxfp4: return TLK_STORED_MXFP4
    case .nvfp4: return TLK_STORED_NVFP4
    case .q1_0: return TLK_STORED_Q1_0
    case .f6e2m3, .f6e3m2, .f4, .c64, .bool, .i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64: return nil
    }
  }
}
