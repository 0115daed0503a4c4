// y = activation(x), by elements, in float, rounded once.
#include <metal_stdlib>
using namespace metal;

// erf by Abramowitz and Stegun 7.1.26: |error| <= 1.5e-7, far below f16's last place.
static inline float erf_of(float x) {
  float t = 1.0f / (1.0f + 0.3275911f * fabs(x));
  float p = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
  return copysign(1.0f - p * exp(-x * x), x);
}

static inline float sigmoid_of(float x) { return 1.0f / (1.0f + exp(-x)); }

kernel void relu_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                     uint i [[thread_position_in_grid]]) {
  if (i >= n) return;
  half v = x[i];
  y[i] = v < 0.0h ? 0.0h : v;  // NaN stays
}

kernel void gelu_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                     uint i [[thread_position_in_grid]]) {
  if (i >= n) return;
  float v = x[i];
  y[i] = half(0.5f * v * (1.0f + erf_of(v * M_SQRT1_2_F)));
}

kernel void sigmoid_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                        uint i [[thread_position_in_grid]]) {
  if (i < n) y[i] = half(sigmoid_of(x[i]));
}

kernel void tanh_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                     uint i [[thread_position_in_grid]]) {
  if (i < n) y[i] = half(precise::tanh(float(x[i])));
}

kernel void silu_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant uint &n [[buffer(2)]],
                     uint i [[thread_position_in_grid]]) {
  if (i >= n) return;
  float v = x[i];
  y[i] = half(v * sigmoid_of(v));
}
