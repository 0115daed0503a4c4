#include "interleave.h"

#include <string.h>

#include "../core/table.h"
#include "transpose.h"

// The count of columns is a constant where the panel is full, so that the sixteen loads of a row are one block of code: an element at
// a time through memcpy, packing took two thirds of the time to load ResNet-50 (2026-11-25).
#define GATHER(type, name)                                                                                            \
  static inline void name(const type *from, tlk_int column_step, tlk_int row_step, tlk_int columns, tlk_int rows, type *out) { \
    for (tlk_int row = 0; row < rows; row++, from += row_step, out += TLK_PANEL)                                      \
      for (tlk_int column = 0; column < columns; column++) out[column] = from[column * column_step];                  \
  }
GATHER(uint16_t, gather_halves)
GATHER(uint32_t, gather_words)

static void gather(const tlk_interleaving *job, tlk_int rows, void *out) {
  tlk_int size = tlk_dtype_size(job->from_dtype);
  bool is_full = job->columns == TLK_PANEL;
  if (!is_full) memset(out, 0, (size_t)(rows * TLK_PANEL * size));
  if (job->row_step == 1) tlk_transpose(job->from, job->column_step, out, TLK_PANEL, job->columns, rows, size);
  else if (size == 2 && is_full) gather_halves(job->from, job->column_step, job->row_step, TLK_PANEL, rows, out);
  else if (size == 2) gather_halves(job->from, job->column_step, job->row_step, job->columns, rows, out);
  else if (is_full) gather_words(job->from, job->column_step, job->row_step, TLK_PANEL, rows, out);
  else gather_words(job->from, job->column_step, job->row_step, job->columns, rows, out);
}

void tlk_interleave(const tlk_interleaving *job, tlk_int rows, void *out) {
  if (job->from_dtype == job->to_dtype) {
    gather(job, rows, out);
    return;
  }
  tlk_interleaving row = *job;
  uint32_t columns[TLK_PANEL];
  tlk_int from_size = tlk_dtype_size(job->from_dtype), to_size = tlk_dtype_size(job->to_dtype);
  for (tlk_int i = 0; i < rows; i++) {
    row.from = (const char *)job->from + i * job->row_step * from_size;
    gather(&row, 1, columns);
    char *to = (char *)out + i * TLK_PANEL * to_size;
    if (to_size == 4) tlk_kernels()->halves_to_floats((const uint16_t *)columns, (float *)to, TLK_PANEL);
    else tlk_kernels()->floats_to_halves((const float *)columns, (uint16_t *)to, TLK_PANEL);
  }
}
