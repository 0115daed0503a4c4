#if defined(__aarch64__)
#include "../core/table.h"
#define TLK_ISA_SUFFIX neon
#include "../simd/simd_neon.h"
#include "kernels_template.h"
#endif
