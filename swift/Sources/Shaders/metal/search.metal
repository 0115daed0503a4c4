// The largest elements of each row of contiguous elements. grid: 32 * rows, threadgroup: 32 (one simdgroup).
#include <metal_stdlib>
using namespace metal;

// Index of the first maximum; NaN counts as largest.
kernel void argmax_f16(device const half *x [[buffer(0)]], device int *indices [[buffer(1)]],
                       constant uint &columns [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
                       uint lane [[thread_index_in_simdgroup]]) {
  device const half *in = x + row * columns;
  uint best = columns;
  float most = -INFINITY;
  bool has_nan = false;
  for (uint c = lane; c < columns; c += 32) {
    float v = in[c];
    if (isnan(v) && !has_nan) {
      has_nan = true;
      best = c;
    }
    if (!has_nan && (best == columns || v > most)) {
      most = v;
      best = c;
    }
  }
  // Lanes with the largest value offer their index, those with NaN before all others.
  uint first_nan = simd_min(has_nan ? best : columns);
  float top = simd_max(most);
  uint first = simd_min(!has_nan && best < columns && most == top ? best : columns);
  if (lane == 0) indices[row] = int(first_nan < columns ? first_nan : first);
}

struct TopK {
  uint columns, k;
};

// The k largest in order, equal ones by index, NaN last.
kernel void top_k_f16(device const half *x [[buffer(0)]], device half *values [[buffer(1)]],
                      device int *indices [[buffer(2)]], constant TopK &p [[buffer(3)]],
                      uint row [[threadgroup_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
  device const half *in = x + row * p.columns;
  // NaN is ordered behind minus infinity by an index behind all others.
  float last = INFINITY;
  uint last_order = 0;
  bool is_first = true;
  for (uint k = 0; k < p.k; k++) {
    float most = -INFINITY;
    uint order = UINT_MAX;
    for (uint c = lane; c < p.columns; c += 32) {
      float v = in[c];
      uint o = isnan(v) ? c + p.columns : c;
      v = isnan(v) ? -INFINITY : v;
      bool is_left = is_first || v < last || (v == last && o > last_order);
      if (is_left && (order == UINT_MAX || v > most)) {
        most = v;
        order = o;
      } else if (is_left && v == most && o < order) {
        order = o;
      }
    }
    float top = simd_max(order == UINT_MAX ? -INFINITY : most);
    uint chosen = simd_min(order != UINT_MAX && most == top ? order : UINT_MAX);
    last = top;
    last_order = chosen;
    is_first = false;
    if (lane == 0) {
      uint index = chosen >= p.columns ? chosen - p.columns : chosen;
      indices[row * p.k + k] = int(index);
      values[row * p.k + k] = in[index];
    }
  }
}
