#include "reference.h"

// Statistics in f32 over n elements: a few units of 2^-23, amplified by the division; results are of magnitude 1…10.
#define NORM_ERROR 2e-5

static void check_softmax(tlk_int outer, tlk_int axis, tlk_int inner, tlk_dtype in, tlk_dtype out) {
  begin_case("softmax %td %td %td dtypes %d %d", outer, axis, inner, in, out);
  tlk_int count = outer * axis * inner;
  void *x = random_tensor(in, count, -9, 9), *y = guarded((size_t)(count * tlk_dtype_size(out)));
  if (in == TLK_F16 && axis > 3) {
    uint16_t *h = x;
    h[inner] = 0xfc00;  // -inf: probability 0
    if (outer > 1) h[axis * inner] = 0x7e00, h[axis * inner + inner] = 0x3c00;  // NaN: the whole slice
  }
  expect_status(tlk_softmax(x, in, y, out, outer, axis, inner), TLK_OK, "run");
  for (tlk_int o = 0; o < outer; o++)
    for (tlk_int i = 0; i < inner; i++) {
      double most = -INFINITY, total = 0;
      for (tlk_int a = 0; a < axis; a++) most = fmax(most, element(x, in, (o * axis + a) * inner + i));
      for (tlk_int a = 0; a < axis; a++) total += exp(element(x, in, (o * axis + a) * inner + i) - most);
      for (tlk_int a = 0; a < axis; a++) {
        tlk_int at = (o * axis + a) * inner + i;
        double want = exp(element(x, in, at) - most) / total;
        // The distance from the maximum, up to 18, is rounded to 24 bits before its exponential: 18 * 2^-24, and as much for the sum.
        expect_near(element(y, out, at), want, storage_error(out, want) + want * 3e-6, "out", at);
      }
    }
  release_guarded();
}

static void check_norms(tlk_int rows, tlk_int columns, tlk_dtype in, tlk_dtype out, bool parameters, bool with_residual) {
  begin_case("row norms %td x %td dtypes %d %d parameters %d residual %d", rows, columns, in, out, parameters, with_residual);
  tlk_int count = rows * columns;
  void *x = random_tensor(in, count, 3, 5), *residual = with_residual ? random_tensor(in, count, -1, 1) : NULL;
  void *layer = guarded((size_t)(count * tlk_dtype_size(out))), *rms = guarded((size_t)(count * tlk_dtype_size(out)));
  void *l2 = guarded((size_t)(count * tlk_dtype_size(out)));
  float *gamma = parameters ? random_tensor(TLK_F32, columns, -2, 2) : NULL, *beta = parameters ? random_tensor(TLK_F32, columns, -2, 2) : NULL;
  const float epsilon = 1e-5f;
  expect_status(tlk_layer_norm(x, in, residual, layer, out, rows, columns, gamma, beta, epsilon), TLK_OK, "layer_norm");
  expect_status(tlk_rms_norm(x, in, rms, out, rows, columns, gamma, epsilon), TLK_OK, "rms_norm");
  expect_status(tlk_l2_norm(x, in, l2, out, rows, columns, epsilon), TLK_OK, "l2_norm");
  for (tlk_int r = 0; r < rows; r++) {
    double mean = 0, variance = 0, squares = 0;
#define X(C) (element(x, in, r * columns + (C)) + (with_residual ? element(residual, in, r * columns + (C)) : 0))
    for (tlk_int c = 0; c < columns; c++) mean += X(c) / (double)columns, squares += pow(element(x, in, r * columns + c), 2);
    for (tlk_int c = 0; c < columns; c++) variance += pow(X(c) - mean, 2) / (double)columns;
    for (tlk_int c = 0; c < columns; c++) {
      double g = gamma ? gamma[c] : 1, b = beta ? beta[c] : 0, value = element(x, in, r * columns + c);
      double want = (X(c) - mean) / sqrt(variance + epsilon) * g + b;
      expect_near(element(layer, out, r * columns + c), want, storage_error(out, want) + NORM_ERROR, "layer_norm", r * columns + c);
      want = value / sqrt(squares / (double)columns + epsilon) * g;
      expect_near(element(rms, out, r * columns + c), want, storage_error(out, want) + NORM_ERROR, "rms_norm", r * columns + c);
      want = value / sqrt(squares + epsilon);
      expect_near(element(l2, out, r * columns + c), want, storage_error(out, want) + NORM_ERROR, "l2_norm", r * columns + c);
    }
  }
  release_guarded();
}

static void check_channels(tlk_int batch, tlk_int pixels, tlk_int channels, tlk_dtype in, tlk_dtype out) {
  begin_case("channel norms %td x %td x %td dtypes %d %d", batch, pixels, channels, in, out);
  tlk_int count = batch * pixels * channels;
  void *x = random_tensor(in, count, 1, 3), *instance = guarded((size_t)(count * tlk_dtype_size(out)));
  void *scaled = guarded((size_t)(count * tlk_dtype_size(out))), *response = guarded((size_t)(count * tlk_dtype_size(out)));
  float *gamma = random_tensor(TLK_F32, channels, -2, 2), *beta = random_tensor(TLK_F32, channels, -2, 2);
  const tlk_activation act = {.kind = TLK_ACT_LEAKY_RELU, .alpha = 0.1f};
  expect_status(tlk_instance_norm(x, in, instance, out, batch, pixels, channels, gamma, beta, 1e-3f), TLK_OK, "instance_norm");
  expect_status(tlk_scale_shift(x, in, scaled, out, batch * pixels, channels, channels, channels, gamma, beta, &act), TLK_OK, "scale_shift");
  expect_status(tlk_local_response_norm(x, in, response, out, batch * pixels, channels, 5, 0.5f, 0.75f, 2), TLK_OK, "local_response_norm");
  for (tlk_int b = 0; b < batch; b++)
    for (tlk_int c = 0; c < channels; c++) {
      double mean = 0, variance = 0;
#define AT(P) ((b * pixels + (P)) * channels + c)
      for (tlk_int p = 0; p < pixels; p++) mean += element(x, in, AT(p)) / (double)pixels;
      for (tlk_int p = 0; p < pixels; p++) variance += pow(element(x, in, AT(p)) - mean, 2) / (double)pixels;
      for (tlk_int p = 0; p < pixels; p++) {
        double value = element(x, in, AT(p)), want = (value - mean) / sqrt(variance + 1e-3f) * gamma[c] + beta[c];
        expect_near(element(instance, out, AT(p)), want, storage_error(out, want) + NORM_ERROR, "instance_norm", AT(p));
        want = reference_activation(&act, value * gamma[c] + beta[c], c);
        expect_near(element(scaled, out, AT(p)), want, storage_error(out, want) + 1e-6, "scale_shift", AT(p));
        double sum = 0;
        for (tlk_int k = c - 2; k <= c + 2; k++)
          if (k >= 0 && k < channels) sum += pow(element(x, in, AT(p) - c + k), 2);
        want = value / pow(2 + 0.5 / 5 * sum, 0.75);
        expect_near(element(response, out, AT(p)), want, storage_error(out, want) + 1e-5, "local_response_norm", AT(p));
      }
    }
  release_guarded();
}

void test_normalization(void) {
  static const tlk_int lengths[] = {1, 5, 8, 17, 100, 384, 1000};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    check_softmax(3, lengths[i], 1, i & 1 ? TLK_F32 : TLK_F16, i & 2 ? TLK_F32 : TLK_F16);
    check_softmax(2, lengths[i], 37, i & 1 ? TLK_F32 : TLK_F16, i & 2 ? TLK_F32 : TLK_F16);
    check_norms(7, lengths[i], i & 1 ? TLK_F32 : TLK_F16, i & 2 ? TLK_F32 : TLK_F16, i % 3 != 0, i % 3 == 1);
  }
  check_norms(700, 33, TLK_F16, TLK_F16, true, false);
  check_softmax(1, 70000, 1, TLK_F16, TLK_F32);
  check_channels(2, 77, 5, TLK_F16, TLK_F16);
  check_channels(1, 200, 130, TLK_F16, TLK_F32);
  check_channels(3, 1, 64, TLK_F32, TLK_F32);
}
