// The 16-lane templates in the compiler's generic vectors: the logic of the AVX-512 build (tile sizes, tails, two panels at a time), on
// any x86-64. The AVX-512 instructions themselves run only where the machine has them.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../../swift/Sources/Kernels/core/table.h"
// One translation unit: no other code sees how it passes vectors.
#pragma clang diagnostic ignored "-Wpsabi"
#define TLK_ISA_SUFFIX wide
#define TLK_LANES 16
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "../../swift/Sources/Kernels/simd/simd_generic.h"
#include "../../swift/Sources/Kernels/isa/kernels_template.h"
#pragma clang attribute pop
#endif
