#include <stdatomic.h>

#include "../core/table.h"
#include "checked.h"
#include "depthwise.h"
#include "slab.h"
#include "tiling.h"

// A tile of a convolution is a rectangle of output pixels inside one image plane, times a range of columns. Rows of the product are
// pointers into the slab. Taps along the width that lie side by side count as one tap of kernel_width * channels: no im2col, and few
// pointers even for three channels.
typedef struct {
  const tlk_conv *conv;
  tlk_conv_axis axis[3];
  tlk_int channels, columns;  // per group
  tlk_rectangles rectangles;
  tlk_int column_block, column_blocks;
  tlk_int group_bytes, panel_bytes, tap_offset;  // of the packed weights
  bool joined;                                   // taps along the width are side by side
  bool fast;
  _Atomic(int) status;
} conv_job;

#define LARGEST_TILE 120

typedef struct {
  tlk_int group, batch, depth, line, lines, column, width, first, count;
} conv_place;

static conv_place place_of(const conv_job *job, tlk_int index) {
  const tlk_rectangles *r = &job->rectangles;
  conv_place p;
  p.first = index % job->column_blocks * job->column_block;
  p.count = tlk_min(job->column_block, job->columns - p.first);
  index /= job->column_blocks;
  p.column = index % r->width_blocks * r->width;
  p.width = tlk_min(r->width, job->axis[2].count - p.column);
  index /= r->width_blocks;
  p.line = index % r->line_blocks * r->lines;
  p.lines = tlk_min(r->lines, job->axis[1].count - p.line);
  index /= r->line_blocks;
  p.depth = index % job->axis[0].count;
  index /= job->axis[0].count;
  p.batch = index % job->conv->shape.batch;
  p.group = index / job->conv->shape.batch;
  return p;
}

static void output_pixels(const conv_job *job, const conv_place *p, tlk_int *pixels) {
  const tlk_conv_axis *D = &job->axis[0], *H = &job->axis[1], *W = &job->axis[2];
  const tlk_int *output = job->conv->shape.output;
  tlk_int plane = (p->batch * output[0] + D->out_first + p->depth * D->out_step) * output[1];
  for (tlk_int h = 0; h < p->lines; h++)
    for (tlk_int w = 0; w < p->width; w++)
      *pixels++ = (plane + H->out_first + (p->line + h) * H->out_step) * output[2] + W->out_first + (p->column + w) * W->out_step;
}

static void row_pointers(const conv_job *job, const conv_place *p, tlk_int width_taps, const float *slab, const float **rows) {
  const tlk_conv_axis *D = &job->axis[0], *H = &job->axis[1], *W = &job->axis[2];
  tlk_int pixels = p->lines * p->width, largest = tlk_kernels()->gemm_rows;
  tlk_int height = tlk_slab_span(H, p->lines), line_size = tlk_slab_span(W, p->width) * job->channels;
  for (tlk_int g = 0; g < tlk_row_group_count(pixels, largest); g++) {
    tlk_row_group group = tlk_row_group_at(pixels, largest, g);
    for (tlk_int d = 0; d < D->taps; d++)
      for (tlk_int t = 0; t < H->taps; t++)
        for (tlk_int u = 0; u < width_taps; u++)
          for (tlk_int r = group.start; r < group.start + group.count; r++)
            *rows++ = slab + (d * height + tlk_slab_index(H, r / p->width, t)) * line_size +
                      tlk_slab_index(W, r % p->width, u) * job->channels;
  }
}

static void run_tile(void *context, tlk_int index) {
  conv_job *job = context;
  const tlk_conv *conv = job->conv;
  conv_place p = place_of(job, index);
  tlk_int count = p.lines * p.width, width_taps = job->joined ? tlk_min(job->axis[2].taps, 1) : job->axis[2].taps;
  tlk_int taps = job->axis[0].taps * job->axis[1].taps * width_taps;
  tlk_int slab_bytes = tlk_slab_bytes(job->axis, p.lines, p.width, job->channels);
  tlk_gemm_tile tile = {
      .row_count = count, .taps = taps, .channels = job->joined ? job->channels * job->axis[2].taps : job->channels,
      .half_rows = conv->input_dtype == TLK_F16, .half_weights = conv->weight_dtype == TLK_F16, .fast = job->fast,
      .weights = (const char *)conv->packed + p.group * job->group_bytes + p.first / TLK_PANEL * job->panel_bytes + job->tap_offset,
      .panel_bytes = job->panel_bytes, .column = p.group * job->columns + p.first, .column_count = p.count,
      .out = conv->output, .out_dtype = conv->output_dtype, .out_pitch = conv->output_pitch, .alpha = 1,
      .epilogue = &conv->epilogue};
  tlk_int tile_bytes = tlk_kernels()->gemm_scratch(&tile);
  tlk_arena arena = {tlk_scratch((size_t)(tlk_carved(slab_bytes) + tlk_carved(count * taps * 8) + tlk_carved(count * 8) + tile_bytes))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  float *values = tlk_carve(&arena, slab_bytes);
  const float **rows = tlk_carve(&arena, count * taps * 8);
  tlk_int *pixels = tlk_carve(&arena, count * 8);
  tlk_slab slab = {.input = conv->input, .dtype = conv->input_dtype, .input_pitch = conv->input_pitch,
                   .channel = p.group * job->channels, .channels = job->channels, .pitch = job->channels, .axis = job->axis};
  tlk_slab_fill(&slab, p.batch, p.depth, p.line, p.lines, p.column, p.width, values);
  output_pixels(job, &p, pixels);
  row_pointers(job, &p, width_taps, values, rows);
  tile.rows = rows;
  tile.pixels = pixels;
  tile.scratch = tlk_carve(&arena, tile_bytes);
  tlk_kernels()->gemm_tile(&tile);
}

static tlk_status run_grid(const tlk_conv *conv, const tlk_int phase[3]) {
  const tlk_conv_shape *s = &conv->shape;
  conv_job job = {.conv = conv, .channels = s->input_channels / s->groups, .columns = s->output_channels / s->groups,
                  .fast = tlk_fast_products()};
  tlk_int classes[3], total_taps = s->kernel[0] * s->kernel[1] * s->kernel[2], size = tlk_dtype_size(conv->weight_dtype);
  for (int axis = 0; axis < 3; axis++) {
    job.axis[axis] = tlk_conv_axis_of(s, axis, phase[axis]);
    classes[axis] = job.axis[axis].tap_class;
    if (job.axis[axis].count <= 0) return TLK_OK;
  }
  // Without taps on one axis nothing is summed at all.
  tlk_int taps = job.axis[0].taps * job.axis[1].taps * job.axis[2].taps;
  for (int axis = 0; axis < 3 && taps == 0; axis++) job.axis[axis].taps = 0;
  job.joined = job.axis[2].taps <= 1 || job.axis[2].tap_step == 1;
  job.rectangles = tlk_rectangles_of(job.axis, job.channels, LARGEST_TILE, tlk_kernels()->row_multiple);
  if (tlk_slab_bytes(job.axis, job.rectangles.lines, job.rectangles.width, job.channels) < 0) return TLK_E_ARGUMENT;
  job.panel_bytes = total_taps * job.channels * TLK_PANEL * size;
  job.group_bytes = tlk_ceil_div(job.columns, TLK_PANEL) * job.panel_bytes;
  job.tap_offset = taps ? tlk_taps_before(s, classes) * job.channels * TLK_PANEL * size : 0;
  tlk_int blocks = s->batch * job.axis[0].count * job.rectangles.line_blocks * job.rectangles.width_blocks;
  tlk_int pixels = s->batch * job.axis[0].count * job.axis[1].count * job.axis[2].count;
  job.column_block = tlk_column_block(pixels, job.columns, taps * job.channels, blocks * s->groups);
  job.column_blocks = tlk_ceil_div(job.columns, job.column_block);
  tlk_parallel(s->groups * blocks * job.column_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}

bool tlk_conv_is_product(const tlk_conv_shape *s) {
  if (s->groups != 1 || s->transposed) return false;
  for (int axis = 0; axis < 3; axis++)
    if (s->kernel[axis] != 1 || s->stride[axis] != 1 || s->padding[axis] != 0 || s->input[axis] != s->output[axis]) return false;
  return true;
}

static tlk_status run_product(const tlk_conv *conv) {
  const tlk_conv_shape *s = &conv->shape;
  tlk_gemm gemm = {.m = s->batch * s->output[0] * s->output[1] * s->output[2], .n = s->output_channels, .k = s->input_channels,
                   .a = conv->input, .packed = conv->packed, .out = conv->output, .a_pitch = conv->input_pitch,
                   .out_pitch = conv->output_pitch, .a_dtype = conv->input_dtype, .w_dtype = conv->weight_dtype,
                   .out_dtype = conv->output_dtype, .prologue = conv->prologue, .epilogue = conv->epilogue};
  return tlk_gemm_run(&gemm);
}

tlk_status tlk_conv_run(const tlk_conv *conv) {
  const tlk_conv_shape *s = &conv->shape;
  if (!tlk_is_float(conv->input_dtype) || !tlk_is_float(conv->weight_dtype) || !tlk_is_float(conv->output_dtype))
    return TLK_E_UNSUPPORTED;
  if (conv->epilogue.residual && !tlk_is_float(conv->epilogue.residual_dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_conv_packed_bytes(s, conv->weight_dtype) < 0) return TLK_E_ARGUMENT;
  if (s->batch == 0 || s->output_channels == 0) return TLK_OK;
  if (conv->prologue.scale && !tlk_conv_is_product(s)) return TLK_E_ARGUMENT;
  if (tlk_conv_is_depthwise(s)) return tlk_depthwise_run(conv);
  if (tlk_conv_is_product(s)) return run_product(conv);
  tlk_int p[3];
  for (p[0] = 0; p[0] < tlk_conv_phases(s, 0); p[0]++)
    for (p[1] = 0; p[1] < tlk_conv_phases(s, 1); p[1]++)
      for (p[2] = 0; p[2] < tlk_conv_phases(s, 2); p[2]++) {
        tlk_status status = run_grid(conv, p);
        if (status != TLK_OK) return status;
      }
  return TLK_OK;
}
