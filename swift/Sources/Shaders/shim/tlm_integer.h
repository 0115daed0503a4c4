// Integer functions.
#ifndef TLM_INTEGER_H
#define TLM_INTEGER_H

#include "tlm_vector_math.h"

namespace metal {

#define TLM_INTEGER(T) class = enable_if_t<tlm_is_integer<T>>

template <class T> struct tlm_unsigned { typedef T type; };
template <> struct tlm_unsigned<char> { typedef uchar type; };
template <> struct tlm_unsigned<signed char> { typedef uchar type; };
template <> struct tlm_unsigned<short> { typedef ushort type; };
template <> struct tlm_unsigned<int> { typedef uint type; };
template <> struct tlm_unsigned<long> { typedef ulong type; };

template <class T, TLM_INTEGER(T)> TLM_INLINE T popcount(T x) {
  return (T)__builtin_popcountl((typename tlm_unsigned<T>::type)x);
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T clz(T x) {
  typedef typename tlm_unsigned<T>::type U;
  return x == 0 ? (T)(sizeof(T) * 8) : (T)(__builtin_clzl((U)x) - (64 - (int)sizeof(T) * 8));
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T ctz(T x) {
  typedef typename tlm_unsigned<T>::type U;
  return x == 0 ? (T)(sizeof(T) * 8) : (T)__builtin_ctzl((U)x);
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T reverse_bits(T x) {
  typedef typename tlm_unsigned<T>::type U;
  U r = 0, rest = (U)x;
  for (unsigned i = 0; i < sizeof(T) * 8; i++, rest >>= 1) r = (U)(r << 1 | (rest & 1));
  return (T)r;
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T rotate(T x, T by) {
  typedef typename tlm_unsigned<T>::type U;
  unsigned bits = sizeof(T) * 8, n = (unsigned)by & (bits - 1);
  return n == 0 ? x : (T)((U)x << n | (U)x >> (bits - n));
}
template <class T, TLM_INTEGER(T)> TLM_INLINE typename tlm_unsigned<T>::type absdiff(T a, T b) {
  typedef typename tlm_unsigned<T>::type U;
  return a > b ? (U)((U)a - (U)b) : (U)((U)b - (U)a);
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T addsat(T a, T b) {
  T r;
  if (!__builtin_add_overflow(a, b, &r)) return r;
  return b < 0 ? numeric_limits<T>::min() : numeric_limits<T>::max();
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T subsat(T a, T b) {
  T r;
  if (!__builtin_sub_overflow(a, b, &r)) return r;
  return is_signed_v<T> && b < 0 ? numeric_limits<T>::max() : numeric_limits<T>::min();
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T hadd(T a, T b) { return (T)((a & b) + ((a ^ b) >> 1)); }
template <class T, TLM_INTEGER(T)> TLM_INLINE T rhadd(T a, T b) { return (T)((a | b) - ((a ^ b) >> 1)); }
template <class T, TLM_INTEGER(T)> TLM_INLINE T mulhi(T a, T b) {
  if constexpr (is_signed_v<T>) return (T)((__int128)a * (__int128)b >> sizeof(T) * 8);
  else return (T)((unsigned __int128)a * (unsigned __int128)b >> sizeof(T) * 8);
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T mad24(T a, T b, T c) { return a * b + c; }
template <class T, TLM_INTEGER(T)> TLM_INLINE T mul24(T a, T b) { return a * b; }
template <class T, TLM_INTEGER(T)> TLM_INLINE T madhi(T a, T b, T c) { return (T)(mulhi(a, b) + c); }
template <class T, TLM_INTEGER(T)> TLM_INLINE T extract_bits(T x, uint offset, uint bits) {
  typedef typename tlm_unsigned<T>::type U;
  if (bits == 0) return 0;
  unsigned left = (unsigned)sizeof(T) * 8 - offset - bits;
  return (T)((T)((U)x << left) >> (sizeof(T) * 8 - bits));
}
template <class T, TLM_INTEGER(T)> TLM_INLINE T insert_bits(T base, T insert, uint offset, uint bits) {
  typedef typename tlm_unsigned<T>::type U;
  U mask = bits >= sizeof(T) * 8 ? ~(U)0 : (U)(((U)1 << bits) - 1);
  return (T)(((U)base & ~(U)(mask << offset)) | (U)(((U)insert & mask) << offset));
}

TLM_VECTOR_UNARY(popcount) TLM_VECTOR_UNARY(clz) TLM_VECTOR_UNARY(ctz) TLM_VECTOR_UNARY(reverse_bits)
TLM_VECTOR_BINARY(rotate) TLM_VECTOR_BINARY(addsat) TLM_VECTOR_BINARY(subsat) TLM_VECTOR_BINARY(hadd)
TLM_VECTOR_BINARY(rhadd) TLM_VECTOR_BINARY(mulhi) TLM_VECTOR_BINARY(mul24)
template <class T, int N> TLM_INLINE vec<typename tlm_unsigned<T>::type, N> absdiff(vec<T, N> a, vec<T, N> b) {
  vec<typename tlm_unsigned<T>::type, N> r;
  for (int i = 0; i < N; i++) r.e[i] = absdiff(a.e[i], b.e[i]);
  return r;
}

// Four normalised bytes or two normalised shorts in a word.
TLM_INLINE vec<float, 4> unpack_unorm4x8_to_float(uint word) {
  return vec<float, 4>((float)(word & 255), (float)(word >> 8 & 255), (float)(word >> 16 & 255), (float)(word >> 24)) / 255.0f;
}
TLM_INLINE uint pack_float_to_unorm4x8(vec<float, 4> v) {
  vec<uint, 4> u = vec<uint, 4>(rint(clamp(v, 0.0f, 1.0f) * 255.0f));
  return u.e[0] | u.e[1] << 8 | u.e[2] << 16 | u.e[3] << 24;
}
TLM_INLINE vec<half, 4> unpack_unorm4x8_to_half(uint word) { return vec<half, 4>(unpack_unorm4x8_to_float(word)); }
TLM_INLINE vec<float, 2> unpack_unorm2x16_to_float(uint word) {
  return vec<float, 2>((float)(word & 65535), (float)(word >> 16)) / 65535.0f;
}
TLM_INLINE vec<float, 4> unpack_snorm4x8_to_float(uint word) {
  vec<float, 4> v((float)(signed char)(word & 255), (float)(signed char)(word >> 8 & 255),
                  (float)(signed char)(word >> 16 & 255), (float)(signed char)(word >> 24));
  return max(v / 127.0f, -1.0f);
}

}  // namespace metal
#endif
