import CTensorLogic
import CoreML
import Kernels

/// The element types that cross the ABI.
enum ElementFormat: Int32 {
  case float16 = 65552, float32 = 65568, float64 = 65600, int32 = 131104, int8 = 131080
  case uint8 = 1, int16 = 2, uint16 = 3, uint32 = 4, bool = 5

  init(code: Int32, _ name: StaticString = "dtype") throws {
    guard let format = ElementFormat(rawValue: code) else {
      throw Failure(TL_E_ARGUMENT, "\(name): \(code) is not a tl_dtype")
    }
    self = format
  }

  /// As in descriptions and in TypeScript.
  var name: String {
    switch self {
    case .float16: return "float16"
    case .float32: return "float32"
    case .float64: return "float64"
    case .int32: return "int32"
    case .int8: return "int8"
    case .uint8: return "uint8"
    case .int16: return "int16"
    case .uint16: return "uint16"
    case .uint32: return "uint32"
    case .bool: return "bool"
    }
  }

  var byteWidth: Int {
    switch self {
    case .int8, .uint8, .bool: return 1
    case .float16, .int16, .uint16: return 2
    case .float32, .int32, .uint32: return 4
    case .float64: return 8
    }
  }

  var isFloat: Bool { self == .float16 || self == .float32 || self == .float64 }

  var kernel: tlk_dtype {
    switch self {
    case .float16: return TLK_F16
    case .float32: return TLK_F32
    case .float64: return TLK_F64
    case .int32: return TLK_I32
    case .int8: return TLK_I8
    case .uint8: return TLK_U8
    case .int16: return TLK_I16
    case .uint16: return TLK_U16
    case .uint32: return TLK_U32
    case .bool: return TLK_BOOL
    }
  }

  /// Core ML's type of the same elements; it has five.
  var multiArray: MLMultiArrayDataType? {
    switch self {
    case .float16: return .float16
    case .float32: return .float32
    case .float64: return .double
    case .int32: return .int32
    case .int8:
      // By number: SDKs before macOS 26 have no name for it.
      if #available(macOS 26.0, *) { return MLMultiArrayDataType(rawValue: Int(rawValue)) }
      return nil
    case .uint8, .int16, .uint16, .uint32, .bool: return nil
    }
  }

  /// By raw value, because Core ML has types that this SDK may not name.
  init?(_ type: MLMultiArrayDataType) {
    guard let code = Int32(exactly: type.rawValue) else { return nil }
    self.init(rawValue: code)
  }

  /// Whether a feature of this type takes elements of another: numbers convert where nothing but precision is lost, not from fractions
  /// to integers and not to fewer integers.
  func accepts(_ given: ElementFormat) -> Bool {
    guard given.multiArray != nil else { return false }
    return self == given || isFloat || (self == .int32 && given == .int8)
  }
}
