// Pooling of [planes][height][width] over windows.
#include <metal_stdlib>
using namespace metal;

struct Pooling {
  int planes, height, width;
  int out_height, out_width;
  int kernel_height, kernel_width;
  int stride_y, stride_x, padding_y, padding_x;
  int counts_padding;  // average: the padding's zeros are elements
};

// Padding counts as minus infinity; NaN in a window gives NaN. grid: out_width, out_height, planes.
kernel void max_pool_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]],
                         constant Pooling &p [[buffer(2)]], uint3 i [[thread_position_in_grid]]) {
  int column = int(i.x), row = int(i.y), plane = int(i.z);
  if (column >= p.out_width || row >= p.out_height || plane >= p.planes) return;
  device const half *input = x + plane * p.height * p.width;
  float best = -INFINITY;
  for (int ky = 0; ky < p.kernel_height; ky++) {
    int iy = row * p.stride_y + ky - p.padding_y;
    if (iy < 0 || iy >= p.height) continue;
    for (int kx = 0; kx < p.kernel_width; kx++) {
      int ix = column * p.stride_x + kx - p.padding_x;
      if (ix < 0 || ix >= p.width) continue;
      float v = input[iy * p.width + ix];
      best = v > best || isnan(v) ? v : best;
    }
  }
  y[(plane * p.out_height + row) * p.out_width + column] = half(best);
}

kernel void avg_pool_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]],
                         constant Pooling &p [[buffer(2)]], uint3 i [[thread_position_in_grid]]) {
  int column = int(i.x), row = int(i.y), plane = int(i.z);
  if (column >= p.out_width || row >= p.out_height || plane >= p.planes) return;
  device const half *input = x + plane * p.height * p.width;
  float sum = 0;
  int inside = 0;
  for (int ky = 0; ky < p.kernel_height; ky++) {
    int iy = row * p.stride_y + ky - p.padding_y;
    if (iy < 0 || iy >= p.height) continue;
    for (int kx = 0; kx < p.kernel_width; kx++) {
      int ix = column * p.stride_x + kx - p.padding_x;
      if (ix < 0 || ix >= p.width) continue;
      sum += float(input[iy * p.width + ix]);
      inside++;
    }
  }
  int count = p.counts_padding ? p.kernel_height * p.kernel_width : inside;
  y[(plane * p.out_height + row) * p.out_width + column] = half(sum / float(count));
}
