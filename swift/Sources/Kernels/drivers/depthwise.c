#include "depthwise.h"

#include <stdatomic.h>
#include <string.h>

#include "../core/table.h"
#include "slab.h"
#include "tiling.h"
#include "window.h"

typedef struct {
  const tlk_conv *conv;
  tlk_conv_axis axis[3];
  tlk_int lines, line_blocks, channel_block, channel_blocks;
  _Atomic(int) status;
} depthwise_job;

// Where each input pixel of the tile begins, [input lines][columns]; `zeros` for what lies outside.
static void pixel_table(const depthwise_job *job, tlk_int plane, tlk_int line, tlk_int rows, tlk_int columns, tlk_int channel,
                        const uint16_t *zeros, const uint16_t **table) {
  const tlk_conv *conv = job->conv;
  const tlk_conv_axis *H = &job->axis[1], *W = &job->axis[2];
  for (tlk_int r = 0; r < rows; r++) {
    const tlk_int h = H->taps <= 1 ? (line + r) * H->step + H->first : line * H->step + H->first + r;
    const bool outside = h < 0 || h >= H->input;
    const uint16_t *start = (const uint16_t *)conv->input + (outside ? 0 : (plane * H->input + h) * W->input * conv->input_pitch) + channel;
    for (tlk_int k = 0; k < columns; k++) {
      const tlk_int w = W->first + k;
      *table++ = outside || w < 0 || w >= W->input ? zeros : start + w * conv->input_pitch;
    }
  }
}

static void load_weights(const tlk_conv *conv, tlk_int taps, tlk_int channel, tlk_int channels, float *out) {
  const tlk_int total = conv->shape.input_channels;
  for (tlk_int j = 0; j < taps; j++, out += channels, channel += total) {
    if (conv->weight_dtype == TLK_F16) tlk_kernels()->halves_to_floats((const uint16_t *)conv->packed + channel, out, channels);
    else memcpy(out, (const float *)conv->packed + channel, (size_t)channels * 4);
  }
}

static void run_tile(void *context, tlk_int index) {
  depthwise_job *job = context;
  const tlk_conv *conv = job->conv;
  const tlk_conv_axis *H = &job->axis[1], *W = &job->axis[2];
  const tlk_int channel = index % job->channel_blocks * job->channel_block;
  const tlk_int channels = tlk_min(job->channel_block, conv->shape.input_channels - channel);
  index /= job->channel_blocks;
  const tlk_int line = index % job->line_blocks * job->lines, lines = tlk_min(job->lines, H->count - line);
  const tlk_int plane = index / job->line_blocks;
  const tlk_int taps = H->taps * W->taps, rows = tlk_slab_span(H, lines), columns = tlk_slab_span(W, W->count);
  tlk_arena arena = {tlk_scratch((size_t)(tlk_carved(rows * columns * 8) + tlk_carved(taps * channels * 4) + tlk_carved(channels * 2) +
                                          tlk_carved(8 * channels * 4)))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  const uint16_t **table = tlk_carve(&arena, rows * columns * 8);
  float *weights = tlk_carve(&arena, taps * channels * 4);
  uint16_t *zeros = tlk_carve(&arena, channels * 2);
  memset(zeros, 0, (size_t)channels * 2);
  pixel_table(job, plane, line, rows, columns, channel, zeros, table);
  load_weights(conv, taps, channel, channels, weights);
  tlk_depthwise_tile tile = {
      .pixels = table, .line_step = tlk_slab_index(H, 1, 0) * columns, .tap_step = tlk_slab_index(H, 0, 1) * columns,
      .kernel_lines = H->taps, .kernel_width = W->taps, .stride = W->step, .lines = lines, .width = W->count, .weights = weights,
      .channel = channel, .channels = channels, .first_pixel = (plane * H->count + line) * W->count, .line_pixels = W->count,
      .out = conv->output, .out_dtype = conv->output_dtype, .out_pitch = conv->output_pitch,
      .sums = tlk_carve(&arena, 8 * channels * 4), .epilogue = &conv->epilogue};
  tlk_kernels()->depthwise_tile(&tile);
}

#define LARGEST_WIDTH 4096
// Smaller planes are divided by channels, because each tile converts the weights of its channels.
#define SMALL_PLANE 100
#define SMALLEST_BLOCK 64

// Whether depth is one more axis of planes and the kernel has this width and stride.
static bool is_direct(const tlk_conv *conv) {
  const tlk_conv_shape *s = &conv->shape;
  const bool is_flat = s->kernel[0] == 1 && s->stride[0] == 1 && s->padding[0] == 0 && s->input[0] == s->output[0];
  const bool has_kernel = (s->kernel[2] == 3 || s->kernel[2] == 5) && s->stride[2] <= 2 && s->dilation[2] == 1 && s->kernel[1] <= 16 &&
                          s->dilation[1] <= 16 && s->stride[1] <= 16 && s->output[2] <= LARGEST_WIDTH;
  return is_flat && has_kernel && conv->input_dtype == TLK_F16 && s->input_channels % tlk_kernels()->lanes == 0;
}

static tlk_status run_direct(const tlk_conv *conv) {
  depthwise_job job = {.conv = conv};
  for (int axis = 0; axis < 3; axis++) {
    job.axis[axis] = tlk_conv_axis_of(&conv->shape, axis, 0);
    if (job.axis[axis].count <= 0) return TLK_OK;
  }
  const tlk_int planes = conv->shape.batch * conv->shape.output[0], channels = conv->shape.input_channels;
  const tlk_int height = job.axis[1].count, pixels = height * job.axis[2].count, threads = tlk_thread_count();
  const double work = (double)planes * (double)pixels * (double)channels * (double)(job.axis[1].taps * job.axis[2].taps);
  const tlk_int wanted = work < 64 * 1024 ? 1 : tlk_ceil_div(threads * 4, tlk_max(planes, 1));
  job.lines = height;
  job.channel_block = channels;
  if (pixels <= SMALL_PLANE) job.channel_block = tlk_max(tlk_ceil_div(tlk_ceil_div(channels, wanted), 16) * 16, SMALLEST_BLOCK);
  else job.lines = tlk_max(height / wanted, 1);
  job.channel_block = tlk_min(job.channel_block, channels);
  job.channel_blocks = tlk_ceil_div(channels, job.channel_block);
  job.lines = tlk_min(job.lines, 64);
  job.line_blocks = tlk_ceil_div(height, job.lines);
  tlk_parallel(planes * job.line_blocks * job.channel_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}

tlk_status tlk_depthwise_run(const tlk_conv *conv) {
  if (is_direct(conv)) return run_direct(conv);
  tlk_window window = {.shape = conv->shape, .kind = TLK_WINDOW_WEIGHTED, .input = conv->input, .output = conv->output,
                       .input_pitch = conv->input_pitch, .output_pitch = conv->output_pitch, .input_dtype = conv->input_dtype,
                       .output_dtype = conv->output_dtype, .weights = conv->packed, .weight_dtype = conv->weight_dtype,
                       .epilogue = &conv->epilogue};
  return tlk_window_run(&window);
}
