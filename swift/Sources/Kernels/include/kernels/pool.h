// One thread pool per process. Workers spin for a short time after a call and then park.
#ifndef TLK_POOL_H
#define TLK_POOL_H

#include "types.h"

// Threads that take part in a call, the caller included: the CPUs of the affinity mask, limited by the cgroup's cpu.max and
// by TENSORLOGIC_THREADS (1…256). Read once, at first use.
TLK_API tlk_int tlk_thread_count(void);

// Runs body(context, index) for every index in 0..<count, in any order, on the calling thread and the workers; returns when
// all are done. Each thread begins with a range of neighbouring indices and then helps the others, one index at a time.
// A call made inside a body runs inline; when another thread has the pool, the call runs on the calling thread alone.
typedef void (*tlk_body)(void *context, tlk_int index);
TLK_API void tlk_parallel(tlk_int count, tlk_body body, void *context);

// Scratch memory of the calling thread: at least `bytes` bytes, 64-byte aligned, contents undefined, valid until the next
// call on the same thread. NULL when it cannot be had. Kernels use it, so it does not survive a kernel call.
TLK_API void *tlk_scratch(size_t bytes);

// For tests: limits the threads that take part (1…the count at first use).
TLK_API void tlk_thread_limit(tlk_int count);

#endif
