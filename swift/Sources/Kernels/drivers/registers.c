#include "registers.h"

#include <math.h>
#include <string.h>

#include "../core/table.h"

static void fill(uint32_t *out, uint32_t value, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) out[i] = value;
}

static float half_at(const uint16_t *p) {
  float value;
  tlk_kernels()->halves_to_floats(p, &value, 1);
  return value;
}

#define LOAD(TYPE, EXPRESSION) \
  { \
    const TYPE *in = (const TYPE *)memory + offset; \
    for (tlk_int i = 0; i < count; i++) { \
      TYPE x = in[i * stride]; \
      out[i] = (int32_t)(EXPRESSION); \
    } \
    break; \
  }

static void load_integers(int32_t *out, const void *memory, tlk_dtype dtype, tlk_int offset, tlk_int stride, tlk_int count) {
  switch (dtype) {
    case TLK_I8: LOAD(int8_t, x)
    case TLK_U8: LOAD(uint8_t, x)
    case TLK_I16: LOAD(int16_t, x)
    case TLK_U16: LOAD(uint16_t, x)
    case TLK_I32: LOAD(int32_t, x)
    case TLK_U32: LOAD(uint32_t, x)
    case TLK_BOOL: LOAD(uint8_t, x != 0)
    default: break;
  }
}

void tlk_register_load(void *reg, const void *memory, tlk_dtype dtype, tlk_int offset, tlk_int stride, tlk_int count) {
  if (stride == 0 && count > 1) {
    tlk_register_load(reg, memory, dtype, offset, 1, 1);
    fill(reg, *(uint32_t *)reg, count);
  } else if (dtype == TLK_F16) {
    const uint16_t *in = (const uint16_t *)memory + offset;
    if (stride == 1) tlk_kernels()->halves_to_floats(in, reg, count);
    else
      for (tlk_int i = 0; i < count; i++) ((float *)reg)[i] = half_at(in + i * stride);
  } else if (dtype == TLK_F32) {
    const float *in = (const float *)memory + offset;
    if (stride == 1) memcpy(reg, in, (size_t)count * 4);
    else
      for (tlk_int i = 0; i < count; i++) ((float *)reg)[i] = in[i * stride];
  } else {
    load_integers(reg, memory, dtype, offset, stride, count);
  }
}

static inline int32_t saturate(float x, float low, float high) {
  // NaN fails both comparisons of the first kind and is caught by the second.
  if (x != x) return 0;
  return x <= low ? (int32_t)low : x >= high ? (high >= 0x1p31f ? INT32_MAX : (int32_t)high) : (int32_t)x;
}
static inline uint32_t saturate_u32(float x) { return !(x > 0) ? 0 : x >= 0x1p32f ? UINT32_MAX : (uint32_t)x; }

#define STORE(TYPE, FROM_FLOAT, FROM_INT) \
  { \
    TYPE *out = (TYPE *)memory + offset; \
    if (is_float) \
      for (tlk_int i = 0; i < count; i++) { \
        float x = ((const float *)reg)[i]; \
        out[i * stride] = (TYPE)(FROM_FLOAT); \
      } \
    else \
      for (tlk_int i = 0; i < count; i++) { \
        int32_t x = ((const int32_t *)reg)[i]; \
        out[i * stride] = (TYPE)(FROM_INT); \
      } \
    break; \
  }

static void store_half(const float *in, uint16_t *out, tlk_int stride, tlk_int count) {
  if (stride == 1) tlk_kernels()->floats_to_halves(in, out, count);
  else
    for (tlk_int i = 0; i < count; i++) tlk_kernels()->floats_to_halves(in + i, out + i * stride, 1);
}

void tlk_register_store(const void *reg, bool is_float, void *memory, tlk_dtype dtype, tlk_int offset, tlk_int stride, tlk_int count) {
  switch (dtype) {
    case TLK_F16: {
      uint16_t *out = (uint16_t *)memory + offset;
      if (is_float) {
        store_half(reg, out, stride, count);
        break;
      }
      for (tlk_int i = 0; i < count; i++) {
        float x = (float)((const int32_t *)reg)[i];
        store_half(&x, out + i * stride, 1, 1);
      }
      break;
    }
    case TLK_F32: STORE(float, x, x)
    case TLK_I8: STORE(int8_t, saturate(x, -128, 127), x)
    case TLK_U8: STORE(uint8_t, saturate(x, 0, 255), x)
    case TLK_I16: STORE(int16_t, saturate(x, -32768, 32767), x)
    case TLK_U16: STORE(uint16_t, saturate(x, 0, 65535), x)
    case TLK_I32: STORE(int32_t, saturate(x, -0x1p31f, 0x1p31f), x)
    case TLK_U32: STORE(uint32_t, saturate_u32(x), x)
    case TLK_BOOL: STORE(uint8_t, x != 0, x != 0)
    default: break;
  }
}
