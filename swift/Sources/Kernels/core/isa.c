#include "kernels/isa.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../isa/kernels__amx.h"
#include "self_check.h"
#include "table.h"

static const char *const names[] = {[TLK_ISA_SCALAR] = "scalar", [TLK_ISA_AVX2] = "avx2", [TLK_ISA_AVX512] = "avx512",
                                    [TLK_ISA_AMX] = "amx", [TLK_ISA_NEON] = "neon"};
#define ISA_COUNT (sizeof names / sizeof names[0])

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(const tlk_kernel_table *) table;
static _Atomic(int) active;
static char problem[160];

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// XCR0: which register state the operating system saves. A CPUID bit alone does not make an instruction usable.
static uint64_t saved_state(void) {
  uint32_t a, b, c, d;
  __cpuid(1, a, b, c, d);
  if (!(c & bit_OSXSAVE)) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

// Linux gives a process the tiles' 8 KiB of state when it asks, once, for all its threads.
#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA 18
static bool may_use_tiles(void) {
#if defined(__linux__)
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return false;
#endif
}

bool tlk_isa_available(tlk_isa isa) {
  if (isa == TLK_ISA_SCALAR) return true;
  uint32_t a, b, c, d, b7, d7;
  uint64_t state = saved_state();
  __cpuid(1, a, b, c, d);
  if (!(c & bit_FMA) || !(c & bit_F16C) || (state & 0x6) != 0x6) return false;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c, &d7) || !(b7 & bit_AVX2)) return false;
  if (isa == TLK_ISA_AVX2) return true;
  const uint32_t avx512 = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if ((b7 & avx512) != avx512 || (state & 0xe6) != 0xe6) return false;
  if (isa == TLK_ISA_AVX512) return true;
  const uint32_t amx = bit_AMXTILE | bit_AMXBF16;
  return isa == TLK_ISA_AMX && (d7 & amx) == amx && (state & 0x60000) == 0x60000 && may_use_tiles();
}

static const tlk_kernel_table *table_of(tlk_isa isa) {
  switch (isa) {
    case TLK_ISA_AMX: return tlk_table_amx();
    case TLK_ISA_AVX512: return &tlk_table_avx512;
    case TLK_ISA_AVX2: return &tlk_table_avx2;
    default: return &tlk_table_scalar;
  }
}

#elif defined(__aarch64__)

bool tlk_isa_available(tlk_isa isa) { return isa == TLK_ISA_SCALAR || isa == TLK_ISA_NEON; }
static const tlk_kernel_table *table_of(tlk_isa isa) { return isa == TLK_ISA_NEON ? &tlk_table_neon : &tlk_table_scalar; }

#else

bool tlk_isa_available(tlk_isa isa) { return isa == TLK_ISA_SCALAR; }
static const tlk_kernel_table *table_of(tlk_isa isa) { (void)isa; return &tlk_table_scalar; }

#endif

static void use(tlk_isa isa) {
  atomic_store(&active, (int)isa);
  atomic_store(&table, table_of(isa));
}

// The best set from `isa` downwards that computes what the scalar one does.
static tlk_isa tested(tlk_isa isa) {
  while (isa != TLK_ISA_SCALAR) {
    if (tlk_isa_available(isa) && tlk_self_check(table_of(isa))) return isa;
    if (tlk_isa_available(isa)) snprintf(problem, sizeof problem, "%s computes wrong products on this machine and is not used", names[isa]);
    isa--;
  }
  return isa;
}

static void choose(void) {
  tlk_isa best = TLK_ISA_SCALAR;
  for (int isa = 0; isa < (int)ISA_COUNT; isa++)
    if (tlk_isa_available((tlk_isa)isa)) best = (tlk_isa)isa;
  const char *wanted = getenv("TENSORLOGIC_ISA");
  if (wanted && *wanted) {
    int isa = 0;
    while (isa < (int)ISA_COUNT && strcmp(wanted, names[isa]) != 0) isa++;
    if (isa == (int)ISA_COUNT)
      snprintf(problem, sizeof problem, "TENSORLOGIC_ISA=%.32s is not known (scalar, avx2, avx512, amx, neon); using %s", wanted, names[best]);
    else if (!tlk_isa_available((tlk_isa)isa))
      snprintf(problem, sizeof problem, "TENSORLOGIC_ISA=%s is not available on this machine; using %s", wanted, names[best]);
    else
      best = (tlk_isa)isa;
  }
  use(tested(best));
}

const tlk_kernel_table *tlk_kernels(void) {
  const tlk_kernel_table *chosen = atomic_load_explicit(&table, memory_order_acquire);
  if (chosen) return chosen;
  pthread_once(&once, choose);
  return atomic_load(&table);
}

void tlk_kernels_use(const tlk_kernel_table *chosen) { tlk_kernels(); atomic_store(&table, chosen); }
tlk_isa tlk_isa_active(void) { tlk_kernels(); return (tlk_isa)atomic_load(&active); }
const char *tlk_isa_problem(void) { tlk_kernels(); return problem[0] ? problem : NULL; }
const char *tlk_isa_name(tlk_isa isa) { return (unsigned)isa < ISA_COUNT ? names[isa] : "unknown"; }

bool tlk_isa_select(tlk_isa isa) {
  tlk_kernels();
  if (!tlk_isa_available(isa)) return false;
  use(isa);
  return true;
}
