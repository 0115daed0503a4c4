#include "kernels/sampling.h"

#include <stdatomic.h>

#include "checked.h"
#include "operand.h"
#include "tiling.h"

// Points whose taps are gathered, widened and summed together where channels are planes.
#define BLOCK 64

typedef struct {
  const tlk_sampling *sampling;
  tlk_int points_per_tile, tiles;
  _Atomic(int) status;
} sampling_job;

// Channels side by side: a tap is a row of channels.
static void rows_tile(void *context, tlk_int index) {
  sampling_job *job = context;
  const tlk_sampling *s = job->sampling;
  tlk_int image = index / job->tiles, first = index % job->tiles * job->points_per_tile;
  tlk_int end = tlk_min(first + job->points_per_tile, s->points), bytes = tlk_carved(s->channels * 4);
  tlk_arena arena = {tlk_scratch((size_t)(2 * bytes))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  float *sum = tlk_carve(&arena, bytes), *row = tlk_carve(&arena, bytes);
  for (tlk_int p = first; p < end; p++) {
    const tlk_int *taps = s->taps + (image * s->points + p) * 4;
    const float *weights = s->weights + (image * s->points + p) * 4;
    float filled = 0;
    for (int t = 0; t < 4; t++)
      if (taps[t] < 0 && weights[t] != 0) filled += weights[t] * s->fill;
    for (tlk_int c = 0; c < s->channels; c++) sum[c] = filled;
    for (int t = 0; t < 4; t++) {
      if (taps[t] < 0 || weights[t] == 0) continue;
      tlk_load_rows(s->input, s->dtype, taps[t], s->channels, 1, s->channels, row, s->channels);
      for (tlk_int c = 0; c < s->channels; c++) sum[c] += weights[t] * row[c];
    }
    tlk_store_rows(sum, s->channels, s->output, s->dtype, image * s->output_image_stride + p * s->output_point_stride, s->channels, 1, s->channels);
  }
}

static void gather(const tlk_sampling *s, const tlk_int *taps, tlk_int channel, tlk_int count, float *values) {
  if (s->dtype == TLK_F32) {
    const float *in = (const float *)s->input + channel;
    for (tlk_int i = 0; i < count; i++) values[i] = taps[i] < 0 ? s->fill : in[taps[i]];
    return;
  }
  const uint16_t *in = (const uint16_t *)s->input + channel;
  uint16_t halves[4 * BLOCK];
  for (tlk_int i = 0; i < count; i++) halves[i] = taps[i] < 0 ? 0 : in[taps[i]];
  tlk_kernels()->halves_to_floats(halves, values, count);
  for (tlk_int i = 0; i < count; i++)
    if (taps[i] < 0) values[i] = s->fill;
}

// Channels as planes: one channel of some points.
static void plane_tile(void *context, tlk_int index) {
  sampling_job *job = context;
  const tlk_sampling *s = job->sampling;
  tlk_int plane = index / job->tiles, image = plane / s->channels, channel = plane % s->channels;
  tlk_int first = index % job->tiles * job->points_per_tile, end = tlk_min(first + job->points_per_tile, s->points);
  float values[4 * BLOCK], sums[BLOCK];
  uint16_t halves[BLOCK];
  for (tlk_int p = first; p < end; p += BLOCK) {
    tlk_int count = tlk_min(BLOCK, end - p), at = (image * s->points + p) * 4;
    const float *weights = s->weights + at;
    gather(s, s->taps + at, channel * s->input_channel_stride, 4 * count, values);
    for (tlk_int i = 0; i < count; i++) {
      sums[i] = 0;
      for (int t = 0; t < 4; t++)
        if (weights[4 * i + t] != 0) sums[i] += weights[4 * i + t] * values[4 * i + t];
    }
    tlk_int out = image * s->output_image_stride + channel * s->output_channel_stride + p * s->output_point_stride;
    if (s->dtype == TLK_F16) tlk_kernels()->floats_to_halves(sums, halves, count);
    for (tlk_int i = 0; i < count; i++, out += s->output_point_stride) {
      if (s->dtype == TLK_F16) ((uint16_t *)s->output)[out] = halves[i];
      else ((float *)s->output)[out] = sums[i];
    }
  }
}

tlk_status tlk_sampling_run(const tlk_sampling *s) {
  if (!tlk_is_float(s->dtype)) return TLK_E_UNSUPPORTED;
  tlk_int total = tlk_product3(s->images, s->points, s->channels);
  if (total < 0 || tlk_product(s->channels, 16) < 0 || tlk_product3(s->images, s->points, 4) < 0) return TLK_E_ARGUMENT;
  if (total == 0) return TLK_OK;
  sampling_job job = {.sampling = s};
  if (s->input_channel_stride == 1 && s->output_channel_stride == 1) {
    job.points_per_tile = tlk_max(1, 16384 / s->channels);
    job.tiles = tlk_ceil_div(s->points, job.points_per_tile);
    tlk_parallel(s->images * job.tiles, rows_tile, &job);
  } else {
    job.points_per_tile = 16384;
    job.tiles = tlk_ceil_div(s->points, job.points_per_tile);
    tlk_parallel(s->images * s->channels * job.tiles, plane_tile, &job);
  }
  return (tlk_status)atomic_load(&job.status);
}
