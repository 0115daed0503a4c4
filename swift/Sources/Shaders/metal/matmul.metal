// Products of matrices, sums in float, rounded once.
#include <metal_stdlib>
using namespace metal;

struct Product {
  uint m, n, k;
  uint a_row, a_column;  // strides in elements
  uint b_row, b_column;
  uint a_batch, b_batch;
  uint has_bias;
};

// out[m][n] = sum over k of a[m][k] * b[k][n]. A thread makes 4 rows by 8 columns; b's rows are contiguous.
// grid: n / 8, m / 4 (rounded up), batch.
kernel void matmul_f16(device const half *a [[buffer(0)]], device const half *b [[buffer(1)]],
                       device half *out [[buffer(2)]], constant Product &p [[buffer(3)]],
                       uint3 i [[thread_position_in_grid]]) {
  uint row = i.y * 4, column = i.x * 8;
  if (row >= p.m || column >= p.n) return;
  a += i.z * p.a_batch;
  b += i.z * p.b_batch;
  out += i.z * p.m * p.n;
  // Rows behind the last repeat it; they are not stored.
  uint last = p.m - 1;
  device const half *a0 = a + row * p.a_row;
  device const half *a1 = a + min(row + 1, last) * p.a_row;
  device const half *a2 = a + min(row + 2, last) * p.a_row;
  device const half *a3 = a + min(row + 3, last) * p.a_row;
  float sums[4][8] = {};
  if (column + 8 <= p.n && p.b_column == 1) {
    for (uint k = 0; k < p.k; k++) {
      float x0 = a0[k * p.a_column], x1 = a1[k * p.a_column], x2 = a2[k * p.a_column], x3 = a3[k * p.a_column];
      device const half *line = b + k * p.b_row + column;
      for (uint c = 0; c < 8; c++) {
        float y = line[c];
        sums[0][c] += x0 * y;
        sums[1][c] += x1 * y;
        sums[2][c] += x2 * y;
        sums[3][c] += x3 * y;
      }
    }
  } else {
    for (uint k = 0; k < p.k; k++) {
      float x0 = a0[k * p.a_column], x1 = a1[k * p.a_column], x2 = a2[k * p.a_column], x3 = a3[k * p.a_column];
      for (uint c = 0; c < 8; c++) {
        float y = b[k * p.b_row + min(column + c, p.n - 1) * p.b_column];
        sums[0][c] += x0 * y;
        sums[1][c] += x1 * y;
        sums[2][c] += x2 * y;
        sums[3][c] += x3 * y;
      }
    }
  }
  for (uint r = 0; r < 4 && row + r < p.m; r++)
    for (uint c = 0; c < 8 && column + c < p.n; c++) out[(row + r) * p.n + column + c] = half(sums[r][c]);
}

// out[m][n] = sum over k of x[m][k] * w[n][k] + bias[n]. A thread makes 2 rows by 2 columns, four k at a time.
// grid: n / 2, m / 2 (rounded up).
kernel void linear_f16(device const half *x [[buffer(0)]], device const half *w [[buffer(1)]],
                       device const half *bias [[buffer(2)]], device half *out [[buffer(3)]],
                       constant Product &p [[buffer(4)]], uint2 i [[thread_position_in_grid]]) {
  uint row = i.y * 2, column = i.x * 2;
  if (row >= p.m || column >= p.n) return;
  device const half *x0 = x + row * p.k, *x1 = x + min(row + 1, p.m - 1) * p.k;
  device const half *w0 = w + column * p.k, *w1 = w + min(column + 1, p.n - 1) * p.k;
  float4 s00 = 0, s01 = 0, s10 = 0, s11 = 0;
  uint k = 0;
  for (; k + 4 <= p.k; k += 4) {
    float4 xa = float4(x0[k], x0[k + 1], x0[k + 2], x0[k + 3]), xb = float4(x1[k], x1[k + 1], x1[k + 2], x1[k + 3]);
    float4 wa = float4(w0[k], w0[k + 1], w0[k + 2], w0[k + 3]), wb = float4(w1[k], w1[k + 1], w1[k + 2], w1[k + 3]);
    s00 += xa * wa;
    s01 += xa * wb;
    s10 += xb * wa;
    s11 += xb * wb;
  }
  float t00 = dot(s00, float4(1)), t01 = dot(s01, float4(1)), t10 = dot(s10, float4(1)), t11 = dot(s11, float4(1));
  for (; k < p.k; k++) {
    t00 += float(x0[k]) * float(w0[k]);
    t01 += float(x0[k]) * float(w1[k]);
    t10 += float(x1[k]) * float(w0[k]);
    t11 += float(x1[k]) * float(w1[k]);
  }
  float b0 = p.has_bias ? float(bias[column]) : 0.0f;
  float b1 = p.has_bias && column + 1 < p.n ? float(bias[column + 1]) : 0.0f;
  out[row * p.n + column] = half(t00 + b0);
  if (column + 1 < p.n) out[row * p.n + column + 1] = half(t01 + b1);
  if (row + 1 >= p.m) return;
  out[(row + 1) * p.n + column] = half(t10 + b0);
  if (column + 1 < p.n) out[(row + 1) * p.n + column + 1] = half(t11 + b1);
}
