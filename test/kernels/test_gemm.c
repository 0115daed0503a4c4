#include "reference.h"

static void check_gemm(tlk_int m, tlk_int n, tlk_int k, tlk_dtype a_type, tlk_dtype w_type, tlk_dtype out_type, int variant) {
  begin_case("gemm m=%td n=%td k=%td dtypes %d%d%d epilogue %d", m, n, k, a_type, w_type, out_type, variant);
  tlk_int a_pitch = k + 5, out_pitch = n + 2;
  void *a = random_tensor(a_type, (m - 1) * a_pitch + k, -1, 1), *w = random_tensor(w_type, n * k, -1, 1);
  void *out = random_tensor(out_type, (m - 1) * out_pitch + n, -1, 1);
  tlk_weights source = {.data = w, .dtype = w_type, .columns = n, .taps = 1, .channels = k, .column_stride = k, .channel_stride = 1};
  void *packed = guarded((size_t)tlk_weights_packed_bytes(n, 1, k, w_type));
  expect_status(tlk_weights_pack(&source, packed, w_type), TLK_OK, "pack");
  tlk_gemm g = {.m = m, .n = n, .k = k, .a = a, .packed = packed, .out = out, .a_pitch = a_pitch, .out_pitch = out_pitch,
                .a_dtype = a_type, .w_dtype = w_type, .out_dtype = out_type, .epilogue = random_epilogue(variant, m, n)};
  double untouched = m > 1 ? element(out, out_type, n) : 0;
  expect_status(tlk_gemm_run(&g), TLK_OK, "run");
  for (tlk_int r = 0; r < m; r++)
    for (tlk_int c = 0; c < n; c++) {
      double sum = 0, magnitudes = 0;
      for (tlk_int i = 0; i < k; i++) {
        double product = element(a, a_type, r * a_pitch + i) * element(w, w_type, c * k + i);
        sum += product;
        magnitudes += fabs(product);
      }
      double want = reference_epilogue(&g.epilogue, sum, r, c);
      // The epilogue may double an error (scale) and round once more.
      double bound = storage_error(out_type, want) + 2 * product_error(a_type, w_type, magnitudes);
      expect_near(element(out, out_type, r * out_pitch + c), want, bound, "out", r * n + c);
    }
  if (m > 1) expect_true(element(out, out_type, n) == untouched, "elements between rows stay");
  release_guarded();
}

static void check_special_values(tlk_int m) {
  begin_case("gemm m=%td with infinities, NaN, subnormal and overflowing numbers", m);
  const tlk_int n = 39, k = 75;
  uint16_t *a = random_tensor(TLK_F16, m * k, 0.5f, 1), *w = random_tensor(TLK_F16, n * k, 0.5f, 1);
  static const uint16_t specials[] = {0x7c00, 0xfc00, 0x7e00, 0x7c01, 0x7fff, 0xffff};
  // One special number in each of the first rows of a and first columns of w; then a row that overflows f16 and one of f16's smallest numbers.
  for (int i = 0; i < 6; i++) {
    if (i < m) a[i * k + i * 14] = specials[i];
    w[i * k + 74 - i * 11] = specials[i];
  }
  for (int i = 0; m > 7 && i < k; i++) {
    a[6 * k + i] = 0x7bff;
    a[7 * k + i] = 0x0001;
  }
  tlk_weights source = {.data = w, .dtype = TLK_F16, .columns = n, .taps = 1, .channels = k, .column_stride = k, .channel_stride = 1};
  void *packed = guarded((size_t)tlk_weights_packed_bytes(n, 1, k, TLK_F16));
  tlk_weights_pack(&source, packed, TLK_F16);
  uint16_t *out = guarded((size_t)(m * n * 2));
  tlk_gemm g = {.m = m, .n = n, .k = k, .a = a, .packed = packed, .out = out, .a_pitch = k, .out_pitch = n};
  for (int act = 0; act < 2; act++) {
    g.epilogue.activation.kind = act ? TLK_ACT_RELU : TLK_ACT_NONE;
    expect_status(tlk_gemm_run(&g), TLK_OK, "run");
    for (tlk_int r = 0; r < m; r++)
      for (tlk_int c = 0; c < n; c++) {
        double sum = 0;
        for (tlk_int i = 0; i < k; i++) sum += (double)half_to_float(a[r * k + i]) * half_to_float(w[c * k + i]);
        double want = reference_epilogue(&g.epilogue, sum, r, c), bound = storage_error(TLK_F16, want) + product_error(TLK_F16, TLK_F16, fabs(sum));
        expect_near(half_to_float(out[r * n + c]), fabs(want) >= 65520 ? copysign(INFINITY, want) : want, bound, "out", r * n + c);
      }
  }
  release_guarded();
}

static void check_prologue(tlk_int m, tlk_int n, tlk_int k, tlk_dtype a_type) {
  begin_case("gemm with a prologue m=%td n=%td k=%td dtype %d", m, n, k, a_type);
  tlk_int a_pitch = k + 3;
  void *a = random_tensor(a_type, (m - 1) * a_pitch + k, -1, 1), *w = random_tensor(TLK_F16, n * k, -1, 1);
  float *scale = random_tensor(TLK_F32, k, -2, 2), *shift = random_tensor(TLK_F32, k, -1, 1), *out = guarded((size_t)(m * n * 4));
  tlk_weights source = {.data = w, .dtype = TLK_F16, .columns = n, .taps = 1, .channels = k, .column_stride = k, .channel_stride = 1};
  void *packed = guarded((size_t)tlk_weights_packed_bytes(n, 1, k, TLK_F16));
  tlk_weights_pack(&source, packed, TLK_F16);
  tlk_gemm g = {.m = m, .n = n, .k = k, .a = a, .packed = packed, .out = out, .a_pitch = a_pitch, .out_pitch = n, .a_dtype = a_type,
                .w_dtype = TLK_F16, .out_dtype = TLK_F32, .prologue = {.scale = scale, .shift = shift, .low = 0, .high = 1.5f}};
  expect_status(tlk_gemm_run(&g), TLK_OK, "run");
  for (tlk_int r = 0; r < m; r++)
    for (tlk_int c = 0; c < n; c++) {
      double sum = 0, magnitudes = 0;
      for (tlk_int i = 0; i < k; i++) {
        double x = fmin(fmax(element(a, a_type, r * a_pitch + i) * scale[i] + shift[i], 0), 1.5);
        sum += x * element(w, TLK_F16, c * k + i);
        magnitudes += fabs(x * element(w, TLK_F16, c * k + i)) + 1e-6;
      }
      expect_near(out[r * n + c], sum, 2 * product_error(TLK_F32, TLK_F16, magnitudes), "out", r * n + c);
    }
  release_guarded();
}

// Rounded to f16, gelu has an approximation of its own: every f16 number goes through it.
static void check_gelu_of_all_halves(void) {
  begin_case("gelu of every f16 number");
  enum { COUNT = 65536 };
  uint16_t *a = guarded(COUNT * 2), *out = guarded(COUNT * 2), one = 0x3c00;
  for (int i = 0; i < COUNT; i++) a[i] = (uint16_t)i;
  tlk_weights source = {.data = &one, .dtype = TLK_F16, .columns = 1, .taps = 1, .channels = 1, .column_stride = 1, .channel_stride = 1};
  void *packed = guarded((size_t)tlk_weights_packed_bytes(1, 1, 1, TLK_F16));
  tlk_weights_pack(&source, packed, TLK_F16);
  tlk_gemm g = {.m = COUNT, .n = 1, .k = 1, .a = a, .packed = packed, .out = out, .a_pitch = 1, .out_pitch = 1,
                .epilogue.activation.kind = TLK_ACT_GELU};
  expect_status(tlk_gemm_run(&g), TLK_OK, "run");
  for (int i = 0; i < COUNT; i++) {
    double x = half_to_float(a[i]), want = i == 0xfc00 ? 0 : x / 2 * erfc(-x / sqrt(2));
    expect_near(half_to_float(out[i]), want, storage_error(TLK_F16, want) + fabs(want) * 4e-6 + 2e-8, "out", i);
  }
  release_guarded();
}

// Rounded to bf16 where the instruction set gains by it, exact as always elsewhere.
static void check_fast(void) {
  tlk_set_fast_products(true);
  expect_true(tlk_fast_products(), "fast products are on");
  check_gemm(70, 50, 100, TLK_F16, TLK_F16, TLK_F16, 1);
  check_gemm(17, 16, 33, TLK_F16, TLK_F16, TLK_F32, 3);
  check_gemm(40, 40, 40, TLK_F32, TLK_F16, TLK_F32, 0);
  check_gemm(40, 40, 40, TLK_F16, TLK_F32, TLK_F32, 0);
  tlk_set_fast_products(false);
}

void test_gemm(void) {
  static const tlk_int rows[] = {1, 2, 3, 4, 5, 6, 7, 13, 29, 130}, columns[] = {1, 15, 16, 17, 33, 48, 70}, depths[] = {1, 3, 8, 37, 130};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++)
      for (size_t l = 0; l < sizeof depths / sizeof depths[0]; l++) {
        int n = (int)(i * 7 + j * 5 + l);
        check_gemm(rows[i], columns[j], depths[l], n & 1 ? TLK_F32 : TLK_F16, n & 2 ? TLK_F32 : TLK_F16, n % 3 ? TLK_F16 : TLK_F32,
                   n % EPILOGUE_VARIANTS);
      }
  check_gemm(4, 20, 0, TLK_F16, TLK_F16, TLK_F16, 8);
  check_gemm(67, 130, 600, TLK_F16, TLK_F16, TLK_F16, 1);
  for (tlk_int k = 1; k < 40; k += 6) check_prologue(7 + k, 33, k, k % 4 == 1 ? TLK_F16 : TLK_F32);
  check_prologue(130, 48, 200, TLK_F16);
  check_gemm(64, 64, 256, TLK_F16, TLK_F16, TLK_F32, 7);
  check_special_values(1);
  check_special_values(20);
  check_special_values(37);
  check_gelu_of_all_halves();
  check_fast();
}
