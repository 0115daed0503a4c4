#include <math.h>
#include <stdatomic.h>

#include "checked.h"
#include "kernels/reduction.h"
#include "operand.h"
#include "registers.h"
#include "tiling.h"

// Sums are two-level: a chunk in registers, then chunk to chunk, which keeps long sums exact.
#define CHUNK 1024
#define COLUMN_BLOCK 64
#define COLUMN_ROWS 32

typedef struct {
  tlk_reduce_kind kind;
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int outer, axis, inner, blocks, rows_per_tile;
} reduce_job;

static bool is_integer(tlk_dtype dtype) { return dtype >= TLK_I8 && dtype <= TLK_BOOL; }

// The kind whose sums another kind is made of.
static tlk_reduce_kind summed_as(tlk_reduce_kind kind) {
  switch (kind) {
    case TLK_REDUCE_MEAN:
    case TLK_REDUCE_LOG_SUM: return TLK_REDUCE_SUM;
    case TLK_REDUCE_L2: return TLK_REDUCE_SUM_SQUARE;
    default: return kind;
  }
}

static float identity(tlk_reduce_kind kind) {
  return kind == TLK_REDUCE_MIN ? INFINITY : kind == TLK_REDUCE_MAX ? -INFINITY : kind == TLK_REDUCE_PROD ? 1 : 0;
}

static float join(tlk_reduce_kind kind, float a, float b) {
  switch (kind) {
    case TLK_REDUCE_MIN: return a != a || a < b ? a : b;
    case TLK_REDUCE_MAX: return a != a || a > b ? a : b;
    case TLK_REDUCE_PROD: return a * b;
    default: return a + b;
  }
}

// exp(x - shift) must not see inf - inf; a shift of zero then gives the right infinity.
static float usable_shift(float most) { return isfinite(most) ? most : 0; }

static float finish(tlk_reduce_kind kind, float x, tlk_int axis, float shift) {
  switch (kind) {
    case TLK_REDUCE_MEAN: return x / (float)axis;
    case TLK_REDUCE_L2: return sqrtf(x);
    case TLK_REDUCE_LOG_SUM: return logf(x);
    case TLK_REDUCE_LOG_SUM_EXP: return logf(x) + shift;
    default: return x;
  }
}

static float row_pass(const reduce_job *job, tlk_reduce_kind kind, tlk_int row, float shift) {
  float chunk[CHUNK], total = identity(kind), part;
  for (tlk_int i = 0; i < job->axis; i += CHUNK) {
    tlk_int n = tlk_min(CHUNK, job->axis - i);
    const float *values = chunk;
    if (job->input_dtype == TLK_F32) values = (const float *)job->input + row * job->axis + i;
    else tlk_load_rows(job->input, job->input_dtype, row * job->axis + i, n, 1, n, chunk, n);
    tlk_kernels()->reduce_row(kind, values, n, shift, &part);
    total = join(kind, total, part);
  }
  return total;
}

static void reduce_rows(void *context, tlk_int index) {
  const reduce_job *job = context;
  tlk_int first = index * job->rows_per_tile, end = tlk_min(first + job->rows_per_tile, job->outer);
  for (tlk_int row = first; row < end; row++) {
    float shift = 0;
    if (job->kind == TLK_REDUCE_LOG_SUM_EXP) shift = usable_shift(row_pass(job, TLK_REDUCE_MAX, row, 0));
    float result = finish(job->kind, row_pass(job, summed_as(job->kind), row, shift), job->axis, shift);
    tlk_store_rows(&result, 1, job->output, job->output_dtype, row, 1, 1, 1);
  }
}

static void column_pass(const reduce_job *job, tlk_reduce_kind kind, tlk_int first, tlk_int width, const float *shift, float *acc) {
  float chunk[COLUMN_ROWS * COLUMN_BLOCK];
  for (tlk_int c = 0; c < COLUMN_BLOCK; c++) acc[c] = identity(kind);
  // Columns behind the last hold zeros.
  if (width < COLUMN_BLOCK) memset(chunk, 0, sizeof chunk);
  for (tlk_int i = 0; i < job->axis; i += COLUMN_ROWS) {
    tlk_int rows = tlk_min(COLUMN_ROWS, job->axis - i);
    tlk_load_rows(job->input, job->input_dtype, first + i * job->inner, job->inner, rows, width, chunk, COLUMN_BLOCK);
    tlk_kernels()->reduce_columns(kind, chunk, rows, COLUMN_BLOCK, shift, acc);
  }
}

static void reduce_column_block(void *context, tlk_int index) {
  const reduce_job *job = context;
  tlk_int column = index % job->blocks * COLUMN_BLOCK, width = tlk_min(COLUMN_BLOCK, job->inner - column), outer = index / job->blocks;
  tlk_int first = outer * job->axis * job->inner + column;
  float acc[COLUMN_BLOCK], shift[COLUMN_BLOCK] = {0};
  if (job->kind == TLK_REDUCE_LOG_SUM_EXP) {
    column_pass(job, TLK_REDUCE_MAX, first, width, NULL, shift);
    for (tlk_int c = 0; c < COLUMN_BLOCK; c++) shift[c] = usable_shift(shift[c]);
  }
  column_pass(job, summed_as(job->kind), first, width, shift, acc);
  for (tlk_int c = 0; c < width; c++) acc[c] = finish(job->kind, acc[c], job->axis, shift[c]);
  tlk_store_rows(acc, width, job->output, job->output_dtype, outer * job->inner + column, width, 1, width);
}

static int32_t integer_step(tlk_reduce_kind kind, int32_t acc, int32_t x) {
  uint32_t a = (uint32_t)acc, u = (uint32_t)x;
  switch (kind) {
    case TLK_REDUCE_MIN: return acc < x ? acc : x;
    case TLK_REDUCE_MAX: return acc > x ? acc : x;
    case TLK_REDUCE_PROD: return (int32_t)(a * u);
    case TLK_REDUCE_L1: return (int32_t)(a + (x < 0 ? 0 - u : u));
    case TLK_REDUCE_SUM_SQUARE: return (int32_t)(a + u * u);
    default: return (int32_t)(a + u);
  }
}

static void reduce_integers(void *context, tlk_int index) {
  const reduce_job *job = context;
  tlk_int outer = index / job->inner, first = outer * job->axis * job->inner + index % job->inner;
  int32_t chunk[256], acc = 0;
  if (job->kind == TLK_REDUCE_MIN) acc = INT32_MAX;
  if (job->kind == TLK_REDUCE_MAX) acc = INT32_MIN;
  if (job->kind == TLK_REDUCE_PROD) acc = 1;
  for (tlk_int i = 0; i < job->axis; i += 256) {
    tlk_int n = tlk_min(256, job->axis - i);
    tlk_register_load(chunk, job->input, job->input_dtype, first + i * job->inner, job->inner, n);
    for (tlk_int j = 0; j < n; j++) acc = integer_step(job->kind, acc, chunk[j]);
  }
  if (job->kind == TLK_REDUCE_MEAN) acc = job->axis ? (int32_t)(acc / job->axis) : 0;
  tlk_register_store(&acc, false, job->output, job->output_dtype, index, 1, 1);
}

static bool integer_kind(tlk_reduce_kind kind) { return kind <= TLK_REDUCE_L1 || kind == TLK_REDUCE_SUM_SQUARE; }

tlk_status tlk_reduce(tlk_reduce_kind kind, const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype,
                      tlk_int outer, tlk_int axis, tlk_int inner) {
  if ((unsigned)kind >= TLK_REDUCE_COUNT || tlk_product3(outer, axis, inner) < 0 || tlk_product(outer, inner) < 0) return TLK_E_ARGUMENT;
  reduce_job job = {.kind = kind, .input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype,
                    .outer = outer, .axis = axis, .inner = inner};
  if (is_integer(input_dtype) && is_integer(output_dtype) && integer_kind(kind)) {
    tlk_parallel(outer * inner, reduce_integers, &job);
    return TLK_OK;
  }
  if (!tlk_is_float(input_dtype) || !tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  if (outer == 0 || inner == 0) return TLK_OK;
  if (inner == 1) {
    job.rows_per_tile = tlk_max(1, 8192 / tlk_max(axis, 1));
    tlk_parallel(tlk_ceil_div(outer, job.rows_per_tile), reduce_rows, &job);
  } else {
    job.blocks = tlk_ceil_div(inner, COLUMN_BLOCK);
    tlk_parallel(outer * job.blocks, reduce_column_block, &job);
  }
  return TLK_OK;
}
