// Pixels of an image at places between them, by tables: the caller turns coordinates into taps and weights.
#ifndef TLK_SAMPLING_H
#define TLK_SAMPLING_H

#include "types.h"

// Point p of image i, channel c: the sum over four taps t of weights[q][t] * input[taps[q][t] + c * input_channel_stride],
// q = i * points + p, stored at output[i * output_image_stride + p * output_point_stride + c * output_channel_stride].
// A tap below 0 reads `fill`. A weight of 0 leaves its tap out, so that infinities beside a point do not reach it.
typedef struct {
  tlk_int images, points, channels;
  const tlk_int *taps;   // [images * points][4], elements
  const float *weights;  // [images * points][4]
  float fill;
  const void *input;
  void *output;
  tlk_int input_channel_stride;
  tlk_int output_image_stride, output_point_stride, output_channel_stride;
  tlk_dtype dtype;  // TLK_F16 or TLK_F32
} tlk_sampling;
TLK_API tlk_status tlk_sampling_run(const tlk_sampling *sampling);

#endif
