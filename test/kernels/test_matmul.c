#include "reference.h"

static void check_matmul(tlk_int batch, tlk_int m, tlk_int n, tlk_int k, int variant) {
  begin_case("matmul batch=%td m=%td n=%td k=%td variant %d", batch, m, n, k, variant);
  tlk_matmul p = {.batch = batch, .m = m, .n = n, .k = k, .transpose_a = variant & 1, .transpose_b = variant & 2, .alpha = variant & 4 ? 0.125f : 1,
                  .a_dtype = variant & 8 ? TLK_F32 : TLK_F16, .b_dtype = variant & 16 ? TLK_F32 : TLK_F16,
                  .out_dtype = variant & 32 ? TLK_F32 : TLK_F16};
  tlk_int a_rows = p.transpose_a ? k : m, a_columns = p.transpose_a ? m : k, b_rows = p.transpose_b ? n : k, b_columns = p.transpose_b ? k : n;
  // Heads side by side, as attention has them: a row pitch of `batch` blocks.
  p.a_pitch = a_columns * batch, p.a_stride = a_columns;
  p.b_pitch = b_columns + 1, p.b_stride = b_rows * p.b_pitch;
  p.out_pitch = n * batch, p.out_stride = n;
  p.a = random_tensor(p.a_dtype, a_rows * p.a_pitch, -1, 1);
  p.b = random_tensor(p.b_dtype, batch * b_rows * p.b_pitch - 1, -1, 1);
  p.out = guarded((size_t)(m * n * batch * tlk_dtype_size(p.out_dtype)));
  p.epilogue = random_epilogue(variant % EPILOGUE_VARIANTS, m, n);
  if (p.epilogue.residual) {
    p.epilogue.residual_pitch = n * batch;
    p.epilogue.residual = random_tensor(p.epilogue.residual_dtype, m * n * batch, -1, 1);
  }
  expect_status(tlk_matmul_run(&p), TLK_OK, "run");
  for (tlk_int i = 0; i < batch; i++)
    for (tlk_int r = 0; r < m; r++)
      for (tlk_int c = 0; c < n; c++) {
        double sum = 0, magnitudes = 0;
        for (tlk_int d = 0; d < k; d++) {
          double x = element(p.a, p.a_dtype, i * p.a_stride + (p.transpose_a ? d * p.a_pitch + r : r * p.a_pitch + d)) *
                     element(p.b, p.b_dtype, i * p.b_stride + (p.transpose_b ? c * p.b_pitch + d : d * p.b_pitch + c));
          sum += x * p.alpha;
          magnitudes += fabs(x);
        }
        tlk_int at = r * p.out_pitch + i * n + c;
        tlk_epilogue e = p.epilogue;
        if (e.residual) e.residual = (const char *)e.residual + i * n * tlk_dtype_size(e.residual_dtype);
        double want = reference_epilogue(&e, sum, r, c);
        expect_near(element(p.out, p.out_dtype, at), want,
                    storage_error(p.out_dtype, want) + 2 * product_error(p.a_dtype, p.b_dtype, magnitudes) + 1e-6, "out", at);
      }
  release_guarded();
}

static void check_attention(tlk_int batch, tlk_int queries, tlk_int keys, tlk_int width, tlk_dtype dtype, int mask, bool transpose_k) {
  begin_case("attention batch=%td queries=%td keys=%td width=%td dtype %d mask %d transposed keys %d", batch, queries, keys, width, dtype,
             mask, transpose_k);
  tlk_int pitch = batch * width, offsets[16], k_offsets[16], *mask_offsets = NULL, zeros[16] = {0};
  const tlk_int k_pitch = transpose_k ? keys : pitch, key_step = transpose_k ? 1 : k_pitch, width_step = transpose_k ? k_pitch : 1;
  for (tlk_int i = 0; i < batch; i++) {
    offsets[i] = i * width;
    k_offsets[i] = transpose_k ? i * width * keys : offsets[i];
  }
  tlk_attention t = {.batch = batch, .queries = queries, .keys = keys, .width = width, .value_width = width, .q_pitch = pitch,
                     .k_pitch = k_pitch, .v_pitch = pitch, .out_pitch = pitch, .q_offsets = offsets, .k_offsets = k_offsets,
                     .v_offsets = offsets, .out_offsets = offsets, .transpose_k = transpose_k, .dtype = dtype, .mask_dtype = TLK_F16, .scale = 0.25f};
  t.q = random_tensor(dtype, queries * pitch, -2, 2);
  t.k = random_tensor(dtype, keys * pitch, -2, 2);
  t.v = random_tensor(dtype, keys * pitch, -2, 2);
  t.out = guarded((size_t)(queries * pitch * tlk_dtype_size(dtype)));
  if (mask) {
    uint16_t *values = random_tensor(TLK_F16, mask == 1 ? keys : queries * keys, -1, 1);
    for (tlk_int i = 1; i < keys; i += 3) values[i] = 0xfc00;  // -inf: not seen
    t.mask = values;
    t.mask_pitch = mask == 1 ? 0 : keys;
    if (mask == 2) mask_offsets = zeros;
    t.mask_offsets = mask_offsets;
  }
  expect_status(tlk_attention_run(&t), TLK_OK, "run");
  double *p = malloc((size_t)keys * 8);
  for (tlk_int b = 0; b < batch; b++)
    for (tlk_int q = 0; q < queries; q++) {
      double most = -INFINITY, total = 0;
      for (tlk_int k = 0; k < keys; k++) {
        double s = 0;
        for (tlk_int d = 0; d < width; d++)
          s += element(t.q, dtype, q * pitch + offsets[b] + d) * element(t.k, dtype, k_offsets[b] + k * key_step + d * width_step);
        p[k] = s * t.scale + (mask ? element(t.mask, TLK_F16, q * t.mask_pitch + k) : 0);
        most = fmax(most, p[k]);
      }
      for (tlk_int k = 0; k < keys; k++) total += p[k] = exp(p[k] - most);
      for (tlk_int d = 0; d < width; d++) {
        double want = 0;
        for (tlk_int k = 0; k < keys; k++) want += p[k] / total * element(t.v, dtype, k * pitch + offsets[b] + d);
        // Scores are sums of magnitudes below 4 * width / 4; their error is a relative one after the exponential.
        double bound = storage_error(dtype, want) + product_error(dtype, dtype, (double)width) + 1e-5;
        expect_near(element(t.out, dtype, q * pitch + offsets[b] + d), want, bound, "out", q * pitch + offsets[b] + d);
      }
    }
  free(p);
  release_guarded();
}

void test_matmul(void) {
  for (int variant = 0; variant < 64; variant++) check_matmul(1 + variant % 3, 5 + variant % 9, 18 + variant % 5, 21 + variant % 4, variant);
  check_matmul(1, 1, 100, 65, 2);
  check_matmul(2, 130, 70, 300, 0);
  check_matmul(2, 130, 70, 300, 3);
  check_matmul(1, 3, 4, 0, 1);
  check_matmul(1, 9, 50, 5000, 0);
  for (int mask = 0; mask < 3; mask++) {
    check_attention(3, 20, 33, 24, TLK_F16, mask, false);
    check_attention(3, 20, 33, 24, TLK_F16, mask, true);
    check_attention(2, 140, 130, 16, TLK_F32, mask, mask == 1);
  }
  check_attention(12, 128, 128, 32, TLK_F16, 1, false);
  check_attention(1, 1, 1, 5, TLK_F16, 0, true);
}
