// The threads of a group as fibers of one OS thread. A thread runs until it waits or ends; a simdgroup's lanes go on together as
// soon as all of them wait, the whole group as soon as all simdgroups wait at the barrier.
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "shaders.h"
#include "switch.h"

typedef enum { RUNNING, AT_EXCHANGE, AT_BARRIER, ENDED } fiber_state;

typedef struct {
  void *stack_pointer;
  fiber_state state;
  uintptr_t site;  // AT_EXCHANGE: the call, so that lanes on different paths do not mix
  uint32_t x, y, z;
  unsigned char value[TLM_VALUE_BYTES];
} fiber;

enum { MAXIMUM_FIBERS = 1024 };

// Per OS thread, kept for the next group.
typedef struct {
  unsigned char *stacks;
  void *scheduler;
  fiber *current;
  uint32_t lane;
  const tlm_kernel *kernel;
  const tlm_group *group;
  fiber fibers[MAXIMUM_FIBERS];
  tlm_exchange snapshot;
} machine;

static pthread_key_t machine_key;
static pthread_once_t machine_once = PTHREAD_ONCE_INIT;
static _Thread_local machine *running;

static void free_machine(void *memory) {
  machine *m = memory;
  if (m->stacks) munmap(m->stacks, (size_t)MAXIMUM_FIBERS * TLM_STACK_BYTES);
  munmap(m, sizeof *m);
}

static void make_key(void) { pthread_key_create(&machine_key, free_machine); }

static void *pages(size_t bytes) {
  // Only what is touched takes memory.
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static machine *machine_of_thread(void) {
  pthread_once(&machine_once, make_key);
  machine *m = pthread_getspecific(machine_key);
  if (m) return m;
  m = pages(sizeof *m);
  if (!m) return NULL;
  m->stacks = pages((size_t)MAXIMUM_FIBERS * TLM_STACK_BYTES);
  if (!m->stacks) {
    munmap(m, sizeof *m);
    return NULL;
  }
  pthread_setspecific(machine_key, m);
  return m;
}

static void wait_as(fiber_state state) {
  machine *m = running;
  fiber *self = m->current;
  self->state = state;
  tlm_switch(&self->stack_pointer, m->scheduler);
}

static void fiber_main(void) {
  machine *m = running;
  fiber *self = m->current;
  m->kernel->run_thread(m->group, self->x, self->y, self->z);
  wait_as(ENDED);
  __builtin_unreachable();
}

static void resume(machine *m, fiber *f, uint32_t lane) {
  m->current = f;
  m->lane = lane;
  f->state = RUNNING;
  tlm_switch(&m->scheduler, f->stack_pointer);
}

// A kernel that was taken for free of barriers has none that can be reached: its threads run one by one, and alone nobody waits.
static void barrier(void) {
  if (running) wait_as(AT_BARRIER);
}

static __attribute__((noinline)) const tlm_exchange *exchange(const void *value, uint32_t size, uint32_t *lane) {
  machine *m = running;
  if (!m) {
    static _Thread_local tlm_exchange alone;
    alone.mask = 1;
    memcpy(alone.values[0], value, size);
    *lane = 0;
    return &alone;
  }
  fiber *self = m->current;
  self->site = (uintptr_t)__builtin_return_address(0);
  memcpy(self->value, value, size);
  *lane = m->lane;
  wait_as(AT_EXCHANGE);
  return &m->snapshot;
}

static void simd_barrier(void) {
  uint32_t lane;
  unsigned char nothing = 0;
  exchange(&nothing, 1, &lane);
}

static const tlm_runtime host = {barrier, simd_barrier, exchange};
const tlm_runtime *tlm_host_runtime(void) { return &host; }

// Lanes that wait at the earliest call in program text: the others have taken a branch around it and are waiting further on.
static uint32_t collect(machine *m, const fiber *lanes, uint32_t count) {
  uintptr_t site = UINTPTR_MAX;
  for (uint32_t i = 0; i < count; i++)
    if (lanes[i].state == AT_EXCHANGE && lanes[i].site < site) site = lanes[i].site;
  uint32_t mask = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (lanes[i].state != AT_EXCHANGE || lanes[i].site != site) continue;
    mask |= UINT32_C(1) << i;
    memcpy(m->snapshot.values[i], lanes[i].value, TLM_VALUE_BYTES);
  }
  m->snapshot.mask = mask;
  return mask;
}

// Until every lane is at the barrier or has ended.
static void run_simdgroup(machine *m, fiber *lanes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (lanes[i].state == RUNNING) resume(m, &lanes[i], i);
  for (;;) {
    uint32_t mask = collect(m, lanes, count);
    if (mask == 0) return;
    for (uint32_t i = 0; i < count; i++)
      if (mask >> i & 1) resume(m, &lanes[i], i);
  }
}

static void prepare(machine *m, const tlm_group *group, uint32_t count) {
  uint32_t index = 0;
  for (uint32_t z = 0; z < group->size[2]; z++)
    for (uint32_t y = 0; y < group->size[1]; y++)
      for (uint32_t x = 0; x < group->size[0] && index < count; x++, index++) {
        fiber *f = &m->fibers[index];
        f->x = x, f->y = y, f->z = z;
        f->state = RUNNING;
        f->stack_pointer = tlm_stack_prepare(m->stacks + (size_t)index * TLM_STACK_BYTES, TLM_STACK_BYTES, fiber_main);
      }
}

static bool release_barrier(machine *m, uint32_t count) {
  bool is_anyone_left = false;
  for (uint32_t i = 0; i < count; i++) {
    if (m->fibers[i].state != AT_BARRIER) continue;
    m->fibers[i].state = RUNNING;
    is_anyone_left = true;
  }
  return is_anyone_left;
}

int tlm_run_group(const tlm_kernel *kernel, const tlm_group *group) {
  if (kernel->run_group) {
    kernel->run_group(group);
    return 0;
  }
  uint64_t total = (uint64_t)group->size[0] * group->size[1] * group->size[2];
  machine *m = machine_of_thread();
  if (!m || total > MAXIMUM_FIBERS) return -1;
  uint32_t count = (uint32_t)total;
  m->kernel = kernel;
  m->group = group;
  running = m;
  prepare(m, group, count);
  do {
    for (uint32_t first = 0; first < count; first += TLM_SIMD_WIDTH) {
      uint32_t lanes = count - first < TLM_SIMD_WIDTH ? count - first : TLM_SIMD_WIDTH;
      run_simdgroup(m, m->fibers + first, lanes);
    }
  } while (release_barrier(m, count));
  running = NULL;
  return 0;
}
