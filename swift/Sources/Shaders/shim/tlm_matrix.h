// matrix<T, columns, rows>: column vectors.
#ifndef TLM_MATRIX_H
#define TLM_MATRIX_H

#include "tlm_vector.h"

namespace metal {

template <class T, int C, int R> struct matrix {
  vec<T, R> columns[C];
  matrix() = default;
  // The diagonal.
  TLM_INLINE explicit matrix(T diagonal) {
    for (int c = 0; c < C; c++)
      for (int r = 0; r < R; r++) columns[c].e[r] = c == r ? diagonal : (T)0;
  }
  TLM_INLINE matrix(vec<T, R> a, vec<T, R> b) : columns{a, b} { static_assert(C == 2, "a matrix takes its columns"); }
  TLM_INLINE matrix(vec<T, R> a, vec<T, R> b, vec<T, R> c) : columns{a, b, c} {
    static_assert(C == 3, "a matrix takes its columns");
  }
  TLM_INLINE matrix(vec<T, R> a, vec<T, R> b, vec<T, R> c, vec<T, R> d) : columns{a, b, c, d} {
    static_assert(C == 4, "a matrix takes its columns");
  }
  TLM_INLINE vec<T, R> &operator[](long c) { return columns[c]; }
  TLM_INLINE const vec<T, R> &operator[](long c) const { return columns[c]; }

  friend TLM_INLINE matrix operator+(matrix a, matrix b) {
    for (int c = 0; c < C; c++) a.columns[c] += b.columns[c];
    return a;
  }
  friend TLM_INLINE matrix operator-(matrix a, matrix b) {
    for (int c = 0; c < C; c++) a.columns[c] -= b.columns[c];
    return a;
  }
  friend TLM_INLINE matrix operator*(matrix a, T s) {
    for (int c = 0; c < C; c++) a.columns[c] *= vec<T, R>(s);
    return a;
  }
  friend TLM_INLINE matrix operator*(T s, matrix a) { return a * s; }
  friend TLM_INLINE vec<T, R> operator*(const matrix &a, vec<T, C> v) {
    vec<T, R> sum = a.columns[0] * vec<T, R>(v.e[0]);
    for (int c = 1; c < C; c++) sum += a.columns[c] * vec<T, R>(v.e[c]);
    return sum;
  }
  friend TLM_INLINE vec<T, C> operator*(vec<T, R> v, const matrix &a) {
    vec<T, C> result;
    for (int c = 0; c < C; c++) {
      T sum = 0;
      for (int r = 0; r < R; r++) sum += v.e[r] * a.columns[c].e[r];
      result.e[c] = sum;
    }
    return result;
  }
};

template <class T, int K, int C, int R>
TLM_INLINE matrix<T, C, R> operator*(const matrix<T, K, R> &a, const matrix<T, C, K> &b) {
  matrix<T, C, R> result;
  for (int c = 0; c < C; c++) result.columns[c] = a * b.columns[c];
  return result;
}
template <class T, int C, int R> TLM_INLINE matrix<T, R, C> transpose(const matrix<T, C, R> &a) {
  matrix<T, R, C> result;
  for (int c = 0; c < C; c++)
    for (int r = 0; r < R; r++) result.columns[r].e[c] = a.columns[c].e[r];
  return result;
}
template <class T> TLM_INLINE T determinant(const matrix<T, 2, 2> &m) { return m[0].e[0] * m[1].e[1] - m[1].e[0] * m[0].e[1]; }
template <class T> TLM_INLINE T determinant(const matrix<T, 3, 3> &m) {
  return m[0].e[0] * (m[1].e[1] * m[2].e[2] - m[2].e[1] * m[1].e[2]) -
         m[1].e[0] * (m[0].e[1] * m[2].e[2] - m[2].e[1] * m[0].e[2]) +
         m[2].e[0] * (m[0].e[1] * m[1].e[2] - m[1].e[1] * m[0].e[2]);
}
template <class T> TLM_INLINE T determinant(const matrix<T, 4, 4> &m) {
  T sum = 0;
  for (int c = 0; c < 4; c++) {
    matrix<T, 3, 3> minor;
    for (int k = 0, to = 0; k < 4; k++) {
      if (k == c) continue;
      for (int r = 1; r < 4; r++) minor[to].e[r - 1] = m[k].e[r];
      to++;
    }
    sum += (c % 2 == 0 ? (T)1 : (T)-1) * m[c].e[0] * determinant(minor);
  }
  return sum;
}

}  // namespace metal
#endif
