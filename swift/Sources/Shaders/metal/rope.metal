// Rotary position embedding of [rows][tokens][width]: pairs of elements turn by position * base^(-2i / width).
#include <metal_stdlib>
using namespace metal;

struct Rope {
  uint rows, tokens, width;
  uint first_position;
  float log2_base;
  uint adjacent;  // pairs (2i, 2i + 1), else (i, i + width / 2)
};

// grid: width / 2, tokens, rows.
kernel void rope_f16(device const half *x [[buffer(0)]], device half *y [[buffer(1)]], constant Rope &r [[buffer(2)]],
                     uint3 i [[thread_position_in_grid]]) {
  if (i.x >= r.width / 2 || i.y >= r.tokens || i.z >= r.rows) return;
  uint line = (i.z * r.tokens + i.y) * r.width;
  uint first = r.adjacent ? line + 2 * i.x : line + i.x;
  uint second = r.adjacent ? first + 1 : first + r.width / 2;
  float angle = float(r.first_position + i.y) * precise::exp2(-r.log2_base * float(2 * i.x) / float(r.width));
  float cosine = precise::cos(angle), sine = precise::sin(angle);
  float a = x[first], b = x[second];
  y[first] = half(a * cosine - b * sine);
  y[second] = half(a * sine + b * cosine);
}
