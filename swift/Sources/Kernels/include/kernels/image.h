// Between interleaved 8-bit pixels and tensors.
#ifndef TLK_IMAGE_H
#define TLK_IMAGE_H

#include "types.h"

typedef enum { TLK_PIXEL_RGBA, TLK_PIXEL_BGRA, TLK_PIXEL_RGB, TLK_PIXEL_BGR, TLK_PIXEL_GRAY } tlk_pixel_format;
typedef enum { TLK_COLOR_RGB, TLK_COLOR_BGR, TLK_COLOR_GRAY } tlk_color_layout;

// tensor[c][y][x] = pixel * scale[c] + bias[c], c in the order of `layout` (3 channels, or 1). Gray from colour: BT.601 luma, rounded
// to 8 bits first; colour from gray: repeated. Strides are elements per channel, row and column: [1, C] orders are all possible.
// tensor dtype: TLK_F16, TLK_F32, TLK_I32 or TLK_U8. row_bytes: from one row of pixels to the next.
TLK_API tlk_status tlk_image_to_tensor(const uint8_t *pixels, tlk_pixel_format format, tlk_int width, tlk_int height,
                                       tlk_int row_bytes, void *tensor, tlk_dtype dtype, tlk_color_layout layout,
                                       tlk_int channel_stride, tlk_int row_stride, tlk_int column_stride, const float *scale,
                                       const float *bias);

// The way back: round(value * scale[c] + bias[c]) clamped to 0…255 (NaN: 0), alpha 255.
TLK_API tlk_status tlk_image_from_tensor(const void *tensor, tlk_dtype dtype, tlk_color_layout layout, tlk_int channel_stride,
                                         tlk_int row_stride, tlk_int column_stride, const float *scale, const float *bias,
                                         uint8_t *pixels, tlk_pixel_format format, tlk_int width, tlk_int height,
                                         tlk_int row_bytes);

#endif
