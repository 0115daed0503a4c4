// Vectors of 4 f32 on the baseline of arm64 (Advanced SIMD; its FCVTL and FCVTN convert f16, no extension is needed). Same functions
// as simd_generic.h.
#include <arm_neon.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define TLK_LANES 4
// FMLA takes a factor from any lane of a register: four numbers of a row of A come by one load and need no broadcast.
#define TLK_FMA_BY_LANE
#define TLK_CONVERTS_HALVES
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));

#define TLK_INLINE static inline __attribute__((always_inline, unused))

TLK_INLINE vf v_load(const float *p) { return (vf)vld1q_f32(p); }
TLK_INLINE void v_store(float *p, vf v) { vst1q_f32(p, (float32x4_t)v); }
TLK_INLINE vi v_load_i(const int32_t *p) { return (vi)vld1q_s32(p); }
TLK_INLINE void v_store_i(int32_t *p, vi v) { vst1q_s32(p, (int32x4_t)v); }
TLK_INLINE vf v_set(float x) { return (vf)vdupq_n_f32(x); }
TLK_INLINE vi v_set_i(int32_t x) { return (vi)vdupq_n_s32(x); }
TLK_INLINE vf v_select(vi mask, vf a, vf b) { return (vf)vbslq_f32((uint32x4_t)mask, (float32x4_t)a, (float32x4_t)b); }
TLK_INLINE vf v_fma(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
// As MINPS and MAXPS: the second operand when either is NaN (FMIN and FMAX would give NaN).
TLK_INLINE vf v_max(vf a, vf b) { return v_select(a > b, a, b); }
TLK_INLINE vf v_min(vf a, vf b) { return v_select(a < b, a, b); }
TLK_INLINE vf v_load_h(const uint16_t *p) { return (vf)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
TLK_INLINE void v_store_h(uint16_t *p, vf v) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)v))); }
TLK_INLINE vf v_rint(vf x) { return (vf)vrndnq_f32((float32x4_t)x); }
TLK_INLINE vf v_floor(vf x) { return (vf)vrndmq_f32((float32x4_t)x); }
TLK_INLINE vf v_ceil(vf x) { return (vf)vrndpq_f32((float32x4_t)x); }
TLK_INLINE vf v_sqrt(vf x) { return (vf)vsqrtq_f32((float32x4_t)x); }
TLK_INLINE vi v_truncate_i(vf x) { return (vi)vcvtq_s32_f32((float32x4_t)x); }
TLK_INLINE vf v_from_i(vi x) { return (vf)vcvtq_f32_s32((int32x4_t)x); }
