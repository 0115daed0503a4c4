// Scalar types, literals, constants.
#ifndef TLM_TYPES_H
#define TLM_TYPES_H

#define TLM_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__F16C__) && !defined(TLM_HAS_HALF_CONVERSIONS)
// Conversions that the compiler calls where the machine has no instruction for them. Hidden: not every libgcc has them.
extern "C" __attribute__((weak, visibility("hidden"))) float __extendhfsf2(_Float16 half) {
  unsigned short bits;
  __builtin_memcpy(&bits, &half, 2);
  unsigned sign = (unsigned)(bits & 0x8000) << 16, rest = bits & 0x7fff, word;
  if (rest >= 0x7c00) word = sign | 0x7f800000 | (rest & 0x3ff) << 13;
  else {
    // The exponent is rebiased by a product, which makes normal numbers of f16's subnormal ones.
    unsigned shifted = rest << 13;
    float value;
    __builtin_memcpy(&value, &shifted, 4);
    value *= 0x1p112f;
    __builtin_memcpy(&word, &value, 4);
    word |= sign;
  }
  float result;
  __builtin_memcpy(&result, &word, 4);
  return result;
}
extern "C" __attribute__((weak, visibility("hidden"))) _Float16 __truncsfhf2(float value) {
  unsigned word;
  __builtin_memcpy(&word, &value, 4);
  unsigned sign = word >> 16 & 0x8000, rest = word & 0x7fffffff, bits;
  if (rest > 0x7f800000) bits = 0x7e00;
  else if (rest >= 0x477ff000) bits = 0x7c00;
  else if (rest < 0x38800000) {
    // Adding 0.5, whose last place is 2^-24, rounds a subnormal result to f16's grid.
    float magnitude;
    __builtin_memcpy(&magnitude, &rest, 4);
    magnitude += 0.5f;
    __builtin_memcpy(&bits, &magnitude, 4);
    bits -= 0x3f000000;
  } else bits = (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13;
  unsigned short result = (unsigned short)(sign | bits);
  _Float16 half;
  __builtin_memcpy(&half, &result, 2);
  return half;
}
extern "C" __attribute__((weak, visibility("hidden"))) _Float16 __truncdfhf2(double value) {
  return (_Float16)(float)value;
}
#endif

#ifndef __UINT_TYPEDEFS
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
#endif
typedef _Float16 half;
typedef __INTPTR_TYPE__ tlm_intptr;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __UINTPTR_TYPE__ uintptr_t;

static constexpr half operator""h(long double value) { return (half)value; }
static constexpr half operator""h(unsigned long long value) { return (half)value; }

namespace metal {

// The upper half of a float; arithmetic is float's.
struct bfloat {
  ushort bits;
  bfloat() = default;
  template <class S>
  TLM_INLINE bfloat(S source) {
    float value = (float)source;
    uint word;
    __builtin_memcpy(&word, &value, 4);
    bits = value != value ? (ushort)(word >> 16 | 0x40) : (ushort)((word + 0x7fff + (word >> 16 & 1)) >> 16);
  }
  TLM_INLINE operator float() const {
    uint word = (uint)bits << 16;
    float value;
    __builtin_memcpy(&value, &word, 4);
    return value;
  }
  TLM_INLINE bfloat &operator+=(float other) { return *this = bfloat((float)*this + other); }
  TLM_INLINE bfloat &operator-=(float other) { return *this = bfloat((float)*this - other); }
  TLM_INLINE bfloat &operator*=(float other) { return *this = bfloat((float)*this * other); }
  TLM_INLINE bfloat &operator/=(float other) { return *this = bfloat((float)*this / other); }
};

template <bool Condition, class T = void> struct tlm_if {};
template <class T> struct tlm_if<true, T> { typedef T type; };
template <class A, class B> constexpr bool is_same_v = false;
template <class A> constexpr bool is_same_v<A, A> = true;
template <class A, class B> struct is_same { static constexpr bool value = is_same_v<A, B>; };
template <bool Condition, class T = void> using enable_if = tlm_if<Condition, T>;
template <bool Condition, class T = void> using enable_if_t = typename tlm_if<Condition, T>::type;
template <bool Condition, class A, class B> struct conditional { typedef A type; };
template <class A, class B> struct conditional<false, A, B> { typedef B type; };
template <bool Condition, class A, class B> using conditional_t = typename conditional<Condition, A, B>::type;
template <class T> struct remove_const { typedef T type; };
template <class T> struct remove_const<const T> { typedef T type; };

template <class T> constexpr bool tlm_is_float = false;
template <> inline constexpr bool tlm_is_float<float> = true;
template <> inline constexpr bool tlm_is_float<half> = true;
template <> inline constexpr bool tlm_is_float<bfloat> = true;
template <> inline constexpr bool tlm_is_float<double> = true;
template <class T> constexpr bool tlm_is_integer = __is_integral(T);
template <class T> constexpr bool tlm_is_scalar = tlm_is_float<T> || tlm_is_integer<T> || __is_enum(T);
template <class T> constexpr bool is_floating_point_v = tlm_is_float<T>;
template <class T> constexpr bool is_integral_v = tlm_is_integer<T>;
template <class T> constexpr bool is_signed_v = (T)-1 < (T)0;
template <class T> constexpr bool is_unsigned_v = tlm_is_integer<T> && !is_signed_v<T>;

template <class T> struct numeric_limits;
#define TLM_FLOAT_LIMITS(T, LOWEST, LEAST, EPSILON, QUIET)                     \
  template <> struct numeric_limits<T> {                                       \
    static TLM_INLINE T max() { return (T) - (LOWEST); }                       \
    static TLM_INLINE T lowest() { return (T)(LOWEST); }                       \
    static TLM_INLINE T min() { return (T)(LEAST); }                           \
    static TLM_INLINE T epsilon() { return (T)(EPSILON); }                     \
    static TLM_INLINE T infinity() { return (T)__builtin_inff(); }             \
    static TLM_INLINE T quiet_NaN() { return (T)__builtin_nanf(""); }          \
  };
TLM_FLOAT_LIMITS(float, -3.402823466e+38f, 1.175494351e-38f, 1.192092896e-7f, 0)
TLM_FLOAT_LIMITS(half, -65504.0f, 6.103515625e-5f, 9.765625e-4f, 0)
TLM_FLOAT_LIMITS(bfloat, -3.389531389e+38f, 1.175494351e-38f, 7.8125e-3f, 0)
#define TLM_INTEGER_LIMITS(T, LOWEST, HIGHEST)               \
  template <> struct numeric_limits<T> {                     \
    static constexpr T max() { return (T)(HIGHEST); }        \
    static constexpr T lowest() { return (T)(LOWEST); }      \
    static constexpr T min() { return (T)(LOWEST); }         \
  };
TLM_INTEGER_LIMITS(char, -128, 127)
TLM_INTEGER_LIMITS(signed char, -128, 127)
TLM_INTEGER_LIMITS(uchar, 0, 255)
TLM_INTEGER_LIMITS(short, -32768, 32767)
TLM_INTEGER_LIMITS(ushort, 0, 65535)
TLM_INTEGER_LIMITS(int, -2147483647 - 1, 2147483647)
TLM_INTEGER_LIMITS(uint, 0, 4294967295u)
TLM_INTEGER_LIMITS(long, -__LONG_MAX__ - 1, __LONG_MAX__)
TLM_INTEGER_LIMITS(ulong, 0, __LONG_MAX__ * 2ul + 1)

}  // namespace metal

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define HUGE_VALF __builtin_inff()
#define HUGE_VALH ((half)__builtin_inff())
#define MAXFLOAT 3.402823466e+38f
#define FLT_MAX 3.402823466e+38f
#define FLT_MIN 1.175494351e-38f
#define FLT_EPSILON 1.192092896e-7f
#define FLT_DIG 6
#define FLT_MANT_DIG 24
#define MAXHALF ((half)65504.0f)
#define HALF_MAX ((half)65504.0f)
#define HALF_MIN ((half)6.103515625e-5f)
#define HALF_EPSILON ((half)9.765625e-4f)
#define CHAR_BIT 8
#define CHAR_MAX 127
#define CHAR_MIN (-128)
#define UCHAR_MAX 255
#define SHRT_MAX 32767
#define SHRT_MIN (-32768)
#define USHRT_MAX 65535
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 4294967295u
#define M_E_F 2.71828182845904523536f
#define M_LOG2E_F 1.44269504088896340736f
#define M_LOG10E_F 0.43429448190325182765f
#define M_LN2_F 0.69314718055994530942f
#define M_LN10_F 2.30258509299404568402f
#define M_PI_F 3.14159265358979323846f
#define M_PI_2_F 1.57079632679489661923f
#define M_PI_4_F 0.78539816339744830962f
#define M_1_PI_F 0.31830988618379067154f
#define M_2_PI_F 0.63661977236758134308f
#define M_2_SQRTPI_F 1.12837916709551257390f
#define M_SQRT2_F 1.41421356237309504880f
#define M_SQRT1_2_F 0.70710678118654752440f
#define M_PI_H ((half)M_PI_F)
#define M_E_H ((half)M_E_F)
#define M_SQRT2_H ((half)M_SQRT2_F)
#define M_SQRT1_2_H ((half)M_SQRT1_2_F)

#endif
