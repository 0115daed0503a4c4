// float4, packed_half3, uint2, half3x3 …: MSL has them without `using namespace metal`.
#ifndef TLM_NAMES_H
#define TLM_NAMES_H

#include "tlm_vector.h"
#include "tlm_matrix.h"

#define TLM_VECTOR_NAMES(T)                    \
  typedef metal::vec<T, 2> T##2;               \
  typedef metal::vec<T, 3> T##3;               \
  typedef metal::vec<T, 4> T##4;               \
  typedef metal::packed_vec<T, 2> packed_##T##2; \
  typedef metal::packed_vec<T, 3> packed_##T##3; \
  typedef metal::packed_vec<T, 4> packed_##T##4;
#define TLM_ALL_NAMES                                                                              \
  TLM_VECTOR_NAMES(float) TLM_VECTOR_NAMES(half) TLM_VECTOR_NAMES(bool) TLM_VECTOR_NAMES(char)     \
  TLM_VECTOR_NAMES(uchar) TLM_VECTOR_NAMES(short) TLM_VECTOR_NAMES(ushort) TLM_VECTOR_NAMES(int)   \
  TLM_VECTOR_NAMES(uint) TLM_VECTOR_NAMES(long) TLM_VECTOR_NAMES(ulong) TLM_VECTOR_NAMES(bfloat)   \
  TLM_MATRIX_NAMES(float) TLM_MATRIX_NAMES(half)
#define TLM_MATRIX_NAMES(T)            \
  typedef metal::matrix<T, 2, 2> T##2x2; \
  typedef metal::matrix<T, 2, 3> T##2x3; \
  typedef metal::matrix<T, 2, 4> T##2x4; \
  typedef metal::matrix<T, 3, 2> T##3x2; \
  typedef metal::matrix<T, 3, 3> T##3x3; \
  typedef metal::matrix<T, 3, 4> T##3x4; \
  typedef metal::matrix<T, 4, 2> T##4x2; \
  typedef metal::matrix<T, 4, 3> T##4x3; \
  typedef metal::matrix<T, 4, 4> T##4x4;

using metal::bfloat;
TLM_ALL_NAMES
namespace metal {
TLM_ALL_NAMES
using ::half;
using ::uchar;
using ::ushort;
using ::uint;
using ::ulong;
using ::size_t;
using ::ptrdiff_t;
}

#endif
