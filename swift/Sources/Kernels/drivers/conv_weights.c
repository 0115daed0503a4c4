#include <string.h>

#include "checked.h"
#include "conv_geometry.h"
#include "interleave.h"

static tlk_int taps_of(const tlk_conv_shape *s) { return tlk_product3(s->kernel[0], s->kernel[1], s->kernel[2]); }

static tlk_int group_bytes(const tlk_conv_shape *s, tlk_dtype dtype) {
  return tlk_weights_packed_bytes(s->output_channels / s->groups, taps_of(s), s->input_channels / s->groups, dtype);
}

tlk_int tlk_conv_packed_bytes(const tlk_conv_shape *s, tlk_dtype dtype) {
  if (!tlk_is_float(dtype) || !tlk_conv_shape_valid(s)) return -1;
  if (tlk_conv_is_depthwise(s)) return tlk_product3(taps_of(s), s->input_channels, tlk_dtype_size(dtype));
  return tlk_product(s->groups, group_bytes(s, dtype));
}

// [channel][tap] to [tap][channel]: a panel's columns are the channels here.
static void pack_depthwise(const tlk_conv_shape *s, const char *weights, tlk_dtype from, char *packed, tlk_dtype to) {
  tlk_int taps = taps_of(s), channels = s->input_channels, from_size = tlk_dtype_size(from), to_size = tlk_dtype_size(to);
  uint32_t row[TLK_PANEL];
  for (tlk_int c = 0; c < channels; c += TLK_PANEL) {
    tlk_int columns = tlk_min(TLK_PANEL, channels - c);
    tlk_interleaving rows = {.from_dtype = from, .to_dtype = to, .column_step = taps, .row_step = 1, .columns = columns};
    for (tlk_int tap = 0; tap < taps; tap++) {
      rows.from = weights + (c * taps + tap) * from_size;
      tlk_interleave(&rows, 1, row);
      memcpy(packed + (tap * channels + c) * to_size, row, (size_t)(columns * to_size));
    }
  }
}

typedef struct {
  const tlk_conv_shape *shape;
  const char *weights;
  tlk_dtype from, to;
  char *packed;
  tlk_int group_bytes;
  tlk_int class_taps[3], classes[3], first_tap;
} pack_job;

// Channels that are gathered from all columns and taps before the next ones, so that what they read stays in a first-level cache.
#define CHANNEL_BLOCK 32

// One panel of 16 columns of one group, the taps of one class.
static void pack_panel(void *context, tlk_int index) {
  const pack_job *job = context;
  const tlk_conv_shape *s = job->shape;
  tlk_int columns = s->output_channels / s->groups, channels = s->input_channels / s->groups, taps = taps_of(s);
  tlk_int panels = tlk_ceil_div(columns, TLK_PANEL), group = index / panels, first = index % panels * TLK_PANEL;
  tlk_int to_size = tlk_dtype_size(job->to), from_size = tlk_dtype_size(job->from);
  tlk_int column_step = s->transposed ? 1 : channels, channel_step = s->transposed ? columns : 1;
  tlk_int start = group * channels * columns + first * column_step;
  char *panel = job->packed + group * job->group_bytes + first * taps * channels * to_size;
  tlk_interleaving rows = {.from_dtype = job->from, .to_dtype = job->to, .column_step = column_step * taps,
                           .row_step = channel_step * taps, .columns = tlk_min(TLK_PANEL, columns - first)};
  for (tlk_int c = 0; c < channels; c += CHANNEL_BLOCK) {
    tlk_int tap = job->first_tap, count = tlk_min(CHANNEL_BLOCK, channels - c);
    for (tlk_int d = 0; d < job->class_taps[0]; d++)
      for (tlk_int h = 0; h < job->class_taps[1]; h++)
        for (tlk_int w = 0; w < job->class_taps[2]; w++, tap++) {
          tlk_int element = (tlk_class_tap(s, 0, job->classes[0], d) * s->kernel[1] +
                             tlk_class_tap(s, 1, job->classes[1], h)) * s->kernel[2] + tlk_class_tap(s, 2, job->classes[2], w);
          rows.from = job->weights + ((start + c * channel_step) * taps + element) * from_size;
          tlk_interleave(&rows, count, panel + (tap * channels + c) * TLK_PANEL * to_size);
        }
  }
}

tlk_status tlk_conv_weights(const tlk_conv_shape *s, const void *weights, tlk_dtype from, void *packed, tlk_dtype to) {
  if (!tlk_is_float(from) || !tlk_is_float(to)) return TLK_E_UNSUPPORTED;
  tlk_int bytes = tlk_conv_packed_bytes(s, to);
  if (bytes < 0) return TLK_E_ARGUMENT;
  if (tlk_conv_is_depthwise(s)) {
    pack_depthwise(s, weights, from, packed, to);
    return TLK_OK;
  }
  pack_job job = {.shape = s, .weights = weights, .from = from, .to = to, .packed = packed, .group_bytes = group_bytes(s, to)};
  tlk_int panels = s->groups * tlk_ceil_div(s->output_channels / s->groups, TLK_PANEL), *c = job.classes;
  for (c[0] = 0; c[0] < tlk_tap_classes(s, 0); c[0]++)
    for (c[1] = 0; c[1] < tlk_tap_classes(s, 1); c[1]++)
      for (c[2] = 0; c[2] < tlk_tap_classes(s, 2); c[2]++) {
        for (int axis = 0; axis < 3; axis++) job.class_taps[axis] = tlk_class_taps(s, axis, c[axis]);
        job.first_tap = tlk_taps_before(s, c);
        if (job.class_taps[0] * job.class_taps[1] * job.class_taps[2] > 0) tlk_parallel(panels, pack_panel, &job);
      }
  return TLK_OK;
}
