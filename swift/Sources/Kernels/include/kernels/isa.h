// Instruction sets: chosen once, at the first kernel call, from CPUID, XGETBV and the system's leave, never by compile flags. A set whose
// products differ from the scalar ones in a small trial is passed over.
#ifndef TLK_ISA_H
#define TLK_ISA_H

#include "types.h"

typedef enum {
  TLK_ISA_SCALAR = 0,  // 4-lane vectors as the compiler makes them of the baseline
  TLK_ISA_AVX2 = 1,    // AVX2 + FMA + F16C
  TLK_ISA_AVX512 = 2,  // AVX-512 F, BW, DQ, VL
  TLK_ISA_AMX = 3,     // the same, with products of f16 numbers on AMX (tile + bf16)
  TLK_ISA_NEON = 4,    // every arm64
} tlk_isa;

// The instruction set in use. TENSORLOGIC_ISA=scalar|avx2|avx512|amx|neon forces one; a name that is unknown or a set that this
// machine lacks leaves the detected one in use, and tlk_isa_problem() says so.
TLK_API tlk_isa tlk_isa_active(void);
TLK_API const char *tlk_isa_name(tlk_isa isa);
TLK_API bool tlk_isa_available(tlk_isa isa);
// NULL, or one sentence on why TENSORLOGIC_ISA was not honoured or a set was passed over. Static storage.
TLK_API const char *tlk_isa_problem(void);
// For tests and benchmarks: switches the set in use; no kernel may be running. Answers false, and changes nothing, when absent.
TLK_API bool tlk_isa_select(tlk_isa isa);

#endif
