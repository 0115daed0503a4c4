#include "conv_geometry.h"

#include "../core/tiles.h"
#include "checked.h"

static tlk_int greatest_divisor(tlk_int a, tlk_int b) {
  while (b != 0) {
    tlk_int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

tlk_int tlk_tap_classes(const tlk_conv_shape *s, int axis) {
  return s->transposed ? s->stride[axis] / greatest_divisor(s->stride[axis], s->dilation[axis]) : 1;
}

tlk_int tlk_class_taps(const tlk_conv_shape *s, int axis, tlk_int class_index) {
  tlk_int classes = tlk_tap_classes(s, axis);
  return class_index < s->kernel[axis] ? tlk_ceil_div(s->kernel[axis] - class_index, classes) : 0;
}

tlk_int tlk_class_tap(const tlk_conv_shape *s, int axis, tlk_int class_index, tlk_int j) {
  if (!s->transposed) return j;
  return class_index + (tlk_class_taps(s, axis, class_index) - 1 - j) * tlk_tap_classes(s, axis);
}

tlk_int tlk_conv_phases(const tlk_conv_shape *s, int axis) {
  return s->transposed ? tlk_min(s->stride[axis], s->output[axis]) : 1;
}

tlk_conv_axis tlk_conv_axis_of(const tlk_conv_shape *s, int axis, tlk_int phase) {
  tlk_int stride = s->stride[axis], dilation = s->dilation[axis], padding = s->padding[axis];
  if (!s->transposed)
    return (tlk_conv_axis){.count = s->output[axis], .input = s->input[axis], .step = stride, .taps = s->kernel[axis],
                           .first = -padding, .tap_step = dilation, .out_step = 1};
  tlk_conv_axis a = {.count = tlk_ceil_div(s->output[axis] - phase, stride), .input = s->input[axis], .step = 1,
                     .out_first = phase, .out_step = stride};
  tlk_int classes = tlk_tap_classes(s, axis);
  for (tlk_int c = 0; c < classes; c++) {
    if ((phase + padding - c * dilation) % stride != 0) continue;
    a.tap_class = c;
    a.taps = tlk_class_taps(s, axis, c);
    a.tap_step = classes * dilation / stride;
    if (a.taps > 0) a.first = (phase + padding - tlk_class_tap(s, axis, c, 0) * dilation) / stride;
    break;
  }
  return a;
}

tlk_int tlk_taps_before(const tlk_conv_shape *s, const tlk_int classes[3]) {
  tlk_int before = 0, taps[3];
  for (int axis = 0; axis < 3; axis++) taps[axis] = tlk_class_taps(s, axis, classes[axis]);
  for (tlk_int d = 0; d < classes[0]; d++) before += tlk_class_taps(s, 0, d) * s->kernel[1] * s->kernel[2];
  for (tlk_int h = 0; h < classes[1]; h++) before += taps[0] * tlk_class_taps(s, 1, h) * s->kernel[2];
  for (tlk_int w = 0; w < classes[2]; w++) before += taps[0] * taps[1] * tlk_class_taps(s, 2, w);
  return before;
}

bool tlk_conv_is_depthwise(const tlk_conv_shape *s) {
  return !s->transposed && s->groups > 1 && s->input_channels == s->groups && s->output_channels == s->groups;
}

// Indices stay far from overflow when no single number is larger than this.
#define LARGEST ((tlk_int)1 << 31)

bool tlk_conv_shape_valid(const tlk_conv_shape *s) {
  if (s->groups < 1 || s->input_channels < 0 || s->output_channels < 0 || s->batch < 0) return false;
  if (s->input_channels % s->groups != 0 || s->output_channels % s->groups != 0) return false;
  tlk_int inputs = tlk_product(s->batch, s->input_channels), outputs = tlk_product(s->batch, s->output_channels);
  for (int axis = 0; axis < 3; axis++) {
    if (s->input[axis] < 0 || s->output[axis] < 0) return false;
    if (s->kernel[axis] < 1 || s->stride[axis] < 1 || s->dilation[axis] < 1) return false;
    if (s->kernel[axis] > LARGEST || s->stride[axis] > LARGEST || s->dilation[axis] > LARGEST) return false;
    if (s->input[axis] > LARGEST || s->output[axis] > LARGEST) return false;
    if (s->padding[axis] > LARGEST || s->padding[axis] < -LARGEST) return false;
    inputs = tlk_product(inputs, s->input[axis]);
    outputs = tlk_product(outputs, s->output[axis]);
  }
  return inputs >= 0 && outputs >= 0;
}
