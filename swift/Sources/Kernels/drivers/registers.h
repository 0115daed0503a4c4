// Between strided memory of any dtype and runs of f32 or i32 numbers.
#ifndef TLK_REGISTERS_H
#define TLK_REGISTERS_H

#include "kernels/types.h"

// Floats become f32, everything else i32 (u32 keeps its bits, bool becomes 0 or 1).
TLK_API void tlk_register_load(void *reg, const void *memory, tlk_dtype dtype, tlk_int offset, tlk_int stride, tlk_int count);
// From f32 or i32. Floats to integers truncate and saturate (NaN: 0), i32 to narrower integers wrap, anything to bool is != 0.
TLK_API void tlk_register_store(const void *reg, bool is_float, void *memory, tlk_dtype dtype, tlk_int offset, tlk_int stride,
                                tlk_int count);

#endif
