// Between f32 and f16, to nearest even.
#include <metal_stdlib>
using namespace metal;

kernel void f32_to_f16(device const float *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                       uint i [[thread_position_in_grid]]) {
  if (i < n) y[i] = half(x[i]);
}

kernel void f16_to_f32(device const half *x [[buffer(0)]], device float *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                       uint i [[thread_position_in_grid]]) {
  if (i < n) y[i] = float(x[i]);
}
