#include "kernels/comparison.h"

#include <math.h>

#include "kernels/movement.h"

enum { BLOCK = 1024 };

// The smallest number of f16 that is not 0.
static const float smallest_f16 = 0x1p-24f;

tlk_comparison tlk_comparison_empty(void) {
  return (tlk_comparison){.min = INFINITY, .max = -INFINITY, .abs_max = 0, .abs_min = INFINITY};
}

static void add(const float *value, const float *reference, tlk_int count, tlk_comparison *result) {
  for (tlk_int i = 0; i < count; i++) {
    float v = value[i], r = reference[i];
    if (!isfinite(r)) {
      result->not_finite++;
      result->nan += isnan(v) && !isnan(r);
      continue;
    }
    float magnitude = fabsf(r);
    if (r < result->min) result->min = r;
    if (r > result->max) result->max = r;
    if (magnitude > result->abs_max) result->abs_max = magnitude;
    if (magnitude != 0 && magnitude < result->abs_min) result->abs_min = magnitude;
    if (isnan(v)) {
      result->nan++;
    } else if (isinf(v)) {
      result->infinite++;
    } else {
      float difference = fabsf(v - r);
      if (difference > result->difference) result->difference = difference;
      result->flushed += v == 0 && r != 0 && magnitude < smallest_f16;
    }
  }
  result->count += count;
}

tlk_status tlk_compare(const void *value, tlk_dtype value_dtype, const void *reference, tlk_dtype reference_dtype,
                       tlk_int count, tlk_comparison *result) {
  if (count < 0 || !result) return TLK_E_ARGUMENT;
  if ((value_dtype != TLK_F16 && value_dtype != TLK_F32) || (reference_dtype != TLK_F16 && reference_dtype != TLK_F32))
    return TLK_E_UNSUPPORTED;
  float a[BLOCK], b[BLOCK];
  for (tlk_int at = 0; at < count; at += BLOCK) {
    tlk_int block = count - at < BLOCK ? count - at : BLOCK;
    const char *from = (const char *)value + at * tlk_dtype_size(value_dtype);
    const char *beside = (const char *)reference + at * tlk_dtype_size(reference_dtype);
    tlk_status status = tlk_convert(from, value_dtype, a, TLK_F32, block);
    if (status == TLK_OK) status = tlk_convert(beside, reference_dtype, b, TLK_F32, block);
    if (status != TLK_OK) return status;
    add(a, b, block, result);
  }
  return TLK_OK;
}
