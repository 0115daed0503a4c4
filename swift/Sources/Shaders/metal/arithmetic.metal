// y = a OP b with broadcasting: strides of 0 repeat an axis.
#include <metal_stdlib>
using namespace metal;

struct BroadcastShape {
  uint count;
  uint rank;
  uint shape[8];
  uint a_strides[8];
  uint b_strides[8];
};

// Offsets of element i of the result in both operands.
static inline uint2 offsets_of(uint i, constant BroadcastShape &s) {
  uint2 offsets = uint2(0, 0);
  for (uint axis = s.rank; axis > 0; axis--) {
    uint at = i % s.shape[axis - 1];
    i /= s.shape[axis - 1];
    offsets += uint2(at * s.a_strides[axis - 1], at * s.b_strides[axis - 1]);
  }
  return offsets;
}

struct Add { static float of(float a, float b) { return a + b; } };
struct Sub { static float of(float a, float b) { return a - b; } };
struct Mul { static float of(float a, float b) { return a * b; } };
struct Div { static float of(float a, float b) { return a / b; } };

template <typename Operation>
kernel void binary(device const half *a [[buffer(0)]], device const half *b [[buffer(1)]], device half *y [[buffer(2)]],
                   constant BroadcastShape &s [[buffer(3)]], uint i [[thread_position_in_grid]]) {
  if (i >= s.count) return;
  uint2 at = offsets_of(i, s);
  y[i] = half(Operation::of(float(a[at.x]), float(b[at.y])));
}

// Both operands have the result's shape.
template <typename Operation>
kernel void binary_dense(device const half *a [[buffer(0)]], device const half *b [[buffer(1)]],
                         device half *y [[buffer(2)]], constant BroadcastShape &s [[buffer(3)]],
                         uint i [[thread_position_in_grid]]) {
  if (i < s.count) y[i] = half(Operation::of(float(a[i]), float(b[i])));
}

template [[host_name("add_f16")]] kernel decltype(binary<Add>) binary<Add>;
template [[host_name("sub_f16")]] kernel decltype(binary<Sub>) binary<Sub>;
template [[host_name("mul_f16")]] kernel decltype(binary<Mul>) binary<Mul>;
template [[host_name("div_f16")]] kernel decltype(binary<Div>) binary<Div>;
template [[host_name("add_dense_f16")]] kernel decltype(binary_dense<Add>) binary_dense<Add>;
template [[host_name("sub_dense_f16")]] kernel decltype(binary_dense<Sub>) binary_dense<Sub>;
template [[host_name("mul_dense_f16")]] kernel decltype(binary_dense<Mul>) binary_dense<Mul>;
template [[host_name("div_dense_f16")]] kernel decltype(binary_dense<Div>) binary_dense<Div>;
