#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"

static _Atomic(int) calls;
static _Atomic(int) gate;
static pthread_t thread_of_call;

static void count_call(void *context) {
  thread_of_call = pthread_self();
  atomic_fetch_add(&calls, *(int *)context);
}

static void wait_at_gate(void *context) {
  atomic_store((_Atomic(int) *)context, 1);
  while (!atomic_load(&gate)) sched_yield();
}

static void pause_for(long nanoseconds) { nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL); }

static bool reaches(_Atomic(int) *counter, int want) {
  for (int i = 0; i < 5000 && atomic_load(counter) != want; i++) pause_for(1000000);
  return atomic_load(counter) == want;
}

// The thread takes the next call a moment after the end of the one before.
static void give(void (*body)(void *), void *context) {
  while (!tlk_hand_off(body, context)) sched_yield();
}

static void *giver(void *context) {
  for (int i = 0; i < 500; i++) give(count_call, context);
  return NULL;
}

void test_handoff(void) {
  begin_case("calls on the waiting thread");
  // The suite runs once per instruction set.
  atomic_store(&calls, 0);
  atomic_store(&gate, 0);
  int one = 1;
  // Anew for each instruction set.
  atomic_store(&calls, 0);
  atomic_store(&gate, 0);
  for (int i = 0; i < 1000; i++) give(count_call, &one);
  expect_true(reaches(&calls, 1000), "each call once");
  expect_true(!pthread_equal(thread_of_call, pthread_self()), "on another thread");
  pause_for(3000000);
  give(count_call, &one);
  expect_true(reaches(&calls, 1001), "after the thread has parked");
  _Atomic(int) is_inside = 0;
  give(wait_at_gate, &is_inside);
  expect_true(reaches(&is_inside, 1), "a long call");
  expect_true(!tlk_hand_off(count_call, &one), "refuses a second call at a time");
  atomic_store(&gate, 1);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, giver, &one);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  expect_true(reaches(&calls, 3001), "several callers at once");
}
