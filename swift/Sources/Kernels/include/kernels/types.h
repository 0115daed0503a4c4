// Types that all kernel headers share.
#ifndef TLK_TYPES_H
#define TLK_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Kernel symbols stay inside the dylib: its exports are those of tensorlogic.h alone.
#define TLK_API __attribute__((visibility("hidden")))

typedef ptrdiff_t tlk_int;

typedef enum {
  TLK_OK = 0,
  TLK_E_ARGUMENT = -1,     // sizes or a combination that the kernel does not define
  TLK_E_MEMORY = -2,       // scratch memory could not be allocated
  TLK_E_UNSUPPORTED = -3,  // a dtype that the kernel does not handle
} tlk_status;

typedef enum {
  TLK_F16 = 0,
  TLK_F32 = 1,
  TLK_I8 = 2,
  TLK_U8 = 3,
  TLK_I16 = 4,
  TLK_U16 = 5,
  TLK_I32 = 6,
  TLK_U32 = 7,
  TLK_BOOL = 8,  // one byte, 0 or 1; any other byte reads as true
  TLK_I64 = 9,   // conversion only
  TLK_F64 = 10,  // conversion only
} tlk_dtype;

// Bytes of one element; 0 for a value that is not a tlk_dtype.
TLK_API tlk_int tlk_dtype_size(tlk_dtype dtype);

#endif
