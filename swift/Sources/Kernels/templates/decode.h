// Stored tensors (stored.h) to f32. Each decoder takes `blocks` blocks that lie one behind the other and writes their elements in order.
// The results equal those of the Python package gguf (0.19) bit for bit: its order of operations, each rounded to f32, so a product
// and a sum must not become one fused operation.
#pragma STDC FP_CONTRACT OFF

TLK_INLINE uint16_t load_u16(const uint8_t *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}
TLK_INLINE uint32_t load_u32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
TLK_INLINE float float_of(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}
// Moves the exponent by a product, which gets subnormal numbers right as well.
TLK_INLINE float half_bits(uint32_t h) {
  uint32_t sign = (h & 0x8000) << 16, rest = (h & 0x7fff) << 13;
  float f = rest >= 0x0f800000 ? float_of(rest | 0x7f800000) : float_of(rest) * 0x1p112f;
  return sign ? -f : f;
}
TLK_INLINE float load_half(const uint8_t *p) { return half_bits(load_u16(p)); }

#include "decode_floats.h"
#include "decode_blocks.h"
#include "decode_k.h"
#include "decode_iq.h"

static void TLK_KERNEL(decode)(tlk_stored type, const uint8_t *source, float *destination, tlk_int blocks) {
  switch (type) {
    case TLK_STORED_F32: memcpy(destination, source, (size_t)blocks * 4); break;
    case TLK_STORED_F64: decode_f64(source, destination, blocks); break;
    case TLK_STORED_BF16: decode_bf16(source, destination, blocks); break;
    case TLK_STORED_F8_E4M3: decode_f8_e4m3(source, destination, blocks); break;
    case TLK_STORED_F8_E5M2: decode_f8_e5m2(source, destination, blocks); break;
    case TLK_STORED_F8_E8M0: decode_f8_e8m0(source, destination, blocks); break;
    case TLK_STORED_F8_E4M3FNUZ: decode_f8_fnuz(source, destination, blocks, 20, 0x1p119f); break;
    case TLK_STORED_F8_E5M2FNUZ: decode_f8_fnuz(source, destination, blocks, 21, 0x1p111f); break;
    case TLK_STORED_Q4_0: decode_q4_0(source, destination, blocks); break;
    case TLK_STORED_Q4_1: decode_q4_1(source, destination, blocks); break;
    case TLK_STORED_Q5_0: decode_q5_0(source, destination, blocks); break;
    case TLK_STORED_Q5_1: decode_q5_1(source, destination, blocks); break;
    case TLK_STORED_Q8_0: decode_q8(source, destination, blocks, 34, 2); break;
    case TLK_STORED_Q8_1: decode_q8(source, destination, blocks, 36, 4); break;
    case TLK_STORED_Q2_K: decode_q2_k(source, destination, blocks); break;
    case TLK_STORED_Q3_K: decode_q3_k(source, destination, blocks); break;
    case TLK_STORED_Q4_K: decode_q4_k(source, destination, blocks); break;
    case TLK_STORED_Q5_K: decode_q5_k(source, destination, blocks); break;
    case TLK_STORED_Q6_K: decode_q6_k(source, destination, blocks); break;
    case TLK_STORED_Q8_K: decode_q8_k(source, destination, blocks); break;
    case TLK_STORED_IQ2_XXS: decode_iq2_xxs(source, destination, blocks); break;
    case TLK_STORED_IQ2_XS: decode_iq2_xs(source, destination, blocks); break;
    case TLK_STORED_IQ2_S: decode_iq2_s(source, destination, blocks); break;
    case TLK_STORED_IQ3_XXS: decode_iq3_xxs(source, destination, blocks); break;
    case TLK_STORED_IQ3_S: decode_iq3_s(source, destination, blocks); break;
    case TLK_STORED_IQ1_S: decode_iq1_s(source, destination, blocks); break;
    case TLK_STORED_IQ1_M: decode_iq1_m(source, destination, blocks); break;
    case TLK_STORED_IQ4_NL: decode_iq4_nl(source, destination, blocks); break;
    case TLK_STORED_IQ4_XS: decode_iq4_xs(source, destination, blocks); break;
    case TLK_STORED_TQ1_0: decode_tq1_0(source, destination, blocks); break;
    case TLK_STORED_TQ2_0: decode_tq2_0(source, destination, blocks); break;
    case TLK_STORED_MXFP4: decode_mxfp4(source, destination, blocks); break;
    case TLK_STORED_NVFP4: decode_nvfp4(source, destination, blocks); break;
    case TLK_STORED_Q1_0: decode_q1_0(source, destination, blocks); break;
    // F16 is copied, COUNT is no type.
    case TLK_STORED_F16:
    case TLK_STORED_COUNT: break;
  }
}
