#include "kernels/types.h"

tlk_int tlk_dtype_size(tlk_dtype dtype) {
  switch (dtype) {
    case TLK_I8: case TLK_U8: case TLK_BOOL: return 1;
    case TLK_F16: case TLK_I16: case TLK_U16: return 2;
    case TLK_F32: case TLK_I32: case TLK_U32: return 4;
    case TLK_I64: case TLK_F64: return 8;
  }
  return 0;
}
