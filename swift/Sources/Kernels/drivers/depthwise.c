#include "depthwise.h"

#include <stdatomic.h>

#include "checked.h"
#include "conv_geometry.h"
#include "operand.h"
#include "tiling.h"
#include "window.h"

// A tile is a rectangle of output pixels times a block of channels. The input lines that an output line needs are kept as f32 in a ring, so
// that each is converted once per tile; the ring fits in a first-level cache.
#define RING_BYTES (24 * 1024)
// Multiply-adds per tile: some 10 µs.
#define TILE_WORK (512 * 1024)

typedef struct {
  const tlk_conv *conv;
  tlk_conv_axis axis[3];
  tlk_int taps;
  tlk_int channel_block, channel_blocks, width, width_blocks, lines, line_blocks;
  _Atomic(int) status;
} line_job;

typedef struct {
  tlk_int batch, channel, channels, pitch, column, width, line, end;
} line_place;

static line_place place_of(const line_job *job, tlk_int index) {
  line_place p;
  p.channel = index % job->channel_blocks * job->channel_block;
  p.channels = tlk_min(job->channel_block, job->conv->shape.input_channels - p.channel);
  p.pitch = tlk_ceil_div(p.channels, 16) * 16;
  index /= job->channel_blocks;
  p.column = index % job->width_blocks * job->width;
  p.width = tlk_min(job->width, job->axis[2].count - p.column);
  index /= job->width_blocks;
  p.line = index % job->line_blocks * job->lines;
  p.end = tlk_min(p.line + job->lines, job->axis[1].count);
  p.batch = index / job->line_blocks;
  return p;
}

// Input line y, as far as the tile's windows reach, with zeros where they leave the input.
static void load_line(const line_job *job, const line_place *p, tlk_int y, float *line) {
  const tlk_conv *conv = job->conv;
  const tlk_conv_axis *W = &job->axis[2];
  tlk_int start = p->column * W->step + W->first, length = (p->width - 1) * W->step + W->taps;
  tlk_int low = start < 0 ? tlk_min(-start, length) : 0, high = tlk_max(low, tlk_min(length, W->input - start));
  memset(line, 0, (size_t)(low * p->pitch) * 4);
  memset(line + high * p->pitch, 0, (size_t)((length - high) * p->pitch) * 4);
  tlk_int pixel = (p->batch * job->axis[1].input + y) * W->input + start + low;
  const void *from = tlk_at(conv->input, conv->input_dtype, pixel * conv->input_pitch + p->channel);
  tlk_kernels()->load_pixels(from, conv->input_dtype == TLK_F16, conv->input_pitch, high - low, p->channels, line + low * p->pitch, p->pitch);
}

static void run_tile(void *context, tlk_int index) {
  line_job *job = context;
  const tlk_conv *conv = job->conv;
  const tlk_conv_axis *H = &job->axis[1], *W = &job->axis[2];
  const line_place p = place_of(job, index);
  tlk_int ring = (H->taps - 1) * H->tap_step + 1, line_size = ((p.width - 1) * W->step + W->taps) * p.pitch;
  tlk_int weight_bytes = tlk_carved(job->taps * p.pitch * 4), sum_bytes = tlk_carved(8 * p.pitch * 4);
  tlk_arena arena = {tlk_scratch((size_t)(weight_bytes + sum_bytes + 2 * tlk_carved(H->taps * 8) + tlk_carved(ring * line_size * 4)))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  float *weights = tlk_carve(&arena, weight_bytes), *sums = tlk_carve(&arena, sum_bytes);
  const float **rows = tlk_carve(&arena, H->taps * 8), **row_weights = tlk_carve(&arena, H->taps * 8);
  float *lines = (float *)arena.next;
  tlk_load_rows(conv->packed, conv->weight_dtype, p.channel, conv->shape.input_channels, job->taps, p.channels, weights, p.pitch);
  tlk_int next = 0;  // first input line that is not in the ring yet
  for (tlk_int y = p.line; y < p.end; y++) {
    tlk_int count = 0, top = y * H->step + H->first;
    for (next = tlk_max(next, tlk_max(top, 0)); next < tlk_min(top + ring, H->input); next++)
      load_line(job, &p, next, lines + next % ring * line_size);
    for (tlk_int h = 0; h < H->taps; h++) {
      tlk_int line = top + h * H->tap_step;
      if (line < 0 || line >= H->input) continue;
      rows[count] = lines + line % ring * line_size;
      row_weights[count++] = weights + h * W->taps * p.pitch;
    }
    tlk_depthwise_line piece = {
        .rows = rows, .weights = row_weights, .row_count = count, .pitch = p.pitch, .stride = W->step, .kernel_width = W->taps,
        .channel = p.channel, .channels = p.channels, .pixel = (p.batch * H->count + y) * W->count + p.column, .width = p.width,
        .out = conv->output, .out_dtype = conv->output_dtype, .out_pitch = conv->output_pitch, .sums = sums, .sum_pitch = p.pitch,
        .epilogue = &conv->epilogue};
    tlk_kernels()->depthwise_line(&piece);
  }
}

static tlk_int ring_bytes(const line_job *job, tlk_int width, tlk_int channels) {
  tlk_int lines = (job->axis[1].taps - 1) * job->axis[1].tap_step + 1;
  return lines * ((width - 1) * job->axis[2].step + job->axis[2].taps) * channels * 4;
}

static void choose_tile(line_job *job) {
  tlk_int channels = job->conv->shape.input_channels, height = job->axis[1].count, width = job->axis[2].count;
  tlk_int block = 32, blocks = 1;
  while (block * 2 <= channels && ring_bytes(job, width, block * 2) <= RING_BYTES) block *= 2;
  while (tlk_ceil_div(width, blocks) > 24 && ring_bytes(job, tlk_ceil_div(width, blocks), block) > RING_BYTES) blocks++;
  job->channel_block = tlk_min(block, channels);
  job->channel_blocks = tlk_ceil_div(channels, block);
  job->width = blocks > 1 ? tlk_ceil_div(tlk_ceil_div(width, blocks), 8) * 8 : width;
  job->width_blocks = tlk_ceil_div(width, job->width);
  tlk_int line_work = job->width * job->channel_block * job->taps;
  job->lines = tlk_min(tlk_max(TILE_WORK / line_work, 1), height);
  job->line_blocks = tlk_ceil_div(height, job->lines);
}

// Two axes, as far as the line kernel's widths and strides go.
static bool has_line_kernel(const tlk_conv_shape *s) {
  tlk_int width = s->kernel[2];
  return s->kernel[0] == 1 && s->input[0] == 1 && s->output[0] == 1 && s->padding[0] == 0 && s->stride[2] <= 2 && s->dilation[2] == 1 &&
         (width == 3 || width == 5 || width == 7) && s->kernel[1] <= 16 && s->dilation[1] <= 16;
}

static tlk_status run_lines(const tlk_conv *conv) {
  line_job job = {.conv = conv};
  for (int axis = 0; axis < 3; axis++) {
    job.axis[axis] = tlk_conv_axis_of(&conv->shape, axis, 0);
    if (job.axis[axis].count <= 0) return TLK_OK;
  }
  job.taps = job.axis[1].taps * job.axis[2].taps;
  choose_tile(&job);
  tlk_parallel(conv->shape.batch * job.line_blocks * job.width_blocks * job.channel_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}

tlk_status tlk_depthwise_run(const tlk_conv *conv) {
  if (has_line_kernel(&conv->shape)) return run_lines(conv);
  tlk_window window = {.shape = conv->shape, .kind = TLK_WINDOW_WEIGHTED, .input = conv->input, .output = conv->output,
                       .input_pitch = conv->input_pitch, .output_pitch = conv->output_pitch, .input_dtype = conv->input_dtype,
                       .output_dtype = conv->output_dtype, .weights = conv->packed, .weight_dtype = conv->weight_dtype,
                       .epilogue = &conv->epilogue};
  return tlk_window_run(&window);
}
