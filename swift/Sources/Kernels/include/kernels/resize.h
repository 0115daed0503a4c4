// Resampling of height and width, channels-last, by tables: the caller turns its sampling mode into indices and weights.
#ifndef TLK_RESIZE_H
#define TLK_RESIZE_H

#include "types.h"

// One axis: output i is (1 - weight[i]) * input[low[i]] + weight[i] * input[high[i]]. Nearest: high and weight NULL.
typedef struct {
  const int32_t *low, *high;
  const float *weight;
} tlk_resize_axis;

// [batch][input_height][input_width][channels] to [batch][output_height][output_width][channels]. Indices must be inside the input.
typedef struct {
  tlk_int batch, channels;
  tlk_int input_height, input_width, output_height, output_width;
  tlk_int input_pitch, output_pitch;  // elements from pixel to pixel
  tlk_resize_axis rows, columns;
  const void *input;
  void *output;
  tlk_dtype input_dtype, output_dtype;  // TLK_F16 or TLK_F32; nearest: any one dtype on both sides
} tlk_resize;
TLK_API tlk_status tlk_resize_run(const tlk_resize *resize);

#endif
