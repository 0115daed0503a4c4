#include "check.h"

static void check_resize(tlk_int channels, tlk_dtype in, tlk_dtype out, bool bilinear) {
  begin_case("resize channels %td dtypes %d %d bilinear %d", channels, in, out, bilinear);
  enum { H = 5, W = 7, OH = 11, OW = 6 };
  int32_t low_y[OH], high_y[OH], low_x[OW], high_x[OW];
  float weight_y[OH], weight_x[OW];
  for (int i = 0; i < OH; i++) {
    float at = (float)i * (H - 1) / (OH - 1);
    low_y[i] = (int32_t)at, high_y[i] = low_y[i] + 1 < H ? low_y[i] + 1 : H - 1, weight_y[i] = at - (float)low_y[i];
  }
  for (int i = 0; i < OW; i++) {
    float at = (float)i * (W - 1) / (OW - 1);
    low_x[i] = (int32_t)at, high_x[i] = low_x[i] + 1 < W ? low_x[i] + 1 : W - 1, weight_x[i] = at - (float)low_x[i];
  }
  tlk_int ip = channels + 2, op = channels + 1;
  tlk_resize r = {.batch = 2, .channels = channels, .input_height = H, .input_width = W, .output_height = OH, .output_width = OW,
                  .input_pitch = ip, .output_pitch = op, .rows = {low_y, bilinear ? high_y : NULL, bilinear ? weight_y : NULL},
                  .columns = {low_x, bilinear ? high_x : NULL, bilinear ? weight_x : NULL}, .input_dtype = in, .output_dtype = out};
  r.input = random_tensor(in, (2 * H * W - 1) * ip + channels, -2, 2);
  r.output = random_tensor(out, (2 * OH * OW - 1) * op + channels, -2, 2);
  expect_status(tlk_resize_run(&r), TLK_OK, "run");
#define AT(Y, X) element(r.input, in, ((b * H + (Y)) * W + (X)) * ip + c)
  for (tlk_int b = 0; b < 2; b++)
    for (int y = 0; y < OH; y++)
      for (int x = 0; x < OW; x++)
        for (tlk_int c = 0; c < channels; c++) {
          double want = AT(low_y[y], low_x[x]);
          if (bilinear) {
            double top = want * (1 - weight_x[x]) + AT(low_y[y], high_x[x]) * weight_x[x];
            double bottom = AT(high_y[y], low_x[x]) * (1 - weight_x[x]) + AT(high_y[y], high_x[x]) * weight_x[x];
            want = top * (1 - weight_y[y]) + bottom * weight_y[y];
          }
          expect_near(element(r.output, out, ((b * OH + y) * OW + x) * op + c), want, bilinear || in != out ? storage_error(out, want) + 1e-6 : 0, "out", (y * OW + x) * channels + c);
        }
  low_x[2] = W;
  expect_status(tlk_resize_run(&r), TLK_E_ARGUMENT, "index outside");
  release_guarded();
}

void test_resize(void) {
  check_resize(1, TLK_F16, TLK_F16, true);
  check_resize(37, TLK_F16, TLK_F32, true);
  check_resize(16, TLK_F32, TLK_F16, true);
  check_resize(37, TLK_F16, TLK_F16, false);
  check_resize(3, TLK_U8, TLK_U8, false);
  check_resize(5, TLK_F32, TLK_F16, false);
}
