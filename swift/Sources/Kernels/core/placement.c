#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "placement.h"

#if defined(__linux__)

void tlk_fall_asleep(tlk_sleeper *own) {
  own->thread = pthread_self();
  own->cpu = sched_getaffinity(0, sizeof own->mask, &own->mask) == 0 ? sched_getcpu() : -1;
  own->is_moved = false;
  own->sleeps = true;
}

void tlk_wake_up(tlk_sleeper *own) {
  own->sleeps = false;
  if (own->is_moved) sched_setaffinity(0, sizeof own->mask, &own->mask);
}

// Linux may wake a thread on the CPU where it slept although its waker, who goes on working, runs there by now; it then waits for
// milliseconds. After a pause of 25 ms MobileNetV2 took as long on two threads as on one: 11.8 ms, otherwise 6.9 (AMD EPYC, 2 CPUs,
// Linux 6.18, 2026-11-25).
void tlk_keep_apart(tlk_sleeper *other) {
  const int cpu = sched_getcpu();
  if (!other->sleeps || other->is_moved || cpu < 0 || cpu != other->cpu) return;
  cpu_set_t others = other->mask;
  CPU_CLR(cpu, &others);
  if (CPU_COUNT(&others) > 0) other->is_moved = pthread_setaffinity_np(other->thread, sizeof others, &others) == 0;
}

#else

void tlk_fall_asleep(tlk_sleeper *own) {
  own->thread = pthread_self();
  own->sleeps = true;
}
void tlk_wake_up(tlk_sleeper *own) { own->sleeps = false; }
void tlk_keep_apart(tlk_sleeper *other) { (void)other; }

#endif
