// Statistics of a value in f16 beside the same value in f32.
#ifndef TLK_COMPARISON_H
#define TLK_COMPARISON_H

#include "types.h"

typedef struct {
  float min, max;          // of the finite reference values; +inf, -inf while there are none
  float abs_max;           // largest magnitude of a finite reference value
  float abs_min;           // smallest magnitude that is not 0; +inf while there is none
  float difference;        // largest |value - reference| where both are finite
  tlk_int count;           // elements
  tlk_int infinite;        // value is infinite where the reference is finite
  tlk_int nan;             // value is NaN where the reference is not
  tlk_int flushed;         // value is 0 where the reference is another number, but too small for f16 (below 2^-24)
  tlk_int not_finite;      // the reference itself is infinite or NaN
} tlk_comparison;

// An empty result, to be added to.
TLK_API tlk_comparison tlk_comparison_empty(void);

// Adds `count` elements. dtypes: TLK_F16 or TLK_F32.
TLK_API tlk_status tlk_compare(const void *value, tlk_dtype value_dtype, const void *reference, tlk_dtype reference_dtype,
                               tlk_int count, tlk_comparison *result);

#endif
