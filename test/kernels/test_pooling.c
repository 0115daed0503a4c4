#include "reference.h"

static double reference_pool(const tlk_pool *p, tlk_int batch, const tlk_int o[3], tlk_int channel) {
  const tlk_conv_shape *s = &p->shape;
  double sum = 0, most = -INFINITY, inside = 0, padded = 0;
  tlk_int t[3], i[3];
  for (t[0] = 0; t[0] < s->kernel[0]; t[0]++)
    for (t[1] = 0; t[1] < s->kernel[1]; t[1]++)
      for (t[2] = 0; t[2] < s->kernel[2]; t[2]++) {
        bool in = true, in_padding = true;
        for (int axis = 0; axis < 3; axis++) {
          i[axis] = o[axis] * s->stride[axis] + t[axis] * s->dilation[axis] - s->padding[axis];
          in &= i[axis] >= 0 && i[axis] < s->input[axis];
          in_padding &= i[axis] < s->input[axis] + p->padding_after[axis];
        }
        padded += in_padding;
        if (!in) continue;
        inside++;
        tlk_int pixel = ((batch * s->input[0] + i[0]) * s->input[1] + i[1]) * s->input[2] + i[2];
        double v = element(p->input, p->input_dtype, pixel * p->input_pitch + channel);
        sum += p->kind == TLK_POOL_L2 ? v * v : v;
        most = isnan(v) || isnan(most) ? NAN : fmax(most, v);
      }
  switch (p->kind) {
    case TLK_POOL_MAX: return most;
    case TLK_POOL_AVERAGE: return sum / padded;
    case TLK_POOL_AVERAGE_INSIDE: return sum / inside;
    default: return sqrt(sum);
  }
}

static void check_pool(tlk_pool p, const char *name) {
  const tlk_conv_shape *s = &p.shape;
  begin_case("pooling %s kind %d", name, p.kind);
  tlk_int channels = s->input_channels, in_pixels = s->batch * s->input[0] * s->input[1] * s->input[2];
  tlk_int out_pixels = s->batch * s->output[0] * s->output[1] * s->output[2];
  p.input_pitch = channels + 1;
  p.output_pitch = channels + 2;
  void *input = random_tensor(p.input_dtype, (in_pixels - 1) * p.input_pitch + channels, -2, 1);
  if (p.input_dtype == TLK_F16) {
    ((uint16_t *)input)[0] = 0x7e00;
    ((uint16_t *)input)[in_pixels / 2 * p.input_pitch] = 0xfc00;
  }
  p.input = input;
  p.output = random_tensor(p.output_dtype, (out_pixels - 1) * p.output_pitch + channels, -1, 1);
  expect_status(tlk_pool_run(&p), TLK_OK, "run");
  tlk_int pixel = 0, o[3];
  for (tlk_int b = 0; b < s->batch; b++)
    for (o[0] = 0; o[0] < s->output[0]; o[0]++)
      for (o[1] = 0; o[1] < s->output[1]; o[1]++)
        for (o[2] = 0; o[2] < s->output[2]; o[2]++, pixel++)
          for (tlk_int c = 0; c < channels; c++) {
            double want = reference_activation(&p.activation, reference_pool(&p, b, o, c), c);
            expect_near(element(p.output, p.output_dtype, pixel * p.output_pitch + c), want,
                        storage_error(p.output_dtype, want) + 1e-6, "out", pixel * channels + c);
          }
  release_guarded();
}

void test_pooling(void) {
  for (tlk_pool_kind kind = TLK_POOL_MAX; kind <= TLK_POOL_L2; kind++) {
    tlk_pool p = {.shape = {2, {1, 11, 13}, {1, 6, 7}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, 21, 21, 1, false},
                  .padding_after = {0, 1, 1}, .kind = kind};
    check_pool(p, "3x3 stride 2");
    p.shape.output[1] = 7;  // one more window than the padding holds (ceil mode)
    p.output_dtype = TLK_F32;
    p.padding_after[1] = 2;
    check_pool(p, "3x3 stride 2, ceil");
    tlk_pool q = {.shape = {1, {4, 5, 6}, {3, 4, 5}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 8, 8, 1, false}, .kind = kind,
                  .input_dtype = TLK_F32, .activation = {.kind = TLK_ACT_SIGMOID}};
    check_pool(q, "3-D with activation");
    tlk_pool g = {.shape = {1, {1, 7, 7}, {1, 1, 1}, {1, 7, 7}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, 100, 100, 1, false}, .kind = kind};
    check_pool(g, "global");
  }
}
