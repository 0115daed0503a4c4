#include "kernels/handoff.h"

#include <pthread.h>
#include <stdatomic.h>
#if defined(__APPLE__)
#include <pthread/qos.h>
#endif

#include "cpu_count.h"
#include "relax.h"

// Longer than a caller takes from the end of one call to the next, and short enough that nobody sees it in a process's CPU time.
#define SPIN_NANOSECONDS 50000

enum { IDLE, GIVING, GIVEN };

static struct {
  _Atomic(int) state;
  _Atomic(int) parked;
  void (*body)(void *);
  void *context;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  pthread_once_t once;
  bool is_started;
  bool has_cpu;  // to spare: on one CPU the caller waits for whoever spins
} hand = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static bool is_given(void) { return atomic_load(&hand.state) == GIVEN; }

static bool spin(void) {
  uint64_t start = tlk_nanoseconds();
  do {
    for (int i = 0; i < 64; i++) {
      if (is_given()) return true;
      tlk_relax();
    }
  } while (tlk_nanoseconds() - start < SPIN_NANOSECONDS);
  return false;
}

// Whether a spin would have been long enough.
static bool park(void) {
  uint64_t start = tlk_nanoseconds();
  pthread_mutex_lock(&hand.mutex);
  atomic_store(&hand.parked, 1);
  while (!is_given()) pthread_cond_wait(&hand.wake, &hand.mutex);
  atomic_store(&hand.parked, 0);
  pthread_mutex_unlock(&hand.mutex);
  return tlk_nanoseconds() - start < SPIN_NANOSECONDS;
}

static void *work(void *unused) {
  (void)unused;
#if defined(__APPLE__)
  pthread_set_qos_class_self_np(QOS_CLASS_USER_INITIATED, 0);
#endif
  // A spin that waits in vain costs the time that the next call needs, most of all on a busy machine: it is not tried again before a
  // call has come as soon as that.
  bool pays = hand.has_cpu;
  for (;;) {
    if (pays) pays = spin();
    if (!is_given()) pays = park() && hand.has_cpu;
    void (*body)(void *) = hand.body;
    void *context = hand.context;
    body(context);
    atomic_store(&hand.state, IDLE);
  }
  return NULL;
}

static void start(void) {
  hand.has_cpu = tlk_usable_cpus() > 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  hand.is_started = pthread_create(&thread, &attributes, work, NULL) == 0;
  pthread_attr_destroy(&attributes);
}

bool tlk_hand_off(void (*body)(void *), void *context) {
  pthread_once(&hand.once, start);
  int idle = IDLE;
  if (!hand.is_started || !atomic_compare_exchange_strong(&hand.state, &idle, GIVING)) return false;
  hand.body = body;
  hand.context = context;
  atomic_store(&hand.state, GIVEN);
  if (atomic_load(&hand.parked)) {
    pthread_mutex_lock(&hand.mutex);
    pthread_cond_signal(&hand.wake);
    pthread_mutex_unlock(&hand.mutex);
  }
  return true;
}
