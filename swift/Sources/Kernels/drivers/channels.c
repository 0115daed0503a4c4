// Normalisations whose statistics or parameters belong to channels.
#include <math.h>
#include <stdatomic.h>

#include "checked.h"
#include "kernels/normalization.h"
#include "operand.h"
#include "tiling.h"

#define CHANNEL_BLOCK 64
#define CHUNK_ROWS 64
#define TILE_ELEMENTS 8192

typedef struct {
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int rows, columns, input_pitch, output_pitch, rows_per_tile;
  tlk_epilogue epilogue;
  _Atomic(int) status;
} scale_job;

static void scale_tile(void *context, tlk_int index) {
  scale_job *job = context;
  tlk_int first = index * job->rows_per_tile, rows = tlk_min(job->rows_per_tile, job->rows - first);
  tlk_int pitch = tlk_ceil_div(job->columns, 16) * 16;
  float *values = tlk_scratch((size_t)(rows * pitch) * 4);
  if (!values) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  tlk_load_rows(job->input, job->input_dtype, first * job->input_pitch, job->input_pitch, rows, job->columns, values, pitch);
  tlk_kernels()->store_rows(values, pitch, &job->epilogue, first, rows, 0, job->columns, job->output, job->output_dtype, job->output_pitch);
}

tlk_status tlk_scale_shift(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int rows,
                           tlk_int columns, tlk_int input_pitch, tlk_int output_pitch, const float *scale, const float *shift,
                           const tlk_activation *activation) {
  if (!tlk_is_float(input_dtype) || !tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_product3(rows, columns, 8) < 0) return TLK_E_ARGUMENT;
  if (rows == 0 || columns == 0) return TLK_OK;
  scale_job job = {.input = input, .output = output, .input_dtype = input_dtype, .output_dtype = output_dtype, .rows = rows,
                   .columns = columns, .input_pitch = input_pitch, .output_pitch = output_pitch,
                   .rows_per_tile = tlk_max(1, TILE_ELEMENTS / columns), .epilogue = {.scale = scale, .bias = shift}};
  if (activation) job.epilogue.activation = *activation;
  tlk_parallel(tlk_ceil_div(rows, job.rows_per_tile), scale_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}

typedef struct {
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int pixels, channels, blocks;
  const float *gamma, *beta;
  float epsilon;
} instance_job;

// Sum over the pixels of x (or of (x - mean)^2) for a block of channels.
static void channel_sums(const instance_job *job, tlk_int first, tlk_int width, const float *mean, float *sums) {
  float chunk[CHUNK_ROWS * CHANNEL_BLOCK];
  for (tlk_int c = 0; c < CHANNEL_BLOCK; c++) sums[c] = 0;
  for (tlk_int row = 0; row < job->pixels; row += CHUNK_ROWS) {
    tlk_int rows = tlk_min(CHUNK_ROWS, job->pixels - row);
    tlk_load_rows(job->input, job->input_dtype, first + row * job->channels, job->channels, rows, width, chunk, CHANNEL_BLOCK);
    for (tlk_int r = 0; mean && r < rows; r++)
      for (tlk_int c = 0; c < width; c++) chunk[r * CHANNEL_BLOCK + c] -= mean[c];
    tlk_kernels()->reduce_columns(mean ? TLK_REDUCE_SUM_SQUARE : TLK_REDUCE_SUM, chunk, rows, CHANNEL_BLOCK, NULL, sums);
  }
}

static void instance_tile(void *context, tlk_int index) {
  const instance_job *job = context;
  tlk_int channel = index % job->blocks * CHANNEL_BLOCK, width = tlk_min(CHANNEL_BLOCK, job->channels - channel);
  tlk_int first = index / job->blocks * job->pixels * job->channels + channel;
  float mean[CHANNEL_BLOCK], scale[CHANNEL_BLOCK], shift[CHANNEL_BLOCK], chunk[CHUNK_ROWS * CHANNEL_BLOCK];
  channel_sums(job, first, width, NULL, mean);
  for (tlk_int c = 0; c < width; c++) mean[c] /= (float)job->pixels;
  channel_sums(job, first, width, mean, scale);
  for (tlk_int c = 0; c < width; c++) {
    scale[c] = (job->gamma ? job->gamma[channel + c] : 1) / sqrtf(scale[c] / (float)job->pixels + job->epsilon);
    shift[c] = job->beta ? job->beta[channel + c] : 0;
  }
  for (tlk_int row = 0; row < job->pixels; row += CHUNK_ROWS) {
    tlk_int rows = tlk_min(CHUNK_ROWS, job->pixels - row), from = first + row * job->channels;
    tlk_load_rows(job->input, job->input_dtype, from, job->channels, rows, width, chunk, CHANNEL_BLOCK);
    for (tlk_int r = 0; r < rows; r++)
      for (tlk_int c = 0; c < width; c++) {
        float *x = &chunk[r * CHANNEL_BLOCK + c];
        *x = (*x - mean[c]) * scale[c] + shift[c];
      }
    tlk_store_rows(chunk, CHANNEL_BLOCK, job->output, job->output_dtype, from, job->channels, rows, width);
  }
}

tlk_status tlk_instance_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int batch,
                             tlk_int pixels, tlk_int channels, const float *gamma, const float *beta, float epsilon) {
  if (!tlk_is_float(input_dtype) || !tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  tlk_int total = tlk_product3(batch, pixels, channels);
  if (total < 0) return TLK_E_ARGUMENT;
  if (total == 0) return TLK_OK;
  instance_job job = {input, output, input_dtype, output_dtype, pixels, channels, tlk_ceil_div(channels, CHANNEL_BLOCK), gamma, beta, epsilon};
  tlk_parallel(batch * job.blocks, instance_tile, &job);
  return TLK_OK;
}

typedef struct {
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;
  tlk_int pixels, channels, size;
  float alpha, beta, k;
  _Atomic(int) status;
} response_job;

#define PIXELS_PER_TILE 32

static void response_tile(void *context, tlk_int index) {
  response_job *job = context;
  tlk_int first = index * PIXELS_PER_TILE, end = tlk_min(first + PIXELS_PER_TILE, job->pixels), channels = job->channels;
  float *values = tlk_scratch((size_t)channels * 8), *out = values + channels;
  if (!values) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  for (tlk_int pixel = first; pixel < end; pixel++) {
    tlk_load_rows(job->input, job->input_dtype, pixel * channels, channels, 1, channels, values, channels);
    for (tlk_int c = 0; c < channels; c++) {
      tlk_int low = tlk_max(0, c - job->size / 2), high = tlk_min(channels - 1, c + (job->size - 1) / 2);
      float sum = 0;
      for (tlk_int i = low; i <= high; i++) sum += values[i] * values[i];
      out[c] = values[c] / powf(job->k + job->alpha / (float)job->size * sum, job->beta);
    }
    tlk_store_rows(out, channels, job->output, job->output_dtype, pixel * channels, channels, 1, channels);
  }
}

tlk_status tlk_local_response_norm(const void *input, tlk_dtype input_dtype, void *output, tlk_dtype output_dtype, tlk_int pixels,
                                   tlk_int channels, tlk_int size, float alpha, float beta, float k) {
  if (!tlk_is_float(input_dtype) || !tlk_is_float(output_dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_product(pixels, channels) < 0 || tlk_product(channels, 8) < 0 || size < 1 || size > 1 << 30) return TLK_E_ARGUMENT;
  response_job job = {input, output, input_dtype, output_dtype, pixels, channels, size, alpha, beta, k, 0};
  if (channels > 0) tlk_parallel(tlk_ceil_div(pixels, PIXELS_PER_TILE), response_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}
