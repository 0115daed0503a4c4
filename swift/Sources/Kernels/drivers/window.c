#include "window.h"

#include <math.h>
#include <stdatomic.h>

#include "../core/table.h"
#include "checked.h"
#include "slab.h"
#include "tiling.h"

// The slab of a tile should stay in a first- or near second-level cache with room for the output.
#define SLAB_BYTES (96 * 1024)
#define LARGEST_TILE 512
#define VECTOR 16  // whole vectors on every instruction set

typedef struct {
  const tlk_window *window;
  tlk_conv_axis axis[3];
  tlk_rectangles rectangles;
  tlk_int channel_block, channel_blocks, taps;
  _Atomic(int) status;
} window_job;

static tlk_int rounded(tlk_int channels) { return tlk_ceil_div(channels, VECTOR) * VECTOR; }

static void load_weights(const tlk_window *w, tlk_int taps, tlk_int channel, tlk_int channels, tlk_int pitch, float *out) {
  tlk_int total = w->shape.input_channels;
  for (tlk_int j = 0; j < taps; j++, out += pitch) {
    tlk_int from = j * total + channel;
    if (w->weight_dtype == TLK_F16) tlk_kernels()->halves_to_floats((const uint16_t *)w->weights + from, out, channels);
    else
      for (tlk_int c = 0; c < channels; c++) out[c] = ((const float *)w->weights)[from + c];
    for (tlk_int c = channels; c < pitch; c++) out[c] = 0;
  }
}

static void run_tile(void *context, tlk_int index) {
  window_job *job = context;
  const tlk_window *w = job->window;
  const tlk_rectangles *r = &job->rectangles;
  const tlk_conv_axis *axis = job->axis;
  tlk_int channel = index % job->channel_blocks * job->channel_block;
  tlk_int channels = tlk_min(job->channel_block, w->shape.input_channels - channel), pitch = rounded(channels);
  index /= job->channel_blocks;
  tlk_int column = index % r->width_blocks * r->width, width = tlk_min(r->width, axis[2].count - column);
  index /= r->width_blocks;
  tlk_int line = index % r->line_blocks * r->lines, lines = tlk_min(r->lines, axis[1].count - line);
  index /= r->line_blocks;
  tlk_int depth = index % axis[0].count, batch = index / axis[0].count;

  tlk_int slab_bytes = tlk_slab_bytes(axis, lines, width, pitch);
  tlk_int weight_bytes = w->weights ? job->taps * pitch * 4 : 0, factor_bytes = w->factor ? lines * width * 4 : 0;
  tlk_arena arena = {tlk_scratch((size_t)(tlk_carved(slab_bytes) + tlk_carved(weight_bytes) + tlk_carved(factor_bytes) +
                                          tlk_carved(job->taps * 8) + 8 * pitch * 4))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  float *values = tlk_carve(&arena, slab_bytes), *weights = tlk_carve(&arena, weight_bytes);
  float *factors = tlk_carve(&arena, factor_bytes);
  tlk_int *offsets = tlk_carve(&arena, job->taps * 8);
  tlk_slab slab = {.input = w->input, .dtype = w->input_dtype, .input_pitch = w->input_pitch, .channel = channel,
                   .channels = channels, .pitch = pitch, .axis = axis, .outside = w->kind == TLK_WINDOW_MAX ? -INFINITY : 0};
  tlk_slab_fill(&slab, batch, depth, line, lines, column, width, values);
  if (w->weights) load_weights(w, job->taps, channel, channels, pitch, weights);
  for (tlk_int y = 0; w->factor && y < lines; y++)
    for (tlk_int x = 0; x < width; x++) factors[y * width + x] = w->factor(w->factor_context, depth, line + y, column + x);
  tlk_int height = tlk_slab_span(&axis[1], lines), length = tlk_slab_span(&axis[2], width) * pitch, *offset = offsets;
  for (tlk_int d = 0; d < axis[0].taps; d++)
    for (tlk_int h = 0; h < axis[1].taps; h++)
      for (tlk_int x = 0; x < axis[2].taps; x++)
        *offset++ = (d * height + tlk_slab_index(&axis[1], 0, h)) * length + tlk_slab_index(&axis[2], 0, x) * pitch;
  tlk_window_tile tile = {
      .kind = w->kind, .slab = values, .offsets = offsets, .window = job->taps, .lines = lines, .width = width,
      .line_step = tlk_slab_index(&axis[1], 1, 0) * length, .pixel_step = tlk_slab_index(&axis[2], 1, 0) * pitch,
      .weights = weights, .weight_pitch = pitch, .factors = w->factor ? factors : NULL, .square_root = w->square_root,
      .channel = channel, .channels = channels,
      .first_pixel = ((batch * axis[0].count + depth) * axis[1].count + line) * axis[2].count + column,
      .line_pixels = axis[2].count, .out = w->output, .out_dtype = w->output_dtype, .out_pitch = w->output_pitch,
      .sums = (float *)arena.next, .epilogue = w->epilogue};
  tlk_kernels()->window_tile(&tile);
}

// Channels first: a block of channels narrow enough that a few whole lines fit.
static void choose_tile(window_job *job) {
  tlk_int channels = job->window->shape.input_channels;
  tlk_int block = channels, lines = tlk_min(4, job->axis[1].count);
  while (block > 64 && tlk_slab_bytes(job->axis, lines, job->axis[2].count, block) > SLAB_BYTES) block = tlk_ceil_div(block, 2);
  job->channel_block = tlk_min(rounded(block), channels);
  job->channel_blocks = tlk_ceil_div(channels, job->channel_block);
  job->rectangles = tlk_rectangles_of(job->axis, rounded(job->channel_block), LARGEST_TILE, 8);
  // A few tiles per thread, while a tile keeps enough lines to share its window's overlap.
  tlk_int others = job->channel_blocks * job->window->shape.batch * job->axis[0].count * job->rectangles.width_blocks;
  tlk_int wanted = tlk_thread_count() * 4;
  double work = (double)others * (double)job->axis[1].count * (double)job->axis[2].count * (double)job->channel_block * (double)job->taps;
  if (work < 64 * 1024) wanted = 1;
  while (others * job->rectangles.line_blocks < wanted && job->rectangles.lines > 4) {
    job->rectangles.lines = tlk_ceil_div(job->rectangles.lines, 2);
    job->rectangles.line_blocks = tlk_ceil_div(job->axis[1].count, job->rectangles.lines);
  }
  while (job->channel_blocks * job->window->shape.batch * job->axis[0].count * job->rectangles.width_blocks *
             job->rectangles.line_blocks < wanted && job->channel_block > 64) {
    job->channel_block = rounded(tlk_ceil_div(job->channel_block, 2));
    job->channel_blocks = tlk_ceil_div(channels, job->channel_block);
  }
}

tlk_status tlk_window_run(const tlk_window *w) {
  window_job job = {.window = w};
  for (int axis = 0; axis < 3; axis++) {
    job.axis[axis] = tlk_conv_axis_of(&w->shape, axis, 0);
    if (job.axis[axis].count <= 0) return TLK_OK;
  }
  if (w->shape.batch == 0 || w->shape.input_channels == 0) return TLK_OK;
  job.taps = tlk_product3(job.axis[0].taps, job.axis[1].taps, job.axis[2].taps);
  if (job.taps < 0) return TLK_E_ARGUMENT;
  choose_tile(&job);
  if (tlk_slab_bytes(job.axis, job.rectangles.lines, job.rectangles.width, rounded(job.channel_block)) < 0) return TLK_E_ARGUMENT;
  tlk_int rectangles = job.rectangles.line_blocks * job.rectangles.width_blocks;
  tlk_parallel(w->shape.batch * job.axis[0].count * rectangles * job.channel_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}
