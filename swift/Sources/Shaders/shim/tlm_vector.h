// vec<T, N> and packed_vec<T, N>.
#ifndef TLM_VECTOR_H
#define TLM_VECTOR_H

#include "tlm_types.h"
#include "tlm_swizzles.h"

namespace metal {

template <class T, int N> struct vec;
template <class T, int N> struct packed_vec;

template <class T> constexpr bool tlm_is_vector = false;
template <class T, int N> constexpr bool tlm_is_vector<vec<T, N>> = true;

#define TLM_EACH_ELEMENT(EXPRESSION) \
  vec r;                             \
  for (int i = 0; i < COUNT; i++) r.e[i] = (T)(EXPRESSION); \
  return r;

// Operators are found by argument type, and scalars convert on the way.
#define TLM_BINARY(OP)                                                                     \
  friend TLM_INLINE vec operator OP(vec a, vec b) { TLM_EACH_ELEMENT(a.e[i] OP b.e[i]) }   \
  TLM_INLINE vec &operator OP##=(vec b) { return *this = *this OP b; }
#define TLM_COMPARISON(OP)                                            \
  friend TLM_INLINE vec<bool, COUNT> operator OP(vec a, vec b) {      \
    vec<bool, COUNT> r;                                               \
    for (int i = 0; i < COUNT; i++) r.e[i] = a.e[i] OP b.e[i];        \
    return r;                                                         \
  }

#define TLM_VECTOR_MEMBERS(COUNT_)                                                               \
  static constexpr int COUNT = COUNT_;                                                           \
  template <int M> using V = vec<T, M>;                                                          \
  vec() = default;                                                                               \
  template <class S, class = enable_if_t<tlm_is_scalar<S>>> TLM_INLINE vec(S s) {                \
    for (int i = 0; i < COUNT; i++) e[i] = (T)s;                                                 \
  }                                                                                              \
  template <class S, class = enable_if_t<!is_same_v<S, T>>> TLM_INLINE explicit vec(vec<S, COUNT> v) { \
    for (int i = 0; i < COUNT; i++) e[i] = (T)v.e[i];                                            \
  }                                                                                              \
  TLM_INLINE vec(packed_vec<T, COUNT> v) {                                                       \
    for (int i = 0; i < COUNT; i++) e[i] = v.e[i];                                               \
  }                                                                                              \
  TLM_INLINE T &operator[](long i) { return e[i]; }                                              \
  TLM_INLINE const T &operator[](long i) const { return e[i]; }                                  \
  TLM_BINARY(+) TLM_BINARY(-) TLM_BINARY(*) TLM_BINARY(/)                                        \
  TLM_BINARY(%) TLM_BINARY(&) TLM_BINARY(|) TLM_BINARY(^) TLM_BINARY(<<) TLM_BINARY(>>)          \
  TLM_COMPARISON(==) TLM_COMPARISON(!=) TLM_COMPARISON(<) TLM_COMPARISON(<=)                     \
  TLM_COMPARISON(>) TLM_COMPARISON(>=) TLM_COMPARISON(&&) TLM_COMPARISON(||)                     \
  friend TLM_INLINE vec operator-(vec a) { TLM_EACH_ELEMENT(-a.e[i]) }                           \
  friend TLM_INLINE vec operator+(vec a) { return a; }                                           \
  friend TLM_INLINE vec operator~(vec a) { TLM_EACH_ELEMENT(~a.e[i]) }                           \
  friend TLM_INLINE vec<bool, COUNT> operator!(vec a) { return a == vec(0); }                    \
  TLM_INLINE vec &operator++() { return *this = *this + vec(1); }                                \
  TLM_INLINE vec &operator--() { return *this = *this - vec(1); }                                \
  TLM_INLINE vec operator++(int) { vec old = *this; ++*this; return old; }                       \
  TLM_INLINE vec operator--(int) { vec old = *this; --*this; return old; }

template <class T> struct alignas(2 * sizeof(T)) vec<T, 2> {
  union {
    struct { T x, y; };
    struct { T r, g; };
    T e[2];
  };
  TLM_VECTOR_MEMBERS(2)
  TLM_INLINE vec(T a, T b) : e{a, b} {}
  TLM_SWIZZLES_2(V)
};

template <class T> struct alignas(4 * sizeof(T)) vec<T, 3> {
  union {
    struct { T x, y, z; };
    struct { T r, g, b; };
    T e[3];
  };
  TLM_VECTOR_MEMBERS(3)
  TLM_INLINE vec(T a, T b_, T c) : e{a, b_, c} {}
  TLM_INLINE vec(vec<T, 2> a, T c) : e{a.e[0], a.e[1], c} {}
  TLM_INLINE vec(T a, vec<T, 2> c) : e{a, c.e[0], c.e[1]} {}
  TLM_SWIZZLES_3(V)
};

template <class T> struct alignas(4 * sizeof(T)) vec<T, 4> {
  union {
    struct { T x, y, z, w; };
    struct { T r, g, b, a; };
    T e[4];
  };
  TLM_VECTOR_MEMBERS(4)
  TLM_INLINE vec(T p, T q, T s, T t) : e{p, q, s, t} {}
  TLM_INLINE vec(vec<T, 2> p, vec<T, 2> q) : e{p.e[0], p.e[1], q.e[0], q.e[1]} {}
  TLM_INLINE vec(vec<T, 2> p, T s, T t) : e{p.e[0], p.e[1], s, t} {}
  TLM_INLINE vec(T p, vec<T, 2> q, T t) : e{p, q.e[0], q.e[1], t} {}
  TLM_INLINE vec(T p, T q, vec<T, 2> s) : e{p, q, s.e[0], s.e[1]} {}
  TLM_INLINE vec(vec<T, 3> p, T t) : e{p.e[0], p.e[1], p.e[2], t} {}
  TLM_INLINE vec(T p, vec<T, 3> q) : e{p, q.e[0], q.e[1], q.e[2]} {}
  TLM_SWIZZLES_4(V)
};

// Without padding, aligned as one element. Computes as the vector does.
#define TLM_PACKED_BINARY(OP)                                                                              \
  friend TLM_INLINE vec<T, N> operator OP(packed_vec a, packed_vec b) { return vec<T, N>(a) OP vec<T, N>(b); } \
  friend TLM_INLINE vec<T, N> operator OP(packed_vec a, vec<T, N> b) { return vec<T, N>(a) OP b; }         \
  friend TLM_INLINE vec<T, N> operator OP(vec<T, N> a, packed_vec b) { return a OP vec<T, N>(b); }         \
  template <class S, class = enable_if_t<tlm_is_scalar<S>>>                                                \
  friend TLM_INLINE vec<T, N> operator OP(packed_vec a, S b) { return vec<T, N>(a) OP vec<T, N>(b); }      \
  template <class S, class = enable_if_t<tlm_is_scalar<S>>>                                                \
  friend TLM_INLINE vec<T, N> operator OP(S a, packed_vec b) { return vec<T, N>(a) OP vec<T, N>(b); }      \
  TLM_INLINE packed_vec &operator OP##=(vec<T, N> b) { return *this = packed_vec(vec<T, N>(*this) OP b); }

#define TLM_PACKED_MEMBERS                                        \
  packed_vec() = default;                                         \
  TLM_INLINE packed_vec(vec<T, N> v) {                            \
    for (int i = 0; i < N; i++) e[i] = v.e[i];                    \
  }                                                               \
  template <class S, class = enable_if_t<tlm_is_scalar<S>>> TLM_INLINE packed_vec(S s) { \
    for (int i = 0; i < N; i++) e[i] = (T)s;                      \
  }                                                               \
  TLM_INLINE T &operator[](long i) { return e[i]; }               \
  TLM_INLINE const T &operator[](long i) const { return e[i]; }   \
  template <int M> using V = vec<T, M>;                           \
  TLM_PACKED_BINARY(+) TLM_PACKED_BINARY(-) TLM_PACKED_BINARY(*) TLM_PACKED_BINARY(/) \
  friend TLM_INLINE vec<T, N> operator-(packed_vec a) { return -vec<T, N>(a); }

template <class T> struct packed_vec<T, 2> {
  static constexpr int N = 2;
  union {
    struct { T x, y; };
    struct { T r, g; };
    T e[2];
  };
  TLM_PACKED_MEMBERS
  TLM_INLINE packed_vec(T a, T b) : e{a, b} {}
  TLM_SWIZZLES_2(V)
};
template <class T> struct packed_vec<T, 3> {
  static constexpr int N = 3;
  union {
    struct { T x, y, z; };
    struct { T r, g, b; };
    T e[3];
  };
  TLM_PACKED_MEMBERS
  TLM_INLINE packed_vec(T a, T b_, T c) : e{a, b_, c} {}
  TLM_SWIZZLES_3(V)
};
template <class T> struct packed_vec<T, 4> {
  static constexpr int N = 4;
  union {
    struct { T x, y, z, w; };
    struct { T r, g, b, a; };
    T e[4];
  };
  TLM_PACKED_MEMBERS
  TLM_INLINE packed_vec(T p, T q, T s, T t) : e{p, q, s, t} {}
  TLM_SWIZZLES_4(V)
};

}  // namespace metal
#endif
