#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../core/table.h"
#define TLK_ISA_SUFFIX avx2
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "../simd/simd_avx2.h"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
