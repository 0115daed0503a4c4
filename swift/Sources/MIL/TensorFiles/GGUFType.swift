extension StoredType {
  /// By the number of `ggml_type`.
  init?(ggufCode: UInt32) {
    guard let type = StoredType.byGGUFCode[ggufCode] else { return nil }
    self = type
  }

  private static let byGGUFCode: [UInt32: StoredType] = [
    0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 9: .q8_1,
    10: .q2_K, 11: .q3_K, 12: .q4_K, 13: .q5_K, 14: .q6_K, 15: .q8_K,
    16: .iq2_xxs, 17: .iq2_xs, 18: .iq3_xxs, 19: .iq1_s, 20: .iq4_nl, 21: .iq3_s, 22: .iq2_s, 23: .iq4_xs,
    24: .i8, 25: .i16, 26: .i32, 27: .i64, 28: .f64, 29: .iq1_m, 30: .bf16,
    34: .tq1_0, 35: .tq2_0, 39: .mxfp4, 40: .nvfp4, 41: .q1_0,
  ]

  /// Numbers that ggml has used and taken back.
  static let removedGGUFCodes: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
  ]
}
