#include "kernels/copies.h"

#include <stdatomic.h>

static _Atomic uint64_t copied_bytes;
static _Atomic uint64_t copies;

void tlk_count_copy(tlk_int byte_count) {
  atomic_fetch_add_explicit(&copied_bytes, (uint64_t)byte_count, memory_order_relaxed);
  atomic_fetch_add_explicit(&copies, 1, memory_order_relaxed);
}

uint64_t tlk_copied_bytes(void) { return atomic_load_explicit(&copied_bytes, memory_order_relaxed); }
uint64_t tlk_copies(void) { return atomic_load_explicit(&copies, memory_order_relaxed); }
