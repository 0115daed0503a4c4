// Convolutions of [batch][channels][height][width], sums in float, rounded once. What lies outside of the input is zero.
#include <metal_stdlib>
using namespace metal;

struct Convolution {
  int batch, channels, height, width;
  int out_channels, out_height, out_width;
  int kernel_height, kernel_width;
  int stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x;
  int groups, has_bias;
};

// weights [out_channels][channels / groups][kernel_height][kernel_width]. grid: out_width, out_height, batch * out_channels.
kernel void conv2d_f16(device const half *x [[buffer(0)]], device const half *weights [[buffer(1)]],
                       device const half *bias [[buffer(2)]], device half *y [[buffer(3)]],
                       constant Convolution &c [[buffer(4)]], uint3 i [[thread_position_in_grid]]) {
  int column = int(i.x), row = int(i.y), plane = int(i.z);
  if (column >= c.out_width || row >= c.out_height || plane >= c.batch * c.out_channels) return;
  int image = plane / c.out_channels, out_channel = plane % c.out_channels;
  int depth = c.channels / c.groups;
  int first = out_channel / (c.out_channels / c.groups) * depth;
  float sum = c.has_bias ? float(bias[out_channel]) : 0.0f;
  for (int d = 0; d < depth; d++) {
    device const half *input = x + (image * c.channels + first + d) * c.height * c.width;
    device const half *taps = weights + (out_channel * depth + d) * c.kernel_height * c.kernel_width;
    for (int ky = 0; ky < c.kernel_height; ky++) {
      int iy = row * c.stride_y + ky * c.dilation_y - c.padding_y;
      if (iy < 0 || iy >= c.height) continue;
      for (int kx = 0; kx < c.kernel_width; kx++) {
        int ix = column * c.stride_x + kx * c.dilation_x - c.padding_x;
        if (ix >= 0 && ix < c.width) sum += float(input[iy * c.width + ix]) * float(taps[ky * c.kernel_width + kx]);
      }
    }
  }
  y[(plane * c.out_height + row) * c.out_width + column] = half(sum);
}

// One filter per channel: weights [channels][1][kernel_height][kernel_width]. grid: out_width, out_height, batch * channels.
kernel void depthwise_conv2d_f16(device const half *x [[buffer(0)]], device const half *weights [[buffer(1)]],
                                 device const half *bias [[buffer(2)]], device half *y [[buffer(3)]],
                                 constant Convolution &c [[buffer(4)]], uint3 i [[thread_position_in_grid]]) {
  int column = int(i.x), row = int(i.y), plane = int(i.z);
  if (column >= c.out_width || row >= c.out_height || plane >= c.batch * c.channels) return;
  int channel = plane % c.channels;
  device const half *input = x + plane * c.height * c.width;
  device const half *taps = weights + channel * c.kernel_height * c.kernel_width;
  float sum = c.has_bias ? float(bias[channel]) : 0.0f;
  for (int ky = 0; ky < c.kernel_height; ky++) {
    int iy = row * c.stride_y + ky * c.dilation_y - c.padding_y;
    if (iy < 0 || iy >= c.height) continue;
    for (int kx = 0; kx < c.kernel_width; kx++) {
      int ix = column * c.stride_x + kx * c.dilation_x - c.padding_x;
      if (ix >= 0 && ix < c.width) sum += float(input[iy * c.width + ix]) * float(taps[ky * c.kernel_width + kx]);
    }
  }
  y[(plane * c.out_height + row) * c.out_width + column] = half(sum);
}
