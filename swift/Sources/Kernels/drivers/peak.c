#include "kernels/peak.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../core/table.h"

#define ROUNDS 200000             // about 0.4 ms of multiply-adds
#define READ_BYTES (64 << 20)     // per thread: far more than its share of any cache
#define PARTS 4                   // per thread: parts are dealt out as threads get free
#define REPEATS 9
#define CHAINS 12                 // of templates/peak.h

typedef struct {
  const uint64_t *memory;
  _Atomic(uint64_t) sink;
} peak_job;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void multiply(void *context, tlk_int index) {
  (void)index;
  float sink;
  tlk_kernels()->multiply_adds(ROUNDS, &sink);
  ((peak_job *)context)->sink += (uint64_t)sink;
}

static void read_part(void *context, tlk_int index) {
  peak_job *job = context;
  const tlk_int words = READ_BYTES / PARTS / 8;
  const uint64_t *part = job->memory + index * words;
  uint64_t sum = 0;
  for (tlk_int i = 0; i < words; i++) sum += part[i];
  job->sink += sum;
}

static double best_time(tlk_int parts, tlk_body body, peak_job *job) {
  double best = 1e9;
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    double start = seconds();
    tlk_parallel(parts, body, job);
    double taken = seconds() - start;
    if (taken < best) best = taken;
  }
  return best > 0 ? best : 1e-9;
}

tlk_status tlk_measure_peak(double *gflops, double *gigabytes) {
  tlk_int threads = tlk_thread_count(), parts = threads * PARTS;
  peak_job job = {.sink = 0};
  void *memory = malloc((size_t)threads * READ_BYTES);
  if (!memory) return TLK_E_MEMORY;
  memset(memory, 1, (size_t)threads * READ_BYTES);
  job.memory = memory;
  double operations = (double)parts * ROUNDS * CHAINS * (double)tlk_kernels()->lanes * 2;
  *gflops = operations / best_time(parts, multiply, &job) / 1e9;
  *gigabytes = (double)threads * READ_BYTES / best_time(parts, read_part, &job) / 1e9;
  free(memory);
  return TLK_OK;
}
