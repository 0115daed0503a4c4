import Engine
import Kernels
import MIL

extension ElementType {
  /// The kernels' name of a type that features can have.
  var kernel: tlk_dtype? {
    switch self {
    case .float16: return TLK_F16
    case .float32: return TLK_F32
    case .float64: return TLK_F64
    case .int8: return TLK_I8
    case .uint8: return TLK_U8
    case .int16: return TLK_I16
    case .uint16: return TLK_U16
    case .int32: return TLK_I32
    case .uint32: return TLK_U32
    case .int64: return TLK_I64
    case .bool: return TLK_BOOL
    default: return nil
    }
  }
}

extension MLMultiArrayDataType {
  var element: ElementType {
    switch self {
    case .double: return .float64
    case .float32: return .float32
    case .float16: return .float16
    case .int32: return .int32
    case .int8: return .int8
    }
  }
  var isFloat: Bool { self != .int32 && self != .int8 }
}

extension MLMultiArray {
  /// The elements as the evaluator takes them: the array's own memory where type and layout fit, else a counted copy.
  func packed(as element: ElementType, shape: [Int]) throws -> TensorMemory {
    let spec = TensorSpec(element, shape)
    if dataType.element == element, isDense { return TensorMemory(spec: spec, address: base, owner: self) }
    guard let kernel = element.kernel, let width = element.byteWidth else {
      throw MLModelError(.featureType, "elements of \(dataType.name) do not convert to \(element.name)")
    }
    guard checkedByteSpan(sizes, denseStrides(sizes), dataType) != nil else {
      throw MLModelError(.featureType, "no memory holds a tensor of \(sizes)")
    }
    let bytes = OwnedBytes(byteCount: count * width)
    try convert(to: bytes.pointer, kernel, strides: denseStrides(sizes))
    tlk_count_copy(count * width)
    return TensorMemory(spec: spec, address: bytes.pointer, owner: bytes)
  }

  /// Fills the array from a dense tensor of the same number of elements. Counts the copy.
  func fill(from tensor: TensorMemory) throws {
    guard let kernel = tensor.spec.element.kernel else {
      throw MLModelError(.featureType, "elements of \(tensor.spec.element.name) do not convert to \(dataType.name)")
    }
    let status = tlk_convert_strided(
      tensor.address, kernel, denseStrides(sizes), base, dataType.kernel, elementStrides, sizes, sizes.count)
    guard status == TLK_OK else { throw conversionFailure(sizes) }
    tlk_count_copy(count * dataType.byteWidth)
  }

  private func convert(to target: UnsafeMutableRawPointer, _ kernel: tlk_dtype, strides: [Int]) throws {
    let status = tlk_convert_strided(base, dataType.kernel, elementStrides, target, kernel, strides, sizes, sizes.count)
    guard status == TLK_OK else { throw conversionFailure(sizes) }
  }
}

private func conversionFailure(_ sizes: [Int]) -> MLModelError {
  MLModelError(.featureType, "a tensor of \(sizes) cannot be converted: it has more than \(TLK_MAX_RANK) axes")
}
