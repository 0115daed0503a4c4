// Scalar functions. Arguments of different types go to the wider one; half is computed in float and rounded once.
#ifndef TLM_MATH_H
#define TLM_MATH_H

#include "tlm_vector.h"

// Constant, as no errno is wanted: an instruction everywhere, also where the flag -fno-math-errno is not.
extern "C" __attribute__((const, visibility("default"))) float tlm_sqrtf(float x) __asm__("sqrtf");

namespace metal {

// The type in which a function of scalars is computed and answered: integers become float, double does not exist in MSL.
template <class T> struct tlm_floating { typedef float type; };
template <> struct tlm_floating<half> { typedef half type; };
template <> struct tlm_floating<bfloat> { typedef bfloat type; };
template <> struct tlm_floating<double> { typedef double type; };

template <class A, class B> struct tlm_common { typedef decltype(A() + B()) type; };
template <class A> struct tlm_common<A, A> { typedef A type; };
template <> struct tlm_common<half, int> { typedef half type; };
template <> struct tlm_common<int, half> { typedef half type; };
template <> struct tlm_common<half, uint> { typedef half type; };
template <> struct tlm_common<uint, half> { typedef half type; };

#define TLM_SCALAR(T) class = enable_if_t<tlm_is_scalar<T>>
#define TLM_SCALARS(A, B) class = enable_if_t<tlm_is_scalar<A> && tlm_is_scalar<B>>

#define TLM_UNARY(NAME, EXPRESSION)                                       \
  template <class T, TLM_SCALAR(T)>                                       \
  TLM_INLINE typename tlm_floating<T>::type NAME(T value) {               \
    float x = (float)value;                                               \
    return (typename tlm_floating<T>::type)(EXPRESSION);                  \
  }
#define TLM_BINARY_FUNCTION(NAME, EXPRESSION)                                                        \
  template <class A, class B, TLM_SCALARS(A, B)>                                                     \
  TLM_INLINE typename tlm_floating<typename tlm_common<A, B>::type>::type NAME(A first, B second) {  \
    float x = (float)first, y = (float)second;                                                       \
    return (typename tlm_floating<typename tlm_common<A, B>::type>::type)(EXPRESSION);               \
  }

// e^x by a polynomial over [-ln2/2, ln2/2] (Cephes, 2 ulp): no call, so that loops over threads become vectors.
TLM_INLINE float tlm_exp2_scaled(float fraction, float whole) {
  float p = 1.9875691500e-4f;
  p = __builtin_fmaf(p, fraction, 1.3981999507e-3f);
  p = __builtin_fmaf(p, fraction, 8.3334519073e-3f);
  p = __builtin_fmaf(p, fraction, 4.1665795894e-2f);
  p = __builtin_fmaf(p, fraction, 1.6666665459e-1f);
  p = __builtin_fmaf(p, fraction, 5.0000001201e-1f);
  p = __builtin_fmaf(p * fraction, fraction, fraction + 1.0f);
  // Two factors: 2^128 and subnormal results need them.
  int n = (int)whole, half_n = n >> 1;
  int first = (half_n + 127) << 23, second = (n - half_n + 127) << 23;
  float a, b;
  __builtin_memcpy(&a, &first, 4);
  __builtin_memcpy(&b, &second, 4);
  return p * a * b;
}
TLM_INLINE float tlm_exp(float x) {
  float bounded = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
  bounded = x != x ? 0.0f : bounded;
  float whole = __builtin_rintf(bounded * M_LOG2E_F);
  float fraction = __builtin_fmaf(whole, -0.693359375f, bounded);
  fraction = __builtin_fmaf(whole, 2.12194440e-4f, fraction);
  float result = tlm_exp2_scaled(fraction, whole);
  return x != x ? x : result;
}
TLM_INLINE float tlm_tanh(float x) {
  float magnitude = __builtin_fabsf(x);
  float square = x * x;
  // Near 0 the quotient loses digits: an odd polynomial (Cephes) up to 0.625.
  float p = -5.70498872745e-3f;
  p = __builtin_fmaf(p, square, 2.06390887954e-2f);
  p = __builtin_fmaf(p, square, -5.37397155531e-2f);
  p = __builtin_fmaf(p, square, 1.33314422036e-1f);
  p = __builtin_fmaf(p, square, -3.33332819422e-1f);
  float near = __builtin_fmaf(p * square, x, x);
  float far = __builtin_copysignf(1.0f - 2.0f / (tlm_exp(2.0f * magnitude) + 1.0f), x);
  return magnitude < 0.625f ? near : x != x ? x : far;
}

TLM_UNARY(exp, tlm_exp(x))
TLM_UNARY(tanh, tlm_tanh(x))
TLM_UNARY(exp2, __builtin_exp2f(x))
TLM_UNARY(exp10, __builtin_powf(10.0f, x))
TLM_UNARY(log, __builtin_logf(x))
TLM_UNARY(log2, __builtin_log2f(x))
TLM_UNARY(log10, __builtin_log10f(x))
TLM_UNARY(sqrt, tlm_sqrtf(x))
TLM_UNARY(rsqrt, 1.0f / tlm_sqrtf(x))
TLM_UNARY(cbrt, __builtin_cbrtf(x))
TLM_UNARY(sin, __builtin_sinf(x))
TLM_UNARY(cos, __builtin_cosf(x))
TLM_UNARY(tan, __builtin_tanf(x))
TLM_UNARY(sinpi, __builtin_sinf(x * M_PI_F))
TLM_UNARY(cospi, __builtin_cosf(x * M_PI_F))
TLM_UNARY(tanpi, __builtin_tanf(x * M_PI_F))
TLM_UNARY(asin, __builtin_asinf(x))
TLM_UNARY(acos, __builtin_acosf(x))
TLM_UNARY(atan, __builtin_atanf(x))
TLM_UNARY(sinh, __builtin_sinhf(x))
TLM_UNARY(cosh, __builtin_coshf(x))
TLM_UNARY(asinh, __builtin_asinhf(x))
TLM_UNARY(acosh, __builtin_acoshf(x))
TLM_UNARY(atanh, __builtin_atanhf(x))
TLM_UNARY(fabs, __builtin_fabsf(x))
TLM_UNARY(floor, __builtin_floorf(x))
TLM_UNARY(ceil, __builtin_ceilf(x))
TLM_UNARY(trunc, __builtin_truncf(x))
TLM_UNARY(round, __builtin_roundf(x))
TLM_UNARY(rint, __builtin_rintf(x))
TLM_UNARY(fract, __builtin_fminf(x - __builtin_floorf(x), 0x1.fffffep-1f))
TLM_UNARY(saturate, __builtin_fminf(__builtin_fmaxf(x, 0.0f), 1.0f))

TLM_BINARY_FUNCTION(pow, __builtin_powf(x, y))
TLM_BINARY_FUNCTION(powr, __builtin_powf(x, y))
TLM_BINARY_FUNCTION(atan2, __builtin_atan2f(x, y))
TLM_BINARY_FUNCTION(fmod, __builtin_fmodf(x, y))
TLM_BINARY_FUNCTION(copysign, __builtin_copysignf(x, y))
TLM_BINARY_FUNCTION(fmin, __builtin_fminf(x, y))
TLM_BINARY_FUNCTION(fmax, __builtin_fmaxf(x, y))
TLM_BINARY_FUNCTION(fdim, __builtin_fdimf(x, y))
TLM_BINARY_FUNCTION(step, y < x ? 0.0f : 1.0f)
TLM_BINARY_FUNCTION(nextafter, __builtin_nextafterf(x, y))
TLM_BINARY_FUNCTION(divide, x / y)

template <class T, TLM_SCALAR(T)> TLM_INLINE T abs(T x) {
  if constexpr (tlm_is_float<T>) return (T)__builtin_fabsf((float)x);
  else return x < (T)0 ? (T)-x : x;
}
template <class T, TLM_SCALAR(T)> TLM_INLINE T sign(T x) {
  return x > (T)0 ? (T)1 : x < (T)0 ? (T)-1 : tlm_is_float<T> && x == x ? x : (T)0;
}
template <class A, class B, TLM_SCALARS(A, B)> TLM_INLINE typename tlm_common<A, B>::type min(A a, B b) {
  typedef typename tlm_common<A, B>::type T;
  if constexpr (tlm_is_float<T>) return (T)__builtin_fminf((float)a, (float)b);
  else return (T)b < (T)a ? (T)b : (T)a;
}
template <class A, class B, TLM_SCALARS(A, B)> TLM_INLINE typename tlm_common<A, B>::type max(A a, B b) {
  typedef typename tlm_common<A, B>::type T;
  if constexpr (tlm_is_float<T>) return (T)__builtin_fmaxf((float)a, (float)b);
  else return (T)a < (T)b ? (T)b : (T)a;
}
template <class A, class B, class C, TLM_SCALARS(A, B)> TLM_INLINE auto min3(A a, B b, C c) { return min(min(a, b), c); }
template <class A, class B, class C, TLM_SCALARS(A, B)> TLM_INLINE auto max3(A a, B b, C c) { return max(max(a, b), c); }
template <class T, TLM_SCALAR(T)> TLM_INLINE T median3(T a, T b, T c) { return max(min(a, b), min(max(a, b), c)); }
template <class A, class B, class C, class = enable_if_t<tlm_is_scalar<A> && tlm_is_scalar<B> && tlm_is_scalar<C>>>
TLM_INLINE auto clamp(A x, B low, C high) {
  return min(max(x, low), high);
}
template <class A, class B, class C, class = enable_if_t<tlm_is_scalar<A> && tlm_is_scalar<B> && tlm_is_scalar<C>>>
TLM_INLINE auto fma(A a, B b, C c) {
  typedef typename tlm_floating<typename tlm_common<typename tlm_common<A, B>::type, C>::type>::type T;
  return (T)__builtin_fmaf((float)a, (float)b, (float)c);
}
template <class A, class B, class C, class = enable_if_t<tlm_is_scalar<A> && tlm_is_scalar<B> && tlm_is_scalar<C>>>
TLM_INLINE auto mix(A x, B y, C a) {
  typedef typename tlm_floating<typename tlm_common<A, B>::type>::type T;
  return (T)((float)x + ((float)y - (float)x) * (float)a);
}
template <class A, class B, class C, class = enable_if_t<tlm_is_scalar<A> && tlm_is_scalar<B> && tlm_is_scalar<C>>>
TLM_INLINE auto smoothstep(A low, B high, C x) {
  float t = saturate(((float)x - (float)low) / ((float)high - (float)low));
  return (typename tlm_floating<C>::type)(t * t * (3.0f - 2.0f * t));
}
template <class T, TLM_SCALAR(T)> TLM_INLINE T ldexp(T x, int exponent) { return (T)__builtin_ldexpf((float)x, exponent); }
template <class T, TLM_SCALAR(T)> TLM_INLINE int ilogb(T x) { return __builtin_ilogbf((float)x); }
template <class T, TLM_SCALAR(T)> TLM_INLINE T frexp(T x, int &exponent) {
  return (T)__builtin_frexpf((float)x, &exponent);
}
template <class T, TLM_SCALAR(T)> TLM_INLINE T modf(T x, T &whole) {
  whole = (T)__builtin_truncf((float)x);
  return (T)(x - whole);
}
template <class T, TLM_SCALAR(T)> TLM_INLINE T sincos(T x, T &cosine) {
  cosine = cos(x);
  return sin(x);
}

template <class T, TLM_SCALAR(T)> TLM_INLINE bool isnan(T x) { return __builtin_isnan((float)x); }
template <class T, TLM_SCALAR(T)> TLM_INLINE bool isinf(T x) { return __builtin_isinf((float)x); }
template <class T, TLM_SCALAR(T)> TLM_INLINE bool isfinite(T x) { return __builtin_isfinite((float)x); }
template <class T, TLM_SCALAR(T)> TLM_INLINE bool signbit(T x) { return __builtin_signbit((float)x); }
template <class T, TLM_SCALAR(T)> TLM_INLINE bool isnormal(T x) {
  float magnitude = __builtin_fabsf((float)x);
  return magnitude >= (float)numeric_limits<T>::min() && magnitude <= (float)numeric_limits<T>::max();
}
TLM_INLINE bool all(bool x) { return x; }
TLM_INLINE bool any(bool x) { return x; }
template <class T, TLM_SCALAR(T)> TLM_INLINE T select(T a, T b, bool condition) { return condition ? b : a; }

// The bits of a value as another type of the same size.
template <class To, class From> TLM_INLINE To as_type(From value) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs two types of the same size");
  To result;
  __builtin_memcpy(&result, &value, sizeof result);
  return result;
}

}  // namespace metal
using metal::as_type;
#endif
