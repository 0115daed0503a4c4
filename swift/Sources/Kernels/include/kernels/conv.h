// Convolution and transposed convolution, channels-last, 1 to 3 spatial axes.
#ifndef TLK_CONV_H
#define TLK_CONV_H

#include "types.h"
#include "activation.h"

// Spatial axes are depth, height, width; a 2-D convolution has depth 1 (size, kernel, stride and dilation 1, padding 0), a 1-D
// one also height 1. Padding behind an axis follows from the output size. Taps that fall outside read zero.
// Transposed: `input` and `output` keep their meaning (output is the larger side): output o receives input i by tap t where
// o = i * stride + t * dilation - padding.
typedef struct {
  tlk_int batch;
  tlk_int input[3], output[3];
  tlk_int kernel[3], stride[3], dilation[3], padding[3];  // padding: before the first element, may be negative (crop)
  tlk_int input_channels, output_channels, groups;
  bool transposed;
} tlk_conv_shape;

// Weights in MIL's layout: conv [Cout][Cin/groups][kd][kh][kw], conv_transpose [Cin][Cout/groups][kd][kh][kw].
// The packed form is per group as in gemm.h; depthwise (not transposed, one channel per group on both sides) is [taps][channels].
// It depends on the shape's channels, groups, kernel and `transposed` only (transposed: also stride and dilation), not on sizes
// or padding; 64-byte aligned. -1: overflow, wrong dtype, or channels that the groups do not divide.
TLK_API tlk_int tlk_conv_packed_bytes(const tlk_conv_shape *shape, tlk_dtype dtype);
TLK_API tlk_status tlk_conv_weights(const tlk_conv_shape *shape, const void *weights, tlk_dtype source_dtype, void *packed,
                                    tlk_dtype dtype);

// out[pixel][column] = epilogue(sum over taps and channels). Pitches: elements from pixel to pixel, so a slice of channels of
// a wider tensor can be read, or written (concat), in place.
typedef struct {
  tlk_conv_shape shape;
  const void *input;
  const void *packed;
  void *output;
  tlk_int input_pitch, output_pitch;
  tlk_dtype input_dtype, weight_dtype, output_dtype;  // each TLK_F16 or TLK_F32
  tlk_prologue prologue;  // of the input; only where tlk_conv_is_product
  tlk_epilogue epilogue;
} tlk_conv;
// One tap that keeps every pixel: a plain product over all pixels of the batch.
TLK_API bool tlk_conv_is_product(const tlk_conv_shape *shape);
TLK_API tlk_status tlk_conv_run(const tlk_conv *conv);

#endif
