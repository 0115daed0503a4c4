// A small harness: random data in guarded memory, comparison with a bound per element, a line per failure.
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../swift/Sources/Kernels/core/table.h"

// Memory that ends exactly where an unreadable page begins: a read or write past the end is a crash, not a chance.
void *guarded(size_t bytes);
// Frees everything that guarded() gave out.
void release_guarded(void);

uint32_t next_random(void);
float uniform(float low, float high);

float half_to_float(uint16_t half);
uint16_t float_to_half(float value);

// A guarded tensor of random numbers in low…high; values are representable in its dtype.
void *random_tensor(tlk_dtype dtype, tlk_int count, float low, float high);
double element(const void *tensor, tlk_dtype dtype, tlk_int index);

// Names what is tested; failures print it.
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
// One element: `bound` is absolute. NaN must meet NaN, infinities their like.
void expect_near(double got, double want, double bound, const char *what, tlk_int index);
void expect_true(bool condition, const char *what);
void expect_status(tlk_status got, tlk_status want, const char *what);

// Half a unit in the last place of a stored result (f16: 11 bits, f32: 24), and the smallest steps below that.
static inline double storage_error(tlk_dtype dtype, double value) {
  return dtype == TLK_F16 ? fabs(value) * 0x1p-11 + 0x1p-25 : fabs(value) * 0x1p-24;
}

// The error of a product's sum on the instruction set under test, from the sum of the magnitudes of what is added. Bounds are in check.c.
double product_error(tlk_dtype a, tlk_dtype b, double magnitudes);

extern int passed, failed;
extern const char *isa_under_test;

#endif
