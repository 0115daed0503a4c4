// Pooling over windows, channels-last.
#ifndef TLK_POOLING_H
#define TLK_POOLING_H

#include "conv.h"

typedef enum {
  TLK_POOL_MAX,              // padding counts as -inf
  TLK_POOL_AVERAGE,          // divided by the window's elements inside the padded input
  TLK_POOL_AVERAGE_INSIDE,   // divided by the window's elements inside the input ("exclude padding")
  TLK_POOL_L2,               // sqrt of the sum of squares
} tlk_pool_kind;

// Uses the shape's batch, input, output, kernel, stride, dilation, padding and input_channels. padding_after matters to
// TLK_POOL_AVERAGE only: window elements beyond it do not count. NaN in a window gives NaN.
typedef struct {
  tlk_conv_shape shape;
  tlk_int padding_after[3];
  tlk_pool_kind kind;
  const void *input;
  void *output;
  tlk_int input_pitch, output_pitch;
  tlk_dtype input_dtype, output_dtype;  // each TLK_F16 or TLK_F32
  tlk_activation activation;
} tlk_pool;
TLK_API tlk_status tlk_pool_run(const tlk_pool *pool);

#endif
