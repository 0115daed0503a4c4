// Rows of f16 or f32 activations as f32.
#ifndef TLK_OPERAND_H
#define TLK_OPERAND_H

#include <string.h>

#include "../core/table.h"

// `rows` rows of `columns` elements; row r of the source begins at element first + r * pitch.
static inline void tlk_load_rows(const void *source, tlk_dtype dtype, tlk_int first, tlk_int pitch, tlk_int rows, tlk_int columns,
                                 float *out, tlk_int out_pitch) {
  if (pitch == columns && out_pitch == columns) {
    columns *= rows;
    rows = rows > 0;
  }
  for (tlk_int r = 0; r < rows; r++, first += pitch, out += out_pitch) {
    if (dtype == TLK_F16) tlk_kernels()->halves_to_floats((const uint16_t *)source + first, out, columns);
    else memcpy(out, (const float *)source + first, (size_t)columns * 4);
  }
}
static inline void tlk_store_rows(const float *rows_in, tlk_int in_pitch, void *destination, tlk_dtype dtype, tlk_int first, tlk_int pitch,
                                  tlk_int rows, tlk_int columns) {
  if (pitch == columns && in_pitch == columns) {
    columns *= rows;
    rows = rows > 0;
  }
  for (tlk_int r = 0; r < rows; r++, first += pitch, rows_in += in_pitch) {
    if (dtype == TLK_F16) tlk_kernels()->floats_to_halves(rows_in, (uint16_t *)destination + first, columns);
    else memcpy((float *)destination + first, rows_in, (size_t)columns * 4);
  }
}

static inline const void *tlk_at(const void *base, tlk_dtype dtype, tlk_int index) {
  return (const char *)base + index * tlk_dtype_size(dtype);
}

// Packs `columns` columns of a [depth][N] matrix (transposed: [N][depth]) into panels of 16, in the matrix's own dtype.
TLK_API void tlk_pack_panels(const void *matrix, tlk_dtype dtype, tlk_int pitch, bool transposed, tlk_int depth, tlk_int columns,
                             void *panels);

#endif
