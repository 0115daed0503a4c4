// Vectors of TLK_LANES f32 in the compiler's generic vector types: 4 lanes for what every CPU has, 16 lanes in the
// tests, where they stand in for AVX-512 on machines that lack it.
#ifndef TLK_LANES
#error "define TLK_LANES first"
#endif
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef float vf __attribute__((vector_size(TLK_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(TLK_LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(TLK_LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(TLK_LANES * 2)));

#define TLK_INLINE static inline __attribute__((always_inline, unused))

TLK_INLINE vf v_load(const float *p) { vf v; memcpy(&v, p, sizeof v); return v; }
TLK_INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
TLK_INLINE vi v_load_i(const int32_t *p) { vi v; memcpy(&v, p, sizeof v); return v; }
TLK_INLINE void v_store_i(int32_t *p, vi v) { memcpy(p, &v, sizeof v); }
TLK_INLINE vf v_set(float x) { return (vf){} + x; }
TLK_INLINE vi v_set_i(int32_t x) { return (vi){} + x; }
TLK_INLINE vf v_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }
TLK_INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
// As MINPS and MAXPS: the second operand when either is NaN.
TLK_INLINE vf v_max(vf a, vf b) { return v_select(a > b, a, b); }
TLK_INLINE vf v_min(vf a, vf b) { return v_select(a < b, a, b); }

TLK_INLINE vf v_load_h(const uint16_t *p) {
  vh h;
  memcpy(&h, p, sizeof h);
  vu u = __builtin_convertvector(h, vu);
  vu rest = (u & 0x7fff) << 13;
  // The exponent is rebiased by a product, which makes normal numbers of f16's subnormal ones.
  vu finite = (vu)((vf)rest * 0x1p112f);
  vu special = rest | 0x7f800000;
  vu is_special = (vu)((u & 0x7c00) == 0x7c00);
  return (vf)((finite & ~is_special) | (special & is_special) | (u & 0x8000) << 16);
}

TLK_INLINE void v_store_h(uint16_t *p, vf v) {
  vu u = (vu)v, sign = u & 0x80000000, rest = u ^ sign;
  vu normal = (rest - 0x38000000 + 0xfff + ((rest >> 13) & 1)) >> 13;
  // Adding 0.5, whose last place is 2^-24, rounds a subnormal result to f16's grid.
  vu subnormal = (vu)((vf)rest + 0.5f) - 0x3f000000;
  vu is_subnormal = (vu)(rest < 0x38800000), is_large = (vu)(rest >= 0x477ff000), is_nan = (vu)(rest > 0x7f800000);
  vu r = (subnormal & is_subnormal) | (normal & ~is_subnormal);
  r = (r & ~is_large) | (0x7c00 & is_large);
  r |= (0x200 | ((rest >> 13) & 0x3ff)) & is_nan;
  vh h = __builtin_convertvector(r | sign >> 16, vh);
  memcpy(p, &h, sizeof h);
}

// Half to even, any magnitude; the sign of zero stays.
TLK_INLINE vf v_rint(vf x) {
  vu sign = (vu)x & 0x80000000;
  vf magnitude = (vf)((vu)x ^ sign);
  vf rounded = (magnitude + 0x1p23f) - 0x1p23f;
  vf r = v_select(magnitude < v_set(0x1p23f), rounded, magnitude);
  return (vf)((vu)r | sign);
}
TLK_INLINE vf v_floor(vf x) {
  vf r = v_rint(x);
  return (vf)((vu)(r - (vf)((vu)v_set(1) & (vu)(r > x))) | ((vu)x & 0x80000000));
}
TLK_INLINE vf v_ceil(vf x) {
  vf r = v_rint(x);
  return (vf)((vu)(r + (vf)((vu)v_set(1) & (vu)(r < x))) | ((vu)x & 0x80000000));
}
TLK_INLINE vf v_sqrt(vf x) {
#if defined(__x86_64__) && TLK_LANES == 4
  return (vf)_mm_sqrt_ps((__m128)x);
#else
  for (int i = 0; i < TLK_LANES; i++) x[i] = sqrtf(x[i]);
  return x;
#endif
}
// Values outside int32 must have been limited by the caller.
TLK_INLINE vi v_truncate_i(vf x) { return __builtin_convertvector(x, vi); }
TLK_INLINE vf v_from_i(vi x) { return __builtin_convertvector(x, vf); }
