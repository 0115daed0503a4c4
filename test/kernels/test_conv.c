#include "reference.h"

typedef struct {
  const char *name;
  tlk_conv_shape shape;
} conv_case;

static tlk_int weight_index(const tlk_conv_shape *s, tlk_int g, tlk_int c, tlk_int n, const tlk_int t[3]) {
  tlk_int channels = s->input_channels / s->groups, columns = s->output_channels / s->groups;
  tlk_int row = s->transposed ? (g * channels + c) * columns + n : (g * columns + n) * channels + c;
  return ((row * s->kernel[0] + t[0]) * s->kernel[1] + t[1]) * s->kernel[2] + t[2];
}

// Where tap t of output o reads along an axis; -1: nowhere.
static tlk_int input_of(const tlk_conv_shape *s, int axis, tlk_int o, tlk_int t) {
  tlk_int i;
  if (s->transposed) {
    i = o + s->padding[axis] - t * s->dilation[axis];
    if (i % s->stride[axis] != 0) return -1;
    i /= s->stride[axis];
  } else {
    i = o * s->stride[axis] + t * s->dilation[axis] - s->padding[axis];
  }
  return i < 0 || i >= s->input[axis] ? -1 : i;
}

static double reference_sum(const tlk_conv *conv, const void *w, tlk_int batch, const tlk_int o[3], tlk_int column, double *magnitudes) {
  const tlk_conv_shape *s = &conv->shape;
  tlk_int channels = s->input_channels / s->groups, columns = s->output_channels / s->groups, g = column / columns, t[3], i[3];
  double sum = 0;
  *magnitudes = 0;
  for (t[0] = 0; t[0] < s->kernel[0]; t[0]++)
    for (t[1] = 0; t[1] < s->kernel[1]; t[1]++)
      for (t[2] = 0; t[2] < s->kernel[2]; t[2]++) {
        for (int axis = 0; axis < 3; axis++) i[axis] = input_of(s, axis, o[axis], t[axis]);
        if (i[0] < 0 || i[1] < 0 || i[2] < 0) continue;
        tlk_int pixel = ((batch * s->input[0] + i[0]) * s->input[1] + i[1]) * s->input[2] + i[2];
        for (tlk_int c = 0; c < channels; c++) {
          double p = element(conv->input, conv->input_dtype, pixel * conv->input_pitch + g * channels + c) *
                     element(w, conv->weight_dtype, weight_index(s, g, c, column % columns, t));
          sum += p;
          *magnitudes += fabs(p);
        }
      }
  return sum;
}

static void check_conv(const conv_case *test, int variant) {
  const tlk_conv_shape *s = &test->shape;
  tlk_dtype input_type = variant & 1 ? TLK_F32 : TLK_F16, weight_type = variant & 2 ? TLK_F32 : TLK_F16;
  tlk_dtype output_type = variant & 4 ? TLK_F32 : TLK_F16;
  begin_case("conv %s variant %d", test->name, variant);
  tlk_int in_pixels = s->batch * s->input[0] * s->input[1] * s->input[2];
  tlk_int out_pixels = s->batch * s->output[0] * s->output[1] * s->output[2];
  tlk_int taps = s->kernel[0] * s->kernel[1] * s->kernel[2];
  tlk_int in_pitch = s->input_channels + variant, out_pitch = s->output_channels + variant % 3;
  void *w = random_tensor(weight_type, s->output_channels * s->input_channels / s->groups * taps, -1, 1);
  tlk_conv conv = {.shape = *s, .input_pitch = in_pitch, .output_pitch = out_pitch, .input_dtype = input_type,
                   .weight_dtype = weight_type, .output_dtype = output_type};
  conv.input = random_tensor(input_type, (in_pixels - 1) * in_pitch + s->input_channels, -1, 1);
  conv.output = random_tensor(output_type, (out_pixels - 1) * out_pitch + s->output_channels, -1, 1);
  void *packed = guarded((size_t)tlk_conv_packed_bytes(s, weight_type));
  expect_status(tlk_conv_weights(s, w, weight_type, packed, weight_type), TLK_OK, "pack");
  conv.packed = packed;
  conv.epilogue = random_epilogue(variant, out_pixels, s->output_channels);
  expect_status(tlk_conv_run(&conv), TLK_OK, "run");
  tlk_int pixel = 0, o[3];
  for (tlk_int b = 0; b < s->batch; b++)
    for (o[0] = 0; o[0] < s->output[0]; o[0]++)
      for (o[1] = 0; o[1] < s->output[1]; o[1]++)
        for (o[2] = 0; o[2] < s->output[2]; o[2]++, pixel++)
          for (tlk_int column = 0; column < s->output_channels; column++) {
            double magnitudes, sum = reference_sum(&conv, w, b, o, column, &magnitudes);
            double want = reference_epilogue(&conv.epilogue, sum, pixel, column);
            double bound = storage_error(output_type, want) + 2 * product_error(input_type, weight_type, magnitudes) + 1e-6;
            expect_near(element(conv.output, output_type, pixel * out_pitch + column), want, bound, "out",
                        pixel * s->output_channels + column);
          }
  release_guarded();
}

#define ONES {1, 1, 1}
static const conv_case cases[] = {
    {"1x1", {1, {1, 9, 11}, {1, 9, 11}, ONES, ONES, ONES, {0}, 20, 35, 1, false}},
    {"1x1 stride 2", {2, {1, 9, 11}, {1, 5, 6}, ONES, {1, 2, 2}, ONES, {0}, 20, 35, 1, false}},
    {"3x3 padded", {1, {1, 14, 15}, {1, 14, 15}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 24, 33, 1, false}},
    {"3x3 stride 2, three channels", {1, {1, 31, 29}, {1, 16, 15}, {1, 3, 3}, {1, 2, 2}, ONES, {0, 1, 1}, 3, 32, 1, false}},
    {"7x7 stride 2, batch 2", {2, {1, 20, 21}, {1, 10, 11}, {1, 7, 7}, {1, 2, 2}, ONES, {0, 3, 3}, 3, 16, 1, false}},
    {"5x3 dilated, uneven padding", {1, {1, 12, 17}, {1, 10, 11}, {1, 5, 3}, ONES, {1, 2, 3}, {0, 3, 0}, 5, 7, 1, false}},
    {"wide line", {1, {1, 3, 300}, {1, 3, 300}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 4, 6, 1, false}},
    {"cropping (negative padding)", {1, {1, 12, 12}, {1, 8, 8}, {1, 3, 3}, ONES, ONES, {0, -1, -1}, 6, 5, 1, false}},
    {"grouped", {1, {1, 7, 8}, {1, 7, 8}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 12, 54, 3, false}},
    {"depthwise, two columns per channel", {1, {1, 7, 8}, {1, 7, 8}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 5, 10, 5, false}},
    {"1-D", {2, {1, 1, 40}, {1, 1, 19}, {1, 1, 5}, {1, 1, 2}, ONES, {0, 0, 1}, 10, 18, 1, false}},
    {"3-D", {1, {5, 6, 7}, {3, 6, 4}, {3, 3, 2}, {2, 1, 2}, ONES, {1, 1, 0}, 4, 9, 1, false}},
    {"kernel smaller than stride", {1, {1, 13, 13}, {1, 4, 4}, {1, 2, 2}, {1, 4, 4}, ONES, {0}, 6, 20, 1, false}},
    {"many channels", {1, {1, 7, 7}, {1, 7, 7}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 260, 40, 1, false}},
    {"3x3 dilated, two blocks of rows", {1, {1, 11, 13}, {1, 7, 9}, {1, 3, 3}, ONES, {1, 2, 2}, {0}, 40, 50, 1, false}},
    {"depthwise 3x3", {2, {1, 13, 14}, {1, 13, 14}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 37, 37, 37, false}},
    {"depthwise 5x5 stride 2", {1, {1, 17, 19}, {1, 9, 10}, {1, 5, 5}, {1, 2, 2}, ONES, {0, 2, 2}, 24, 24, 24, false}},
    {"depthwise dilated 1-D", {1, {1, 1, 33}, {1, 1, 29}, {1, 1, 3}, ONES, {1, 1, 2}, {0}, 16, 16, 16, false}},
    {"depthwise 3-D", {1, {4, 5, 6}, {4, 5, 6}, {3, 3, 3}, ONES, ONES, {1, 1, 1}, 9, 9, 9, false}},
    {"depthwise, many channels", {1, {1, 14, 14}, {1, 14, 14}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 400, 400, 400, false}},
    {"depthwise 3x3 stride 2, whole vectors", {2, {1, 15, 21}, {1, 8, 11}, {1, 3, 3}, {1, 2, 2}, ONES, {0, 1, 1}, 48, 48, 48, false}},
    {"depthwise 5x5, whole vectors", {1, {1, 12, 13}, {1, 12, 13}, {1, 5, 5}, ONES, ONES, {0, 2, 2}, 32, 32, 32, false}},
    {"depthwise 5x5 on 3x3", {1, {1, 3, 3}, {1, 3, 3}, {1, 5, 5}, ONES, ONES, {0, 2, 2}, 16, 16, 16, false}},
    {"depthwise, one column", {1, {1, 9, 1}, {1, 9, 1}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 16, 16, 16, false}},
    {"depthwise, two columns", {1, {1, 9, 4}, {1, 9, 2}, {1, 3, 5}, {1, 1, 2}, ONES, {0, 1, 1}, 16, 16, 16, false}},
    {"depthwise dilated lines, four columns", {1, {2, 9, 6}, {2, 5, 4}, {1, 3, 3}, ONES, {1, 2, 1}, {0}, 16, 16, 16, false}},
    {"depthwise by blocks of channels", {1, {1, 7, 8}, {1, 7, 8}, {1, 3, 3}, ONES, ONES, {0, 1, 1}, 208, 208, 208, false}},
    {"1x1, 24 columns", {1, {1, 9, 11}, {1, 9, 11}, ONES, ONES, ONES, {0}, 20, 24, 1, false}},
    {"transposed 2x2 stride 2", {1, {1, 6, 7}, {1, 12, 14}, {1, 2, 2}, {1, 2, 2}, ONES, {0}, 18, 20, 1, true}},
    {"transposed 4x4 stride 2 padded", {2, {1, 5, 6}, {1, 10, 12}, {1, 4, 4}, {1, 2, 2}, ONES, {0, 1, 1}, 7, 33, 1, true}},
    {"transposed 3x3 stride 2, output padding", {1, {1, 5, 6}, {1, 10, 12}, {1, 3, 3}, {1, 2, 2}, ONES, {0, 1, 1}, 8, 6, 2, true}},
    {"transposed 3x3 stride 1", {1, {1, 6, 6}, {1, 8, 8}, {1, 3, 3}, ONES, ONES, {0}, 5, 6, 1, true}},
    {"transposed 2x2 stride 3 (outputs without taps)", {1, {1, 4, 4}, {1, 12, 12}, {1, 2, 2}, {1, 3, 3}, ONES, {0}, 5, 6, 1, true}},
    {"transposed dilated", {1, {1, 6, 5}, {1, 15, 13}, {1, 3, 3}, {1, 2, 2}, {1, 2, 2}, {0, 0, 0}, 5, 6, 1, true}},
    {"transposed dilation 3, stride 2", {1, {1, 6, 5}, {1, 17, 15}, {1, 3, 3}, {1, 2, 2}, {1, 3, 3}, {0, 1, 0}, 5, 6, 1, true}},
    {"transposed depthwise 1-D", {1, {1, 1, 9}, {1, 1, 18}, {1, 1, 4}, {1, 1, 2}, ONES, {0, 0, 1}, 6, 6, 6, true}},
    {"transposed 3-D", {1, {2, 3, 3}, {4, 6, 6}, {2, 2, 2}, {2, 2, 2}, ONES, {0}, 4, 5, 1, true}},
};

void test_conv(void) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int variant = 0; variant < EPILOGUE_VARIANTS; variant++)
      if (variant % 3 == (int)(i % 3) || variant == 1) check_conv(&cases[i], variant);
  begin_case("conv with groups that do not divide");
  tlk_conv_shape bad = cases[2].shape;
  bad.groups = 5;
  expect_true(tlk_conv_packed_bytes(&bad, TLK_F16) == -1, "refused");
  bad = cases[2].shape;
  bad.stride[1] = 0;
  expect_true(tlk_conv_packed_bytes(&bad, TLK_F16) == -1, "stride 0 refused");
  bad = cases[2].shape;
  bad.input_channels = PTRDIFF_MAX / 2;
  expect_true(tlk_conv_packed_bytes(&bad, TLK_F16) == -1, "overflow refused");
}
