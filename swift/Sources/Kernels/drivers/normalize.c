#include <stdatomic.h>

#include "checked.h"
#include "kernels/normalization.h"
#include "operand.h"
#include "tiling.h"

// Elements per tile: in f32 a good part of a first-level cache, some microseconds of work.
#define TILE_ELEMENTS 6144

typedef struct {
  const void *input, *residual;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int rows, columns, rows_per_tile;
  bool softmax;
  tlk_norm_kind kind;
  const float *gamma, *beta;
  float epsilon;
  _Atomic(int) status;
} rows_job;

static void run_rows(void *context, tlk_int index) {
  rows_job *job = context;
  tlk_int first = index * job->rows_per_tile, rows = tlk_min(job->rows_per_tile, job->rows - first), columns = job->columns;
  tlk_int pitch = job->softmax ? tlk_ceil_div(columns, 16) * 16 : columns, count = rows * pitch;
  float *values = tlk_scratch((size_t)count * 4 * (job->residual ? 2 : 1));
  if (!values) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  tlk_load_rows(job->input, job->input_dtype, first * columns, columns, rows, columns, values, pitch);
  if (job->residual) {
    tlk_load_rows(job->residual, job->input_dtype, first * job->columns, count, 1, count, values + count, count);
    for (tlk_int i = 0; i < count; i++) values[i] += values[count + i];
  }
  if (job->softmax) tlk_kernels()->softmax_rows(values, rows, columns, pitch);
  else tlk_kernels()->normalize_rows(job->kind, values, rows, columns, job->gamma, job->beta, job->epsilon);
  tlk_store_rows(values, pitch, job->output, job->output_dtype, first * columns, columns, rows, columns);
}

static tlk_status run_all(rows_job *job) {
  if (!tlk_is_float(job->input_dtype) || !tlk_is_float(job->output_dtype)) return TLK_E_UNSUPPORTED;
  tlk_int total = tlk_product(job->rows, job->columns);
  if (total < 0 || tlk_product(job->columns, 8) < 0) return TLK_E_ARGUMENT;
  if (total == 0) return TLK_OK;
  job->rows_per_tile = tlk_max(1, TILE_ELEMENTS / job->columns);
  tlk_parallel(tlk_ceil_div(job->rows, job->rows_per_tile), run_rows, job);
  return (tlk_status)atomic_load(&job->status);
}

tlk_status tlk_layer_norm(const void *input, tlk_dtype input_dtype, const void *residual, void *output, tlk_dtype output_dtype,
                          tlk_int rows, tlk_int columns, const float *gamma, const float *beta, float epsilon) {
  rows_job job = {.input = input, .residual = residual, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype,
                  .rows = rows, .columns = columns, .kind = TLK_NORM_LAYER, .gamma = gamma, .beta = beta, .epsilon = epsilon};
  return run_all(&job);
}

tlk_status tlk_rms_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows, tlk_int columns,
                        const float *gamma, float epsilon) {
  rows_job job = {.input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype, .rows = rows,
                  .columns = columns, .kind = TLK_NORM_RMS, .gamma = gamma, .epsilon = epsilon};
  return run_all(&job);
}

tlk_status tlk_l2_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows, tlk_int columns,
                       float epsilon) {
  rows_job job = {.input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype, .rows = rows,
                  .columns = columns, .kind = TLK_NORM_L2, .epsilon = epsilon};
  return run_all(&job);
}

typedef struct {
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int axis, inner, block, blocks;
  _Atomic(int) status;
} columns_job;

static void run_columns(void *context, tlk_int index) {
  columns_job *job = context;
  tlk_int column = index % job->blocks * job->block, width = tlk_min(job->block, job->inner - column);
  tlk_int first = index / job->blocks * job->axis * job->inner + column, padded = tlk_ceil_div(width, 16) * 16;
  float *values = tlk_scratch((size_t)(job->axis * padded) * 4);
  if (!values) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  // Columns behind the last are worked on and thrown away.
  for (tlk_int r = 0; padded > width && r < job->axis; r++)
    for (tlk_int c = width; c < padded; c++) values[r * padded + c] = 0;
  tlk_load_rows(job->input, job->input_dtype, first, job->inner, job->axis, width, values, padded);
  tlk_kernels()->softmax_columns(values, job->axis, padded);
  tlk_store_rows(values, padded, job->output, job->output_dtype, first, job->inner, job->axis, width);
}

tlk_status tlk_softmax(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int outer, tlk_int axis,
                       tlk_int inner) {
  tlk_int total = tlk_product3(outer, axis, inner);
  if (total < 0) return TLK_E_ARGUMENT;
  if (inner == 1) {
    rows_job job = {.input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype, .rows = outer,
                    .columns = axis, .softmax = true};
    return run_all(&job);
  }
  if (!tlk_is_float(input_dtype) || !tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  if (total == 0) return TLK_OK;
  if (tlk_product(axis, 1024) < 0) return TLK_E_ARGUMENT;
  columns_job job = {.input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype, .axis = axis, .inner = inner};
  tlk_int block = tlk_max(16, tlk_min(256, 2 * TILE_ELEMENTS / axis / 16 * 16));
  job.block = tlk_min(block, inner);
  job.blocks = tlk_ceil_div(inner, job.block);
  tlk_parallel(outer * job.blocks, run_columns, &job);
  return (tlk_status)atomic_load(&job.status);
}
