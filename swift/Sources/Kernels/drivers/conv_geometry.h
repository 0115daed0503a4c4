// One spatial axis of a convolution, in the form that all kinds share: output number q of the axis, at out_first + q * out_step,
// sums over taps j of input q * step + first + j * tap_step, where that is inside 0..<input.
// A convolution is one such grid per axis; a transposed one is a grid per residue of the output index modulo the stride.
#ifndef TLK_CONV_GEOMETRY_H
#define TLK_CONV_GEOMETRY_H

#include "kernels/conv.h"

typedef struct {
  tlk_int count, input, step, taps, first, tap_step, out_first, out_step;
  tlk_int tap_class;  // which class of taps (see tlk_tap_classes) the grid uses
} tlk_conv_axis;

// Transposed: taps t with equal t modulo this number meet the same outputs. 1 for a forward convolution.
TLK_API tlk_int tlk_tap_classes(const tlk_conv_shape *shape, int axis);
// Taps in one class.
TLK_API tlk_int tlk_class_taps(const tlk_conv_shape *shape, int axis, tlk_int class_index);
// Packed order inside a class: tap number j of the class is kernel element tlk_class_tap(...). Transposed classes run backwards, so that
// the inputs of successive taps lie in ascending order, as they do in a forward convolution.
TLK_API tlk_int tlk_class_tap(const tlk_conv_shape *shape, int axis, tlk_int class_index, tlk_int j);

// Grids along one axis: 1 for a forward convolution, the stride for a transposed one.
TLK_API tlk_int tlk_conv_phases(const tlk_conv_shape *shape, int axis);
TLK_API tlk_conv_axis tlk_conv_axis_of(const tlk_conv_shape *shape, int axis, tlk_int phase);
// Number of taps that are packed before those of the given classes.
TLK_API tlk_int tlk_taps_before(const tlk_conv_shape *shape, const tlk_int classes[3]);

// Whether every number of the shape is one that the convolutions define.
TLK_API bool tlk_conv_shape_valid(const tlk_conv_shape *shape);
TLK_API bool tlk_conv_is_depthwise(const tlk_conv_shape *shape);

#endif
