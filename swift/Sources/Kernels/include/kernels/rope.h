// Rotary position embedding.
#ifndef TLK_ROPE_H
#define TLK_ROPE_H

#include "types.h"

// [rows][tokens][width], width even: element pairs (i, i + width / 2), or adjacent ones, turn by (first_position + token) *
// base^(-2i / width). dtype: TLK_F16 or TLK_F32, computed in f32. In place is allowed.
TLK_API tlk_status tlk_rope(const void *input, tlk_dtype dtype, void *output, tlk_int rows, tlk_int tokens, tlk_int width,
                            tlk_int first_position, float base, bool adjacent);

#endif
