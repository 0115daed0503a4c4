// Normalisations. Rows are contiguous; one simdgroup (32 threads) per row where a row is summed.
#include <metal_stdlib>
using namespace metal;

struct Normalization {
  uint rows, columns;
  float epsilon;
  uint has_gamma, has_beta;
};

// (x - mean) / sqrt(variance + epsilon) * gamma + beta. grid: 32 * rows, threadgroup: 32.
kernel void layer_norm_f16(device const half *x [[buffer(0)]], device const half *gamma [[buffer(1)]],
                           device const half *beta [[buffer(2)]], device half *y [[buffer(3)]],
                           constant Normalization &n [[buffer(4)]], uint row [[threadgroup_position_in_grid]],
                           uint lane [[thread_index_in_simdgroup]]) {
  device const half *in = x + row * n.columns;
  device half *out = y + row * n.columns;
  float sum = 0;
  for (uint c = lane; c < n.columns; c += 32) sum += float(in[c]);
  float mean = simd_sum(sum) / float(n.columns);
  float squares = 0;
  for (uint c = lane; c < n.columns; c += 32) {
    float d = float(in[c]) - mean;
    squares += d * d;
  }
  float scale = 1.0f / sqrt(simd_sum(squares) / float(n.columns) + n.epsilon);
  for (uint c = lane; c < n.columns; c += 32) {
    float v = (float(in[c]) - mean) * scale;
    if (n.has_gamma) v *= float(gamma[c]);
    if (n.has_beta) v += float(beta[c]);
    out[c] = half(v);
  }
}

// x / sqrt(mean(x^2) + epsilon) * gamma. grid: 32 * rows, threadgroup: 32.
kernel void rms_norm_f16(device const half *x [[buffer(0)]], device const half *gamma [[buffer(1)]],
                         device half *y [[buffer(2)]], constant Normalization &n [[buffer(3)]],
                         uint row [[threadgroup_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
  device const half *in = x + row * n.columns;
  device half *out = y + row * n.columns;
  float squares = 0;
  for (uint c = lane; c < n.columns; c += 32) squares += float(in[c]) * float(in[c]);
  float scale = 1.0f / sqrt(simd_sum(squares) / float(n.columns) + n.epsilon);
  for (uint c = lane; c < n.columns; c += 32) {
    float v = float(in[c]) * scale;
    if (n.has_gamma) v *= float(gamma[c]);
    out[c] = half(v);
  }
}

struct BatchNormalization {
  uint count;     // of all elements
  uint channels;
  uint pixels;    // of one channel
  float epsilon;
  uint has_gamma, has_beta;
};

// (x - mean[c]) / sqrt(variance[c] + epsilon) * gamma[c] + beta[c] of [batch][channels][pixels]. grid: count.
kernel void batch_norm_f16(device const half *x [[buffer(0)]], device const half *mean [[buffer(1)]],
                           device const half *variance [[buffer(2)]], device const half *gamma [[buffer(3)]],
                           device const half *beta [[buffer(4)]], device half *y [[buffer(5)]],
                           constant BatchNormalization &n [[buffer(6)]], uint i [[thread_position_in_grid]]) {
  if (i >= n.count) return;
  uint c = i / n.pixels % n.channels;
  float v = (float(x[i]) - float(mean[c])) / sqrt(float(variance[c]) + n.epsilon);
  if (n.has_gamma) v *= float(gamma[c]);
  if (n.has_beta) v += float(beta[c]);
  y[i] = half(v);
}
