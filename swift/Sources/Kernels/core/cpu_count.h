#ifndef TLK_CPU_COUNT_H
#define TLK_CPU_COUNT_H

#include "kernels/types.h"

// CPUs that this process may use: affinity mask, cgroup quota, TENSORLOGIC_THREADS. At least 1.
TLK_API tlk_int tlk_usable_cpus(void);

#endif
