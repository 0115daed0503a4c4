#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

static _Atomic(int) visits[5000];
static void visit(void *context, tlk_int index) { atomic_fetch_add(&visits[index], *(int *)context); }

static void nested(void *context, tlk_int index) {
  (void)index;
  tlk_parallel(100, visit, context);
}

static void *caller(void *context) {
  for (int i = 0; i < 200; i++) tlk_parallel(50, visit, context);
  return NULL;
}

static void expect_visits(tlk_int count, int want, const char *what) {
  bool right = true;
  for (tlk_int i = 0; i < count; i++) right &= atomic_exchange(&visits[i], 0) == want;
  expect_true(right, what);
}

void test_pool(void) {
  begin_case("thread pool");
  int one = 1;
  for (int round = 0; round < 500; round++) {
    tlk_int count = 1 + round * 10 % 5000;
    tlk_parallel(count, visit, &one);
    bool right = true;
    for (tlk_int i = 0; i < count; i++) right &= atomic_exchange(&visits[i], 0) == 1;
    expect_true(right, "each index once");
  }
  tlk_parallel(0, visit, &one);
  expect_visits(5000, 0, "nothing for no index");
  tlk_parallel(20, nested, &one);
  expect_visits(100, 20, "nested calls run inline");
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, caller, &one);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  expect_visits(50, 800, "several callers at once");
  tlk_int count = tlk_thread_count();
  tlk_thread_limit(1);
  expect_true(tlk_thread_count() == 1, "limited to one thread");
  tlk_parallel(100, visit, &one);
  expect_visits(100, 1, "one thread does all");
  tlk_thread_limit(count);
  begin_case("scratch memory");
  char *small = tlk_scratch(100);
  expect_true(small && (uintptr_t)small % 64 == 0, "aligned");
  expect_true(tlk_scratch(100) == small, "kept");
  char *large = tlk_scratch(10 << 20);
  expect_true(large != NULL, "grows");
  memset(large, 1, 10 << 20);
  expect_true(tlk_scratch(SIZE_MAX - 5) == NULL, "refuses what cannot be");
}
