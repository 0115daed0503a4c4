#if defined(__x86_64__)
#define TLM_ISA avx2
// Those of the baseline would be compiled again, with instructions that not every machine has.
#define TLM_HAS_HALF_CONVERSIONS
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "shaders_template.h"
#pragma clang attribute pop
#endif
