// Rows of a panel of packed weights: out[row][0..<TLK_PANEL] = from[column * column_step + row * row_step], missing columns zero.
#ifndef TLK_INTERLEAVE_H
#define TLK_INTERLEAVE_H

#include "../core/tiles.h"

typedef struct {
  const void *from;
  tlk_dtype from_dtype, to_dtype;  // TLK_F16 or TLK_F32
  tlk_int column_step, row_step;   // elements
  tlk_int columns;                 // 1…TLK_PANEL
} tlk_interleaving;

TLK_API void tlk_interleave(const tlk_interleaving *job, tlk_int rows, void *out);

#endif
