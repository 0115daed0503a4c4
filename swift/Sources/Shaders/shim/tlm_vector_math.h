// The scalar functions by elements, and geometry.
#ifndef TLM_VECTOR_MATH_H
#define TLM_VECTOR_MATH_H

#include "tlm_math.h"

namespace metal {

#define TLM_VECTOR_UNARY(NAME)                                  \
  template <class T, int N> TLM_INLINE vec<T, N> NAME(vec<T, N> a) { \
    vec<T, N> r;                                                \
    for (int i = 0; i < N; i++) r.e[i] = NAME(a.e[i]);          \
    return r;                                                   \
  }
#define TLM_VECTOR_TEST(NAME)                                       \
  template <class T, int N> TLM_INLINE vec<bool, N> NAME(vec<T, N> a) { \
    vec<bool, N> r;                                                 \
    for (int i = 0; i < N; i++) r.e[i] = NAME(a.e[i]);              \
    return r;                                                       \
  }
// One side may be a scalar.
#define TLM_VECTOR_BINARY(NAME)                                                                        \
  template <class T, int N> TLM_INLINE vec<T, N> NAME(vec<T, N> a, vec<T, N> b) {                      \
    vec<T, N> r;                                                                                       \
    for (int i = 0; i < N; i++) r.e[i] = NAME(a.e[i], b.e[i]);                                         \
    return r;                                                                                          \
  }                                                                                                    \
  template <class T, int N, class S, TLM_SCALAR(S)> TLM_INLINE vec<T, N> NAME(vec<T, N> a, S b) {      \
    return NAME(a, vec<T, N>(b));                                                                      \
  }                                                                                                    \
  template <class T, int N, class S, TLM_SCALAR(S)> TLM_INLINE vec<T, N> NAME(S a, vec<T, N> b) {      \
    return NAME(vec<T, N>(a), b);                                                                      \
  }

// As a vector of the first type; scalars are spread.
template <class V, class S> TLM_INLINE V tlm_spread(S s) { return V(s); }
// A and B, or B alone, may be scalars where the other is a vector.
#define TLM_VECTOR_TERNARY(NAME)                                                                               \
  template <class T, int N, class B, class C> TLM_INLINE vec<T, N> NAME(vec<T, N> a, B b, C c) {               \
    vec<T, N> y = tlm_spread<vec<T, N>>(b), z = tlm_spread<vec<T, N>>(c), r;                                   \
    for (int i = 0; i < N; i++) r.e[i] = (T)NAME(a.e[i], y.e[i], z.e[i]);                                      \
    return r;                                                                                                  \
  }                                                                                                            \
  template <class T, int N, class A, class B, TLM_SCALARS(A, B)>                                               \
  TLM_INLINE vec<T, N> NAME(A a, B b, vec<T, N> c) {                                                           \
    return NAME(vec<T, N>(a), vec<T, N>(b), c);                                                                \
  }

TLM_VECTOR_UNARY(exp) TLM_VECTOR_UNARY(exp2) TLM_VECTOR_UNARY(exp10) TLM_VECTOR_UNARY(log) TLM_VECTOR_UNARY(log2)
TLM_VECTOR_UNARY(log10) TLM_VECTOR_UNARY(sqrt) TLM_VECTOR_UNARY(rsqrt) TLM_VECTOR_UNARY(cbrt) TLM_VECTOR_UNARY(sin)
TLM_VECTOR_UNARY(cos) TLM_VECTOR_UNARY(tan) TLM_VECTOR_UNARY(sinpi) TLM_VECTOR_UNARY(cospi) TLM_VECTOR_UNARY(tanpi)
TLM_VECTOR_UNARY(asin) TLM_VECTOR_UNARY(acos) TLM_VECTOR_UNARY(atan) TLM_VECTOR_UNARY(sinh) TLM_VECTOR_UNARY(cosh)
TLM_VECTOR_UNARY(tanh) TLM_VECTOR_UNARY(asinh) TLM_VECTOR_UNARY(acosh) TLM_VECTOR_UNARY(atanh) TLM_VECTOR_UNARY(fabs)
TLM_VECTOR_UNARY(abs) TLM_VECTOR_UNARY(sign) TLM_VECTOR_UNARY(floor) TLM_VECTOR_UNARY(ceil) TLM_VECTOR_UNARY(trunc)
TLM_VECTOR_UNARY(round) TLM_VECTOR_UNARY(rint) TLM_VECTOR_UNARY(fract) TLM_VECTOR_UNARY(saturate)
TLM_VECTOR_BINARY(pow) TLM_VECTOR_BINARY(powr) TLM_VECTOR_BINARY(atan2) TLM_VECTOR_BINARY(fmod)
TLM_VECTOR_BINARY(copysign) TLM_VECTOR_BINARY(fmin) TLM_VECTOR_BINARY(fmax) TLM_VECTOR_BINARY(fdim)
TLM_VECTOR_BINARY(step) TLM_VECTOR_BINARY(min) TLM_VECTOR_BINARY(max) TLM_VECTOR_BINARY(divide)
TLM_VECTOR_TERNARY(fma) TLM_VECTOR_TERNARY(clamp) TLM_VECTOR_TERNARY(mix) TLM_VECTOR_TERNARY(smoothstep)
TLM_VECTOR_TEST(isnan) TLM_VECTOR_TEST(isinf) TLM_VECTOR_TEST(isfinite) TLM_VECTOR_TEST(isnormal) TLM_VECTOR_TEST(signbit)

template <class T, int N> TLM_INLINE vec<T, N> select(vec<T, N> a, vec<T, N> b, vec<bool, N> condition) {
  vec<T, N> r;
  for (int i = 0; i < N; i++) r.e[i] = condition.e[i] ? b.e[i] : a.e[i];
  return r;
}
template <class T, int N, class S, TLM_SCALAR(S)>
TLM_INLINE vec<T, N> select(vec<T, N> a, S b, vec<bool, N> condition) {
  return select(a, vec<T, N>(b), condition);
}
template <class T, int N, class S, TLM_SCALAR(S)>
TLM_INLINE vec<T, N> select(S a, vec<T, N> b, vec<bool, N> condition) {
  return select(vec<T, N>(a), b, condition);
}
template <int N> TLM_INLINE bool all(vec<bool, N> a) {
  bool r = true;
  for (int i = 0; i < N; i++) r = r && a.e[i];
  return r;
}
template <int N> TLM_INLINE bool any(vec<bool, N> a) {
  bool r = false;
  for (int i = 0; i < N; i++) r = r || a.e[i];
  return r;
}

// Sums of half products are made in float and rounded once.
template <class T, int N> TLM_INLINE float tlm_dot(vec<T, N> a, vec<T, N> b) {
  float sum = 0;
  for (int i = 0; i < N; i++) sum += (float)a.e[i] * (float)b.e[i];
  return sum;
}
template <class T, int N> TLM_INLINE T dot(vec<T, N> a, vec<T, N> b) { return (T)tlm_dot(a, b); }
template <class T, int N> TLM_INLINE T length_squared(vec<T, N> a) { return (T)tlm_dot(a, a); }
template <class T, int N> TLM_INLINE T length(vec<T, N> a) { return (T)tlm_sqrtf(tlm_dot(a, a)); }
template <class T, int N> TLM_INLINE T distance(vec<T, N> a, vec<T, N> b) { return length(a - b); }
template <class T, int N> TLM_INLINE T distance_squared(vec<T, N> a, vec<T, N> b) { return length_squared(a - b); }
template <class T, int N> TLM_INLINE vec<T, N> normalize(vec<T, N> a) {
  return vec<T, N>(vec<float, N>(a) * (1.0f / tlm_sqrtf(tlm_dot(a, a))));
}
template <int N> TLM_INLINE vec<float, N> normalize(vec<float, N> a) { return a * (1.0f / tlm_sqrtf(tlm_dot(a, a))); }
template <class T> TLM_INLINE vec<T, 3> cross(vec<T, 3> a, vec<T, 3> b) { return a.yzx * b.zxy - a.zxy * b.yzx; }
template <class T, int N> TLM_INLINE vec<T, N> reflect(vec<T, N> i, vec<T, N> n) { return i - n * ((T)2 * dot(n, i)); }
template <class T, int N> TLM_INLINE vec<T, N> faceforward(vec<T, N> n, vec<T, N> i, vec<T, N> reference) {
  return dot(reference, i) < (T)0 ? n : -n;
}
template <class T, int N> TLM_INLINE vec<T, N> refract(vec<T, N> i, vec<T, N> n, T eta) {
  T d = dot(n, i), k = (T)1 - eta * eta * ((T)1 - d * d);
  return k < (T)0 ? vec<T, N>(0) : i * eta - n * (eta * d + sqrt(k));
}

// The CPU has one precision for all.
namespace fast { using namespace metal; }
namespace precise { using namespace metal; }

}  // namespace metal
#endif
