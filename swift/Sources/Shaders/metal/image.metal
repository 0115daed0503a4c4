// 8-bit pixels to [channels][height][width] in f16: pixel * scale[c] + bias[c].
#include <metal_stdlib>
using namespace metal;

struct ImageShape {
  uint width, height;
  uint pixel_bytes;  // 1: grey, 3: RGB, 4: RGBA
  uint channels;     // of the tensor: 1 or 3
  uint swaps;        // red and blue change places
  float scale[3];
  float bias[3];
};

// grid: width, height.
kernel void image_to_f16(device const uchar *pixels [[buffer(0)]], device half *y [[buffer(1)]],
                         constant ImageShape &s [[buffer(2)]], uint2 i [[thread_position_in_grid]]) {
  if (i.x >= s.width || i.y >= s.height) return;
  uint at = i.y * s.width + i.x;
  device const uchar *pixel = pixels + at * s.pixel_bytes;
  for (uint c = 0; c < s.channels; c++) {
    uint from = s.pixel_bytes == 1 ? 0 : s.swaps ? 2 - c : c;
    y[c * s.width * s.height + at] = half(float(pixel[from]) * s.scale[c] + s.bias[c]);
  }
}
