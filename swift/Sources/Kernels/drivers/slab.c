#include "slab.h"

#include <string.h>

#include "../core/table.h"
#include "checked.h"

// Input index of slab entry i of a rectangle that starts at output q.
static tlk_int input_index(const tlk_conv_axis *a, tlk_int q, tlk_int i) {
  return a->taps <= 1 ? (q + i) * a->step + a->first : q * a->step + a->first + i;
}

tlk_int tlk_slab_bytes(const tlk_conv_axis *axis, tlk_int lines, tlk_int width, tlk_int pitch) {
  tlk_int rows = tlk_product(axis[0].taps, tlk_slab_span(&axis[1], lines));
  return tlk_product(tlk_product3(rows, tlk_slab_span(&axis[2], width), pitch), 4);
}

tlk_rectangles tlk_rectangles_of(const tlk_conv_axis *axis, tlk_int pitch, tlk_int most, tlk_int width_multiple) {
  tlk_int height = axis[1].count, width = axis[2].count;
  tlk_rectangles r = {.lines = 1};
  tlk_int blocks = tlk_ceil_div(width, most), limit = tlk_ceil_div(width, 24);
  while (blocks < limit && tlk_slab_bytes(axis, 1, tlk_ceil_div(width, blocks), pitch) > TLK_SLAB_BYTES) blocks++;
  r.width = tlk_ceil_div(width, blocks);
  if (blocks > 1) r.width = tlk_ceil_div(r.width, width_multiple) * width_multiple;
  r.width_blocks = tlk_ceil_div(width, r.width);
  while (r.width_blocks == 1 && r.lines < height && (r.lines + 1) * width <= most &&
         tlk_slab_bytes(axis, r.lines + 1, width, pitch) <= TLK_SLAB_BYTES)
    r.lines++;
  r.lines = tlk_ceil_div(height, tlk_ceil_div(height, r.lines));
  r.line_blocks = tlk_ceil_div(height, r.lines);
  return r;
}

static void fill(float *out, tlk_int count, float value) {
  if (value == 0) memset(out, 0, (size_t)count * 4);
  else
    for (tlk_int i = 0; i < count; i++) out[i] = value;
}

static void copy_pixels(const tlk_slab *s, const char *from, tlk_int step, tlk_int count, float *to) {
  tlk_int size = tlk_dtype_size(s->dtype), from_pitch = s->input_pitch * step, channels = s->channels;
  if (from_pitch == channels && s->pitch == channels) {
    channels *= count;
    count = 1;
  }
  for (tlk_int i = 0; i < count; i++, from += from_pitch * size, to += s->pitch) {
    if (size == 4) memcpy(to, from, (size_t)channels * 4);
    else tlk_kernels()->halves_to_floats((const uint16_t *)from, to, channels);
  }
}

// One line of `length` entries.
static void copy_line(const tlk_slab *s, tlk_int batch, tlk_int d, tlk_int h, tlk_int column, tlk_int length, float *line) {
  const tlk_conv_axis *w = &s->axis[2];
  tlk_int step = w->taps <= 1 ? w->step : 1, start = input_index(w, column, 0);
  bool outside = d < 0 || d >= s->axis[0].input || h < 0 || h >= s->axis[1].input;
  // Entries low..<high are inside the input.
  tlk_int low = start < 0 ? tlk_min(tlk_ceil_div(-start, step), length) : 0;
  tlk_int high = start >= w->input ? 0 : tlk_min(tlk_ceil_div(w->input - start, step), length);
  if (outside || low >= high) {
    fill(line, length * s->pitch, s->outside);
    return;
  }
  fill(line, low * s->pitch, s->outside);
  tlk_int pixel = ((batch * s->axis[0].input + d) * s->axis[1].input + h) * w->input + start + low * step;
  const char *from = (const char *)s->input + (pixel * s->input_pitch + s->channel) * tlk_dtype_size(s->dtype);
  copy_pixels(s, from, step, high - low, line + low * s->pitch);
  fill(line + high * s->pitch, (length - high) * s->pitch, s->outside);
}

void tlk_slab_fill(const tlk_slab *s, tlk_int batch, tlk_int depth, tlk_int line, tlk_int lines, tlk_int column, tlk_int width,
                   float *out) {
  const tlk_conv_axis *D = &s->axis[0], *H = &s->axis[1];
  tlk_int height = tlk_slab_span(H, lines), length = tlk_slab_span(&s->axis[2], width);
  for (tlk_int d = 0; d < D->taps; d++)
    for (tlk_int h = 0; h < height; h++, out += length * s->pitch)
      copy_line(s, batch, depth * D->step + D->first + d * D->tap_step, input_index(H, line, h), column, length, out);
}
