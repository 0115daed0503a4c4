// What this machine can do at most, as a measure for what kernels reach.
#ifndef TLK_PEAK_H
#define TLK_PEAK_H

#include "types.h"

// Measures for about a fifth of a second on all threads of the pool: 10^9 floating-point operations (f32 multiply-adds count two) and
// 10^9 bytes read from memory per second. TLK_E_MEMORY without 64 MiB per thread.
TLK_API tlk_status tlk_measure_peak(double *gflops, double *gigabytes);

#endif
