// Stack switching. Saves what the ABI says a callee keeps; signal masks and floating-point modes stay as they are.
#ifndef TLM_SWITCH_H
#define TLM_SWITCH_H

#include <stddef.h>

// Continues at `to` (a stack pointer of an earlier switch or of tlm_stack_prepare) and keeps the place of the caller in *from.
void tlm_switch(void **from, void *to) __attribute__((visibility("hidden")));

// A stack whose first switch calls `entry`, which must not return.
void *tlm_stack_prepare(void *base, size_t bytes, void (*entry)(void)) __attribute__((visibility("hidden")));

#endif
