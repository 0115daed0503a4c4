// Compiled and, through 16-lane generic vectors, tested in its logic; the AVX-512 instructions themselves need a machine that has them.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../core/table.h"
#define TLK_ISA_SUFFIX avx512
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), apply_to = function)
#include "../simd/simd_avx512.h"
#include "kernels_template.h"
#pragma clang attribute pop
#endif
