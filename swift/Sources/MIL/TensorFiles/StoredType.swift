/// How a file of tensors stores their elements, by the name that its format uses.
public enum StoredType: String, Sendable, CaseIterable {
  case f16 = "F16", f32 = "F32", f64 = "F64", bf16 = "BF16"
  case f8e4m3 = "F8_E4M3", f8e5m2 = "F8_E5M2", f8e8m0 = "F8_E8M0", f8e4m3fnuz = "F8_E4M3FNUZ", f8e5m2fnuz =
    "F8_E5M2FNUZ"
  case f6e2m3 = "F6_E2M3", f6e3m2 = "F6_E3M2", f4 = "F4", c64 = "C64"
  case bool = "BOOL", i8 = "I8", u8 = "U8", i16 = "I16", u16 = "U16", i32 = "I32", u32 = "U32", i64 = "I64", u64 = "U64"
  case q4_0 = "Q4_0", q4_1 = "Q4_1", q5_0 = "Q5_0", q5_1 = "Q5_1", q8_0 = "Q8_0", q8_1 = "Q8_1"
  case q2_K = "Q2_K", q3_K = "Q3_K", q4_K = "Q4_K", q5_K = "Q5_K", q6_K = "Q6_K", q8_K = "Q8_K"
  case iq2_xxs = "IQ2_XXS", iq2_xs = "IQ2_XS", iq2_s = "IQ2_S", iq3_xxs = "IQ3_XXS", iq3_s = "IQ3_S"
  case iq1_s = "IQ1_S", iq1_m = "IQ1_M", iq4_nl = "IQ4_NL", iq4_xs = "IQ4_XS"
  case tq1_0 = "TQ1_0", tq2_0 = "TQ2_0", mxfp4 = "MXFP4", nvfp4 = "NVFP4", q1_0 = "Q1_0"

  /// Elements that are stored together.
  public var blockElements: Int { block.elements }
  /// Bytes of `blockElements` elements.
  public var blockBytes: Int { block.bytes }

  private var block: (elements: Int, bytes: Int) {
    switch self {
    case .f4: return (2, 1)
    case .f6e2m3, .f6e3m2: return (4, 3)
    case .f8e4m3, .f8e5m2, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz, .bool, .i8, .u8: return (1, 1)
    case .f16, .bf16, .i16, .u16: return (1, 2)
    case .f32, .i32, .u32: return (1, 4)
    case .f64, .i64, .u64, .c64: return (1, 8)
    case .q4_0, .iq4_nl: return (32, 18)
    case .q4_1: return (32, 20)
    case .q5_0: return (32, 22)
    case .q5_1: return (32, 24)
    case .q8_0: return (32, 34)
    // Two half scales, as ggml's block_q8_1; the Python package's table has 40.
    case .q8_1: return (32, 36)
    case .mxfp4: return (32, 17)
    case .nvfp4: return (64, 36)
    case .q1_0: return (128, 18)
    case .q2_K: return (256, 84)
    case .q3_K, .iq3_s: return (256, 110)
    case .q4_K: return (256, 144)
    case .q5_K: return (256, 176)
    case .q6_K: return (256, 210)
    case .q8_K: return (256, 292)
    case .iq2_xxs, .tq2_0: return (256, 66)
    case .iq2_xs: return (256, 74)
    case .iq2_s: return (256, 82)
    case .iq3_xxs: return (256, 98)
    case .iq1_s: return (256, 50)
    case .iq1_m: return (256, 56)
    case .iq4_xs: return (256, 136)
    case .tq1_0: return (256, 54)
    }
  }

  /// Numbers without fractions, which no float tensor is made of.
  public var isInteger: Bool {
    switch self {
    case .bool, .i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64: return true
    default: return false
    }
  }

  /// Bytes of `elementCount` elements, or nil when that is no whole number of blocks or overflows.
  public func byteCount(elementCount: Int) -> Int? {
    guard elementCount >= 0, elementCount % blockElements == 0 else { return nil }
    let (bytes, overflow) = (elementCount / blockElements).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
