// Depthwise convolution and pooling: windows of one channel each, divided into tiles of a rectangle of pixels times a block of channels.
#ifndef TLK_WINDOW_H
#define TLK_WINDOW_H

#include "../core/tiles.h"

typedef struct {
  tlk_conv_shape shape;
  tlk_window_kind kind;
  const void *input;
  void *output;
  tlk_int input_pitch, output_pitch;
  tlk_dtype input_dtype, output_dtype;
  const void *weights;  // TLK_WINDOW_WEIGHTED: [window][channels]
  tlk_dtype weight_dtype;
  // Averages: what to multiply a window's sum with. NULL: nothing.
  float (*factor)(const void *context, tlk_int d, tlk_int h, tlk_int w);
  const void *factor_context;
  bool square_root;
  const tlk_epilogue *epilogue;
} tlk_window;
TLK_API tlk_status tlk_window_run(const tlk_window *window);

#endif
