// The slab: the input lines that a rectangle of output pixels needs, copied to f32 with what lies outside filled in.
// Layout [depth taps][lines][width][pitch], so that any window element of any pixel is at an offset that is linear in both.
#ifndef TLK_SLAB_H
#define TLK_SLAB_H

#include "conv_geometry.h"

// About a good third of a 512 KiB second-level cache.
#define TLK_SLAB_BYTES (192 * 1024)

typedef struct {
  const void *input;
  tlk_dtype dtype;
  tlk_int input_pitch;
  tlk_int channel, channels;  // which channels of the input
  tlk_int pitch;              // elements from pixel to pixel in the slab, >= channels
  float outside;
  const tlk_conv_axis *axis;  // depth, height, width
} tlk_slab;

// Input elements that `count` successive outputs of an axis touch; with one tap only those are kept, however far apart.
static inline tlk_int tlk_slab_span(const tlk_conv_axis *a, tlk_int count) {
  if (a->taps <= 1) return a->taps * count;
  return (count - 1) * a->step + (a->taps - 1) * a->tap_step + 1;
}
// Index in the slab of output q (relative to the rectangle), tap j.
static inline tlk_int tlk_slab_index(const tlk_conv_axis *a, tlk_int q, tlk_int j) {
  return a->taps <= 1 ? q : q * a->step + j * a->tap_step;
}

// Bytes for a rectangle; -1: overflow.
TLK_API tlk_int tlk_slab_bytes(const tlk_conv_axis *axis, tlk_int lines, tlk_int width, tlk_int pitch);
TLK_API void tlk_slab_fill(const tlk_slab *slab, tlk_int batch, tlk_int depth, tlk_int line, tlk_int lines, tlk_int column,
                           tlk_int width, float *out);

// The rectangle of output pixels per tile: at most `most` pixels and TLK_SLAB_BYTES of slab where that is possible.
typedef struct {
  tlk_int lines, line_blocks, width, width_blocks;
} tlk_rectangles;
TLK_API tlk_rectangles tlk_rectangles_of(const tlk_conv_axis *axis, tlk_int pitch, tlk_int most, tlk_int width_multiple);

#endif
