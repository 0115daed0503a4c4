// Arithmetic on sizes that come from outside: -1 instead of overflow.
#ifndef TLK_CHECKED_H
#define TLK_CHECKED_H

#include "kernels/types.h"

static inline tlk_int tlk_product(tlk_int a, tlk_int b) {
  tlk_int r;
  return a < 0 || b < 0 || __builtin_mul_overflow(a, b, &r) ? -1 : r;
}
static inline tlk_int tlk_product3(tlk_int a, tlk_int b, tlk_int c) { return tlk_product(tlk_product(a, b), c); }

static inline bool tlk_is_float(tlk_dtype dtype) { return dtype == TLK_F16 || dtype == TLK_F32; }

#endif
