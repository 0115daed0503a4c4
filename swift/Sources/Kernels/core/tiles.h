// What the drivers hand to instruction-set kernels.
#ifndef TLK_TILES_H
#define TLK_TILES_H

#include "kernels.h"

// Panels of packed weights have this many columns on every instruction set.
#define TLK_PANEL 16
// Numbers in one register of an elementwise program: sixteen registers are half of a first-level cache.
#define TLK_EW_CHUNK 256

static inline tlk_int tlk_min(tlk_int a, tlk_int b) { return a < b ? a : b; }
static inline tlk_int tlk_max(tlk_int a, tlk_int b) { return a > b ? a : b; }
static inline tlk_int tlk_ceil_div(tlk_int a, tlk_int b) { return a / b + (a % b != 0); }

// Splits `rows` into groups of at most `largest`, as equal as possible: a last group of one row would run at a sixth of the speed.
typedef struct {
  tlk_int start, count;
} tlk_row_group;
static inline tlk_int tlk_row_group_count(tlk_int rows, tlk_int largest) { return tlk_ceil_div(rows, largest); }
static inline tlk_row_group tlk_row_group_at(tlk_int rows, tlk_int largest, tlk_int index) {
  tlk_int groups = tlk_row_group_count(rows, largest), base = rows / groups, extra = rows % groups;
  return (tlk_row_group){index * base + tlk_min(index, extra), base + (index < extra)};
}

typedef enum { TLK_NORM_LAYER, TLK_NORM_RMS, TLK_NORM_L2 } tlk_norm_kind;

// A block of a product, out[row][column] = epilogue(alpha * sum over taps and channels). Rows of A are found through pointers, so that
// convolutions need no im2col: `rows` holds, for each row group (tlk_row_group_at with the table's gemm_rows), [taps][rows of the group] pointers to `channels` f32 each.
typedef struct {
  const float *const *rows;
  const tlk_int *pixels;  // the output row (in units of the pitch) of each tile row
  tlk_int row_count, taps, channels;
  bool half_rows;         // the numbers of A came from f16
  bool fast;              // products may be rounded to bf16's precision
  const void *weights;    // first panel of the tile, at its first tap
  tlk_int panel_bytes;    // from panel to panel
  bool half_weights;
  tlk_int column, column_count;  // columns of the output
  void *out;
  tlk_dtype out_dtype;
  tlk_int out_pitch;
  float alpha;
  const tlk_epilogue *epilogue;
  void *scratch;          // as many bytes as gemm_scratch says, 64-byte aligned
} tlk_gemm_tile;

// A rectangle of output pixels whose windows lie in an f32 slab of whole vectors of channels: depthwise convolution and pooling.
// Window element j of the pixel in line y, column x is at slab + y * line_step + x * pixel_step + offsets[j].
typedef enum { TLK_WINDOW_WEIGHTED, TLK_WINDOW_MAX, TLK_WINDOW_SUM, TLK_WINDOW_SUM_SQUARE } tlk_window_kind;
typedef struct {
  tlk_window_kind kind;
  const float *slab;
  const tlk_int *offsets;
  tlk_int window, lines, width, line_step, pixel_step;
  const float *weights;      // TLK_WINDOW_WEIGHTED: [window][weight_pitch], whole vectors
  tlk_int weight_pitch;
  const float *factors;      // [lines][width], multiplied with the sums; NULL: none
  bool square_root;          // of the product with the factor
  tlk_int channel, channels; // of the output
  tlk_int first_pixel, line_pixels;  // output rows: first_pixel + y * line_pixels + x
  void *out;
  tlk_dtype out_dtype;
  tlk_int out_pitch;
  float *sums;               // scratch for 8 rows of `channels`, rounded up to whole vectors of 16
  const tlk_epilogue *epilogue;
} tlk_window_tile;

// A rectangle of outputs of a depthwise convolution over f16 pixels that stay where they are: input column k of kernel line i for output line
// y is at pixels[y * line_step + i * tap_step + k], `channels` elements each, a multiple of the vectors. Output x begins at column x * stride.
typedef struct {
  const uint16_t *const *pixels;
  tlk_int line_step, tap_step, kernel_lines;
  tlk_int kernel_width, stride;      // 3 or 5; 1 or 2
  tlk_int lines, width;
  const float *weights;              // [kernel_lines][kernel_width][channels]
  tlk_int channel, channels;         // of the output
  tlk_int first_pixel, line_pixels;  // as above
  void *out;
  tlk_dtype out_dtype;
  tlk_int out_pitch;
  float *sums;                       // scratch for 8 rows of `channels`
  const tlk_epilogue *epilogue;
} tlk_depthwise_tile;

#endif
