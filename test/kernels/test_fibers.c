#include "check.h"
#include "shaders.h"

// The portable Metal device's threads, whose stack switch is assembly for each architecture.

static const tlm_runtime *runtime;

// Each thread puts its number into a sum by a tree; values that live across each barrier fill every register that a callee keeps.
static void tree_sum(const tlm_group *group, uint32_t x, uint32_t y, uint32_t z) {
  (void)z;
  double *part = group->memory[0];
  uint32_t count = group->size[0] * group->size[1], index = y * group->size[0] + x;
  double kept[16];
  uint64_t integers[12];
  for (int i = 0; i < 16; i++) kept[i] = index * 16.5 + i;
  for (int i = 0; i < 12; i++) integers[i] = (uint64_t)index << 32 | (unsigned)i;
  part[index] = index + 1;
  runtime->barrier();
  for (uint32_t width = 1; width < count; width *= 2) {
    double other = index % (2 * width) == 0 && index + width < count ? part[index + width] : 0;
    for (int i = 0; i < 16; i++) kept[i] += width;
    for (int i = 0; i < 12; i++) integers[i] += width;
    runtime->barrier();
    part[index] += other;
    runtime->barrier();
    for (int i = 0; i < 16; i++) kept[i] -= width;
    for (int i = 0; i < 12; i++) integers[i] -= width;
  }
  bool same = true;
  for (int i = 0; i < 16; i++) same &= kept[i] == index * 16.5 + i;
  for (int i = 0; i < 12; i++) same &= integers[i] == ((uint64_t)index << 32 | (unsigned)i);
  ((bool *)group->memory[1])[index] = same && (uintptr_t)__builtin_frame_address(0) % 16 == 0;
}

// Odd lanes exchange among themselves, then all lanes do. The runtime goes by the order of the calls in the code, which an optimiser
// may change (clang 17 puts the branch behind the end on arm64).
static __attribute__((optnone)) void divergent_sum(const tlm_group *group, uint32_t x, uint32_t y, uint32_t z) {
  (void)y, (void)z;
  uint32_t *out = (uint32_t *)group->memory[0] + 2 * x, lane, value = x + 1;
  out[0] = out[1] = 0;
  if (x % 2 == 1) {
    const tlm_exchange *odd = runtime->exchange(&value, sizeof value, &lane);
    for (int i = 0; i < TLM_SIMD_WIDTH; i++)
      if (odd->mask >> i & 1) out[0] += *(const uint32_t *)odd->values[i];
  }
  const tlm_exchange *all = runtime->exchange(&value, sizeof value, &lane);
  for (int i = 0; i < TLM_SIMD_WIDTH; i++)
    if (all->mask >> i & 1) out[1] += *(const uint32_t *)all->values[i];
}

static void run_tree(void *context, tlk_int job) {
  int *results = context;
  enum { WIDTH = 16, HEIGHT = 12, COUNT = WIDTH * HEIGHT };
  double part[COUNT];
  bool same[COUNT];
  tlm_group group = {.memory = {part, same}, .size = {WIDTH, HEIGHT, 1}};
  const tlm_kernel kernel = {.run_thread = tree_sum};
  int status = tlm_run_group(&kernel, &group);
  results[job] = status == 0 && part[0] == COUNT * (COUNT + 1) / 2;
  for (int i = 0; i < COUNT; i++) results[job] &= same[i];
}

void test_fibers(void) {
  runtime = tlm_host_runtime();
  enum { JOBS = 64 };
  int results[JOBS] = {0};
  begin_case("192 threads of a group at barriers");
  tlk_parallel(JOBS, run_tree, results);
  for (int i = 0; i < JOBS; i++) expect_true(results[i], "sum, kept registers, aligned stack");

  begin_case("lanes on two paths");
  enum { LANES = 40 };
  uint32_t sums[LANES][2];
  tlm_group group = {.memory = {sums}, .size = {LANES, 1, 1}};
  const tlm_kernel kernel = {.run_thread = divergent_sum};
  expect_true(tlm_run_group(&kernel, &group) == 0, "run");
  for (int i = 0; i < LANES; i++) {
    uint32_t odd = i < 32 ? 272 : 34 + 36 + 38 + 40, all = i < 32 ? 528 : 33 + 34 + 35 + 36 + 37 + 38 + 39 + 40;
    expect_near(sums[i][0], i % 2 ? odd : 0, 0, "sum of odd lanes", i);
    expect_near(sums[i][1], all, 0, "sum of all lanes", i);
  }
}
