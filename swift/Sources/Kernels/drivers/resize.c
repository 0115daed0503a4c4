#include "kernels/resize.h"

#include <stdatomic.h>

#include "checked.h"
#include "operand.h"
#include "tiling.h"

typedef struct {
  const tlk_resize *resize;
  _Atomic(int) status;
} resize_job;

// An input row as f32 in scratch, or where it lies; the row that came last is kept for the next output row.
static const float *input_row(const tlk_resize *r, tlk_int batch, tlk_int row, float *copy, tlk_int pitch) {
  tlk_int first = (batch * r->input_height + row) * r->input_width * r->input_pitch;
  tlk_load_rows(r->input, r->input_dtype, first, r->input_pitch, r->input_width, r->channels, copy, pitch);
  return copy;
}

// One output row: rows are blended first, over the whole width of the input, then columns.
static void bilinear_row(void *context, tlk_int index) {
  resize_job *job = context;
  const tlk_resize *r = job->resize;
  const tlk_kernel_table *kernels = tlk_kernels();
  tlk_int batch = index / r->output_height, y = index % r->output_height, pitch = tlk_ceil_div(r->channels, 16) * 16;
  tlk_int input_bytes = tlk_carved(r->input_width * pitch * 4);
  tlk_arena arena = {tlk_scratch((size_t)(3 * input_bytes + pitch * 4))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  float *low = tlk_carve(&arena, input_bytes), *high = tlk_carve(&arena, input_bytes), *blended = tlk_carve(&arena, input_bytes);
  float *pixel = tlk_carve(&arena, pitch * 4);
  const float *rows = input_row(r, batch, r->rows.low[y], low, pitch);
  if (r->rows.weight && r->rows.weight[y] != 0) {
    input_row(r, batch, r->rows.high[y], high, pitch);
    kernels->blend_rows(low, high, r->rows.weight[y], blended, r->input_width * pitch);
    rows = blended;
  }
  for (tlk_int x = 0; x < r->output_width; x++) {
    const float *from = rows + r->columns.low[x] * pitch;
    if (r->columns.weight && r->columns.weight[x] != 0) {
      kernels->blend_rows(from, rows + r->columns.high[x] * pitch, r->columns.weight[x], pixel, pitch);
      from = pixel;
    }
    tlk_store_rows(from, r->channels, r->output, r->output_dtype, (index * r->output_width + x) * r->output_pitch, r->channels, 1, r->channels);
  }
}

static void nearest_row(void *context, tlk_int index) {
  resize_job *job = context;
  const tlk_resize *r = job->resize;
  tlk_int batch = index / r->output_height, y = index % r->output_height, size = tlk_dtype_size(r->input_dtype);
  const char *row = (const char *)r->input + (batch * r->input_height + r->rows.low[y]) * r->input_width * r->input_pitch * size;
  char *out = (char *)r->output + index * r->output_width * r->output_pitch * size;
  for (tlk_int x = 0; x < r->output_width; x++, out += r->output_pitch * size)
    memcpy(out, row + r->columns.low[x] * r->input_pitch * size, (size_t)(r->channels * size));
}

static bool indices_inside(const int32_t *indices, tlk_int count, tlk_int size) {
  for (tlk_int i = 0; i < count; i++)
    if (indices[i] < 0 || indices[i] >= size) return false;
  return true;
}

static bool axis_valid(const tlk_resize_axis *axis, tlk_int outputs, tlk_int inputs) {
  if (!axis->low || !indices_inside(axis->low, outputs, inputs)) return false;
  return !axis->weight || (axis->high && indices_inside(axis->high, outputs, inputs));
}

tlk_status tlk_resize_run(const tlk_resize *r) {
  if (tlk_product3(r->batch, r->input_height, r->input_width) < 0 || tlk_product3(r->batch, r->output_height, r->output_width) < 0 ||
      tlk_product3(r->input_width, r->channels, 16) < 0)
    return TLK_E_ARGUMENT;
  if (r->batch == 0 || r->channels == 0 || r->output_height == 0 || r->output_width == 0) return TLK_OK;
  if (!axis_valid(&r->rows, r->output_height, r->input_height) || !axis_valid(&r->columns, r->output_width, r->input_width))
    return TLK_E_ARGUMENT;
  resize_job job = {.resize = r};
  bool nearest = !r->rows.weight && !r->columns.weight && r->input_dtype == r->output_dtype;
  if (nearest && tlk_dtype_size(r->input_dtype) == 0) return TLK_E_UNSUPPORTED;
  if (!nearest && (!tlk_is_float(r->input_dtype) || !tlk_is_float(r->output_dtype))) return TLK_E_UNSUPPORTED;
  tlk_parallel(r->batch * r->output_height, nearest ? nearest_row : bilinear_row, &job);
  return (tlk_status)atomic_load(&job.status);
}
