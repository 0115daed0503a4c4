// Positions and orders: arg min and max, top-k; and what goes along an axis element by element.
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "checked.h"
#include "kernels/reduction.h"
#include "operand.h"
#include "registers.h"

#define CHUNK 256

static bool is_integer(tlk_dtype dtype) { return dtype >= TLK_I8 && dtype <= TLK_BOOL; }
static bool searchable(tlk_dtype dtype) { return tlk_is_float(dtype) || is_integer(dtype); }

// Elements first, first + stride, … as f64, which holds every f32, i32 and u32.
static void load_keys(const void *input, tlk_dtype dtype, tlk_int first, tlk_int stride, tlk_int count, double *keys) {
  uint32_t chunk[CHUNK];
  for (tlk_int i = 0; i < count; i += CHUNK) {
    tlk_int n = tlk_min(CHUNK, count - i);
    tlk_register_load(chunk, input, dtype, first + i * stride, stride, n);
    for (tlk_int j = 0; j < n; j++)
      keys[i + j] = tlk_is_float(dtype) ? (double)((const float *)chunk)[j]
                    : dtype == TLK_U32  ? (double)chunk[j]
                                        : (double)(int32_t)chunk[j];
  }
}

typedef struct {
  bool largest;
  const void *input;
  tlk_dtype dtype;
  int32_t *output;
  tlk_int axis, inner;
} arg_job;

static void arg_tile(void *context, tlk_int index) {
  const arg_job *job = context;
  tlk_int first = index / job->inner * job->axis * job->inner + index % job->inner, best_index = 0;
  double keys[CHUNK], best = NAN;
  for (tlk_int i = 0; i < job->axis; i += CHUNK) {
    tlk_int n = tlk_min(CHUNK, job->axis - i);
    load_keys(job->input, job->dtype, first + i * job->inner, job->inner, n, keys);
    if (i == 0) best = keys[0];
    for (tlk_int j = 0; j < n && best == best; j++)
      if (keys[j] != keys[j] || (job->largest ? keys[j] > best : keys[j] < best)) {
        best = keys[j];
        best_index = i + j;
      }
  }
  job->output[index] = (int32_t)best_index;
}

tlk_status tlk_arg_reduce(bool maximum, const void *input, tlk_dtype input_dtype, int32_t *output, tlk_int outer, tlk_int axis,
                          tlk_int inner) {
  if (!searchable(input_dtype)) return TLK_E_UNSUPPORTED;
  tlk_int total = tlk_product(outer, inner);
  if (total < 0 || tlk_product(total, axis) < 0 || axis > INT32_MAX || (axis == 0 && total > 0)) return TLK_E_ARGUMENT;
  arg_job job = {maximum, input, input_dtype, output, axis, inner};
  tlk_parallel(total, arg_tile, &job);
  return TLK_OK;
}

typedef struct {
  bool largest;
  const void *input;
  tlk_dtype dtype;
  void *values;
  int32_t *indices;
  tlk_int axis, count;
  _Atomic(int) status;
} top_job;

// Whether element a goes before element b in the answer.
static bool before(const double *keys, bool largest, int32_t a, int32_t b) {
  double x = keys[a], y = keys[b];
  if (x != x || y != y) return x == x ? true : y == y ? false : a < b;
  if (x != y) return largest ? x > y : x < y;
  return a < b;
}

// The heap's root is the element that leaves first.
static void sift_down(int32_t *heap, tlk_int count, tlk_int at, const double *keys, bool largest) {
  for (;;) {
    tlk_int child = 2 * at + 1;
    if (child >= count) return;
    if (child + 1 < count && before(keys, largest, heap[child], heap[child + 1])) child++;
    if (before(keys, largest, heap[child], heap[at])) return;
    int32_t swap = heap[at];
    heap[at] = heap[child];
    heap[child] = swap;
    at = child;
  }
}

static void top_tile(void *context, tlk_int row) {
  top_job *job = context;
  tlk_int count = job->count, size = tlk_dtype_size(job->dtype);
  double *keys = tlk_scratch((size_t)(job->axis * 8 + count * 4));
  if (!keys) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  int32_t *heap = (int32_t *)(keys + job->axis);
  load_keys(job->input, job->dtype, row * job->axis, 1, job->axis, keys);
  for (tlk_int i = 0; i < count; i++) heap[i] = (int32_t)i;
  for (tlk_int i = count / 2 - 1; i >= 0; i--) sift_down(heap, count, i, keys, job->largest);
  for (tlk_int i = count; i < job->axis; i++) {
    if (!before(keys, job->largest, (int32_t)i, heap[0])) continue;
    heap[0] = (int32_t)i;
    sift_down(heap, count, 0, keys, job->largest);
  }
  for (tlk_int end = count - 1; end > 0; end--) {
    int32_t swap = heap[0];
    heap[0] = heap[end];
    heap[end] = swap;
    sift_down(heap, end, 0, keys, job->largest);
  }
  for (tlk_int i = 0; i < count; i++) {
    if (job->indices) job->indices[row * count + i] = heap[i];
    if (job->values)
      memcpy((char *)job->values + (row * count + i) * size, (const char *)job->input + (row * job->axis + heap[i]) * size, (size_t)size);
  }
}

tlk_status tlk_top_k(bool largest, const void *input, tlk_dtype dtype, void *values, int32_t *indices, tlk_int outer, tlk_int axis,
                     tlk_int count) {
  if (!searchable(dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_product3(outer, axis, 8) < 0 || count < 0 || count > axis || axis > INT32_MAX) return TLK_E_ARGUMENT;
  if (count == 0) return TLK_OK;
  top_job job = {largest, input, dtype, values, indices, axis, count, 0};
  tlk_parallel(outer, top_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}

typedef struct {
  const void *input;
  void *output;
  tlk_dtype dtype;
  tlk_int axis, inner;
  bool exclusive, reverse;
} sum_job;

static void running_sum(void *context, tlk_int index) {
  const sum_job *job = context;
  tlk_int first = index / job->inner * job->axis * job->inner + index % job->inner;
  float real = 0;
  uint32_t integer = 0;
  bool is_real = tlk_is_float(job->dtype);
  for (tlk_int i = 0; i < job->axis; i++) {
    tlk_int at = first + (job->reverse ? job->axis - 1 - i : i) * job->inner;
    uint32_t bits;
    float value;
    tlk_register_load(&bits, job->input, job->dtype, at, 1, 1);
    memcpy(&value, &bits, 4);
    if (job->exclusive) tlk_register_store(is_real ? (void *)&real : (void *)&integer, is_real, job->output, job->dtype, at, 1, 1);
    if (is_real) real += value;
    else integer += bits;
    if (!job->exclusive) tlk_register_store(is_real ? (void *)&real : (void *)&integer, is_real, job->output, job->dtype, at, 1, 1);
  }
}

tlk_status tlk_cumulative_sum(const void *input, void *output, tlk_dtype dtype, tlk_int outer, tlk_int axis, tlk_int inner,
                              bool exclusive, bool reverse) {
  if (!searchable(dtype)) return TLK_E_UNSUPPORTED;
  tlk_int total = tlk_product(outer, inner);
  if (total < 0 || tlk_product(total, axis) < 0) return TLK_E_ARGUMENT;
  sum_job job = {input, output, dtype, axis, inner, exclusive, reverse};
  tlk_parallel(total, running_sum, &job);
  return TLK_OK;
}

tlk_status tlk_statistics_of(const void *input, tlk_dtype dtype, tlk_int count, tlk_statistics *out) {
  if (!searchable(dtype)) return TLK_E_UNSUPPORTED;
  if (count < 0) return TLK_E_ARGUMENT;
  double keys[CHUNK], low = INFINITY, high = -INFINITY;
  *out = (tlk_statistics){0};
  for (tlk_int i = 0; i < count; i += CHUNK) {
    tlk_int n = tlk_min(CHUNK, count - i);
    load_keys(input, dtype, i, 1, n, keys);
    for (tlk_int j = 0; j < n; j++) {
      if (keys[j] != keys[j]) out->nan_count++;
      else if (isinf(keys[j])) out->infinity_count++;
      else {
        low = keys[j] < low ? keys[j] : low;
        high = keys[j] > high ? keys[j] : high;
        out->sum += keys[j];
      }
    }
  }
  out->minimum = (float)low;
  out->maximum = (float)high;
  return TLK_OK;
}
