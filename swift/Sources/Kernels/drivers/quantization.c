#include <math.h>

#include "block_grid.h"
#include "checked.h"

// Numbers that are in f32 at a time: the stack holds them, and the conversions' vector loops have something to do.
#define CHUNK 512

typedef struct {
  const tlk_block_grid *grid;
  const char *data;
  char *output;
  tlk_dtype data_dtype, output_dtype;
  tlk_int data_size, output_size;
  const float *scale, *offset;
} job;

// values[i] of row elements first ..< first + count: what `apply` does with the scale and offset of each run of one block.
typedef void (*run_body)(float *values, tlk_int count, float scale, float offset);
typedef void (*row_body)(float *values, const float *scale, const float *offset, tlk_int count);

static void dequantize_run(float *values, tlk_int count, float scale, float offset) {
  for (tlk_int i = 0; i < count; i++) values[i] = scale * (values[i] - offset);
}

static void dequantize_each(float *values, const float *scale, const float *offset, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) values[i] = scale[i] * (values[i] - (offset ? offset[i] : 0));
}

static void quantize_run(float *values, tlk_int count, float scale, float offset) {
  for (tlk_int i = 0; i < count; i++) values[i] = rintf(values[i] / scale) + offset;
}

static void quantize_each(float *values, const float *scale, const float *offset, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) values[i] = rintf(values[i] / scale[i]) + (offset ? offset[i] : 0);
}

static inline void run_row(const job *work, tlk_int row, run_body run, row_body each) {
  const tlk_block_grid *grid = work->grid;
  tlk_int width = tlk_grid_width(grid), block = tlk_grid_block(grid, row), length = width / grid->groups[grid->rank - 1];
  float values[CHUNK];
  for (tlk_int first = 0; first < width; first += CHUNK) {
    tlk_int count = width - first < CHUNK ? width - first : CHUNK;
    tlk_convert(work->data + (row * width + first) * work->data_size, work->data_dtype, values, TLK_F32, count);
    if (length == 1) {
      each(values, work->scale + block + first, work->offset ? work->offset + block + first : NULL, count);
    } else {
      for (tlk_int at = 0; at < count;) {
        tlk_int group = (first + at) / length, end = (group + 1) * length - first;
        if (end > count) end = count;
        run(values + at, end - at, work->scale[block + group], work->offset ? work->offset[block + group] : 0);
        at = end;
      }
    }
    tlk_convert(values, TLK_F32, work->output + (row * width + first) * work->output_size, work->output_dtype, count);
  }
}

static void dequantize_row(void *context, tlk_int row) { run_row(context, row, dequantize_run, dequantize_each); }
static void quantize_row(void *context, tlk_int row) { run_row(context, row, quantize_run, quantize_each); }

static tlk_status run(const tlk_block_grid *grid, const void *data, tlk_dtype data_dtype, const float *scale, const float *offset,
                      void *output, tlk_dtype output_dtype, tlk_body body) {
  if (!tlk_grid_valid(grid)) return TLK_E_ARGUMENT;
  job work = {grid, data, output, data_dtype, output_dtype, tlk_dtype_size(data_dtype), tlk_dtype_size(output_dtype), scale, offset};
  if (work.data_size == 0 || work.output_size == 0) return TLK_E_UNSUPPORTED;
  tlk_for_each_row(grid, body, &work);
  return TLK_OK;
}

tlk_status tlk_dequantize(const tlk_block_grid *grid, const void *data, tlk_dtype data_dtype, const float *scale, const float *offset,
                          void *output, tlk_dtype output_dtype) {
  if (!tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  return run(grid, data, data_dtype, scale, offset, output, output_dtype, dequantize_row);
}

tlk_status tlk_quantize(const tlk_block_grid *grid, const void *data, tlk_dtype data_dtype, const float *scale, const float *offset,
                        void *output, tlk_dtype output_dtype) {
  // The conversion to integers saturates, which is the clip.
  if (!tlk_is_float(data_dtype) || (output_dtype != TLK_I8 && output_dtype != TLK_U8)) return TLK_E_UNSUPPORTED;
  return run(grid, data, data_dtype, scale, offset, output, output_dtype, quantize_row);
}
