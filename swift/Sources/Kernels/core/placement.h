// Where threads run.
#ifndef TLK_PLACEMENT_H
#define TLK_PLACEMENT_H

#if defined(__linux__)
#ifndef _GNU_SOURCE
#error "define _GNU_SOURCE before the first header"
#endif
#include <sched.h>
#endif
#include <pthread.h>
#include <stdbool.h>

// A thread that sleeps until another one wakes it. All functions with the lock held that guards its sleep.
typedef struct {
  pthread_t thread;
  bool sleeps;
#if defined(__linux__)
  int cpu;          // where it went to sleep
  cpu_set_t mask;   // where it may run
  bool is_moved;    // its waker has taken the waker's own CPU out of that
#endif
} tlk_sleeper;

void tlk_fall_asleep(tlk_sleeper *own);
void tlk_wake_up(tlk_sleeper *own);
// Before the caller wakes it: that it does not wake on the caller's CPU.
void tlk_keep_apart(tlk_sleeper *other);

#endif
