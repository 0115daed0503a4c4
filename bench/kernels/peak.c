#include "peak.h"

#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "../../swift/Sources/Kernels/core/table.h"

#define CHAINS 12
#define STEPS 400000

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Twelve chains hide the latency of two units of four to five cycles.
#define LOOP(LANES) \
  { \
    typedef float vf __attribute__((vector_size(LANES * 4))); \
    vf a[CHAINS], x = (vf){} + 0.999f, y = (vf){} + 1e-3f; \
    for (int i = 0; i < CHAINS; i++) a[i] = (vf){} + (float)i; \
    double start = seconds(); \
    for (int n = 0; n < STEPS; n++) { \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) a[i] = a[i] * x + y; \
    } \
    double took = seconds() - start; \
    volatile float sink = 0; \
    for (int i = 0; i < CHAINS; i++) sink += a[i][0]; \
    return 2.0 * CHAINS * LANES * STEPS / took * 1e-9; \
  }

static double scalar_rate(void) LOOP(4)
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double avx2_rate(void) LOOP(8)
__attribute__((target("avx512f"))) static double avx512_rate(void) LOOP(16)
#endif

double measured_peak_gflops(void) {
  double best = 0;
  for (int i = 0; i < 10; i++) {
    double rate = 0;
#if defined(__x86_64__)
    if (tlk_isa_active() == TLK_ISA_AVX2) rate = avx2_rate();
    else if (tlk_isa_active() == TLK_ISA_AVX512) rate = avx512_rate();
    else
#endif
      rate = scalar_rate();
    best = rate > best ? rate : best;
  }
  return best;
}
