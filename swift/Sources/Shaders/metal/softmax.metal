// Softmax of each row of contiguous elements, shifted by the row's maximum. grid: 32 * rows, threadgroup: 32 (one simdgroup).
#include <metal_stdlib>
using namespace metal;

kernel void softmax_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]],
                        constant uint &columns [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
                        uint lane [[thread_index_in_simdgroup]]) {
  device const half *in = x + row * columns;
  device half *out = y + row * columns;
  float most = -INFINITY;
  for (uint c = lane; c < columns; c += 32) most = max(most, float(in[c]));
  most = simd_max(most);
  float sum = 0;
  for (uint c = lane; c < columns; c += 32) sum += exp(float(in[c]) - most);
  sum = simd_sum(sum);
  for (uint c = lane; c < columns; c += 32) out[c] = half(exp(float(in[c]) - most) / sum);
}
