#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "kernels/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "cpu_count.h"
#include "placement.h"
#include "relax.h"

// Workers look for work this long before they park: longer than the gaps between the steps of one model run, short
// enough that an idle process costs nothing.
#define SPIN_NANOSECONDS 40000
#define MAX_THREADS 256

// Each thread begins with a range of neighbouring indices and helps with the others' after that: what a thread wrote in one step of a
// model it mostly reads in the next, out of its own second-level cache (MobileNetV2's kernels: 8 % less time with two threads, Zen 3).
#define MAX_RANGES 16

// `state` is generation << INDEX_BITS | next index. A worker claims an index by compare-and-swap, so a claim made with the
// fields of an older call cannot succeed; the caller returns only when every claimed index is done.
#define INDEX_BITS 40
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

typedef struct {
  _Alignas(64) _Atomic(uint64_t) state;
  _Atomic(uint64_t) end;
} index_range;

static struct {
  index_range ranges[MAX_RANGES];
  _Alignas(64) _Atomic(uint64_t) generation;
  _Atomic(uint64_t) range_count;
  _Atomic(tlk_body) body;
  _Atomic(void *) context;
  _Alignas(64) _Atomic(uint64_t) done;
  _Atomic(tlk_int) limit;
  atomic_flag busy;
  _Atomic(int) parked;
  tlk_sleeper sleepers[MAX_THREADS];  // by rank
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  pthread_once_t once;
  tlk_int threads;
} pool = {.busy = ATOMIC_FLAG_INIT,
          .mutex = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .once = PTHREAD_ONCE_INIT};

static _Thread_local bool inside_body;

static void work_on(index_range *range, uint64_t generation) {
  for (;;) {
    uint64_t state = atomic_load(&range->state);
    uint64_t end = atomic_load(&range->end);
    tlk_body body = atomic_load(&pool.body);
    void *context = atomic_load(&pool.context);
    if (state >> INDEX_BITS != generation || (state & INDEX_MASK) >= end) return;
    if (!atomic_compare_exchange_weak(&range->state, &state, state + 1)) continue;
    body(context, (tlk_int)(state & INDEX_MASK));
    atomic_fetch_add(&pool.done, 1);
  }
}

static void work(uint64_t generation, uint64_t rank) {
  uint64_t count = atomic_load(&pool.range_count);
  for (uint64_t i = 0; i < count; i++) work_on(&pool.ranges[(rank + i) % count], generation);
}

static bool has_new_generation(uint64_t seen) { return atomic_load(&pool.generation) != seen; }

static void park(tlk_int rank, uint64_t seen) {
  pthread_mutex_lock(&pool.mutex);
  tlk_fall_asleep(&pool.sleepers[rank]);
  atomic_fetch_add(&pool.parked, 1);
  while (!has_new_generation(seen)) pthread_cond_wait(&pool.wake, &pool.mutex);
  atomic_fetch_sub(&pool.parked, 1);
  tlk_wake_up(&pool.sleepers[rank]);
  pthread_mutex_unlock(&pool.mutex);
}

static void wait_for_work(tlk_int rank, uint64_t seen) {
  uint64_t start = tlk_nanoseconds();
  do {
    for (int i = 0; i < 64; i++) {
      if (has_new_generation(seen)) return;
      tlk_relax();
    }
  } while (tlk_nanoseconds() - start < SPIN_NANOSECONDS);
  park(rank, seen);
}

static void *worker(void *argument) {
  tlk_int rank = (tlk_int)(intptr_t)argument;
  uint64_t seen = 0;
  inside_body = true;
  for (;;) {
    wait_for_work(rank, seen);
    seen = atomic_load(&pool.generation);
    if (rank < atomic_load(&pool.limit)) work(seen, (uint64_t)rank);
  }
  return NULL;
}

static void start(void) {
  tlk_int wanted = tlk_usable_cpus();
  if (wanted > MAX_THREADS) wanted = MAX_THREADS;
  pool.threads = 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (; pool.threads < wanted; pool.threads++) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)pool.threads) != 0) break;
  }
  pthread_attr_destroy(&attributes);
  atomic_store(&pool.limit, pool.threads);
}

tlk_int tlk_thread_count(void) {
  pthread_once(&pool.once, start);
  return atomic_load(&pool.limit);
}

void tlk_thread_limit(tlk_int count) {
  pthread_once(&pool.once, start);
  if (count > pool.threads) count = pool.threads;
  atomic_store(&pool.limit, count < 1 ? 1 : count);
}

static void wait_until_done(uint64_t count) {
  uint64_t start_time = 0;
  for (unsigned spins = 0; atomic_load(&pool.done) != count; spins++) {
    tlk_relax();
    if (spins % 64 != 63) continue;
    // A worker that was preempted inside a body needs this CPU more than the wait does.
    if (start_time == 0) start_time = tlk_nanoseconds();
    else if (tlk_nanoseconds() - start_time > SPIN_NANOSECONDS) sched_yield();
  }
}

static void run_inline(tlk_int count, tlk_body body, void *context) {
  for (tlk_int i = 0; i < count; i++) body(context, i);
}

void tlk_parallel(tlk_int count, tlk_body body, void *context) {
  if (count <= 1 || inside_body || tlk_thread_count() == 1 || (uint64_t)count > INDEX_MASK / 2 ||
      atomic_flag_test_and_set(&pool.busy)) {
    run_inline(count, body, context);
    return;
  }
  inside_body = true;
  uint64_t generation = (atomic_load(&pool.generation) + 1) & (UINT64_MAX >> INDEX_BITS);
  uint64_t ranges = (uint64_t)tlk_thread_count() < MAX_RANGES ? (uint64_t)tlk_thread_count() : MAX_RANGES;
  // Closed first: while the fields change, no claim can succeed.
  for (uint64_t i = 0, open = atomic_load(&pool.range_count); i < open; i++)
    atomic_store(&pool.ranges[i].state, INDEX_MASK | (generation - 1) << INDEX_BITS);
  atomic_store(&pool.body, body);
  atomic_store(&pool.context, context);
  atomic_store(&pool.done, 0);
  atomic_store(&pool.range_count, ranges);
  for (uint64_t i = 0; i < ranges; i++) {
    atomic_store(&pool.ranges[i].end, (uint64_t)count * (i + 1) / ranges);
    atomic_store(&pool.ranges[i].state, generation << INDEX_BITS | (uint64_t)count * i / ranges);
  }
  atomic_store(&pool.generation, generation);
  if (atomic_load(&pool.parked) > 0) {
    pthread_mutex_lock(&pool.mutex);
    for (tlk_int rank = 1; rank < tlk_thread_count(); rank++) tlk_keep_apart(&pool.sleepers[rank]);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
  }
  work(generation, 0);
  wait_until_done((uint64_t)count);
  inside_body = false;
  atomic_flag_clear(&pool.busy);
}
