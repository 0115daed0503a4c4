// Vectors of 8 f32 on AVX2 + FMA + F16C. Same functions as simd_generic.h.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TLK_LANES 8
#define TLK_CONVERTS_HALVES
typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));
typedef uint32_t vu __attribute__((vector_size(32)));

#define TLK_INLINE static inline __attribute__((always_inline, unused))

TLK_INLINE vf v_load(const float *p) { return (vf)_mm256_loadu_ps(p); }
TLK_INLINE void v_store(float *p, vf v) { _mm256_storeu_ps(p, (__m256)v); }
TLK_INLINE vi v_load_i(const int32_t *p) { return (vi)_mm256_loadu_si256((const __m256i *)p); }
TLK_INLINE void v_store_i(int32_t *p, vi v) { _mm256_storeu_si256((__m256i *)p, (__m256i)v); }
TLK_INLINE vf v_set(float x) { return (vf)_mm256_set1_ps(x); }
TLK_INLINE vi v_set_i(int32_t x) { return (vi)_mm256_set1_epi32(x); }
TLK_INLINE vf v_select(vi mask, vf a, vf b) { return (vf)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask); }
TLK_INLINE vf v_fma(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
TLK_INLINE vf v_max(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
TLK_INLINE vf v_min(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
TLK_INLINE vf v_load_h(const uint16_t *p) { return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
TLK_INLINE void v_store_h(uint16_t *p, vf v) {
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
}
TLK_INLINE vf v_rint(vf x) { return (vf)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
TLK_INLINE vf v_floor(vf x) { return (vf)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
TLK_INLINE vf v_ceil(vf x) { return (vf)_mm256_round_ps((__m256)x, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
TLK_INLINE vf v_sqrt(vf x) { return (vf)_mm256_sqrt_ps((__m256)x); }
TLK_INLINE vi v_truncate_i(vf x) { return (vi)_mm256_cvttps_epi32((__m256)x); }
TLK_INLINE vf v_from_i(vi x) { return (vf)_mm256_cvtepi32_ps((__m256i)x); }
