#define TLK_ISA_SUFFIX scalar
#define TLK_LANES 4
#include "../simd/simd_generic.h"
#include "kernels_template.h"
