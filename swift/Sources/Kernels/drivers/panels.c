#include "operand.h"
#include "transpose.h"

void tlk_pack_panels(const void *matrix, tlk_dtype dtype, tlk_int pitch, bool transposed, tlk_int depth, tlk_int columns, void *panels) {
  tlk_int size = tlk_dtype_size(dtype);
  char *out = panels;
  for (tlk_int first = 0; first < columns; first += TLK_PANEL, out += depth * TLK_PANEL * size) {
    tlk_int count = tlk_min(TLK_PANEL, columns - first);
    if (count < TLK_PANEL) memset(out, 0, (size_t)(depth * TLK_PANEL * size));
    if (transposed) {
      tlk_transpose(tlk_at(matrix, dtype, first * pitch), pitch, out, TLK_PANEL, count, depth, size);
      continue;
    }
    const char *from = tlk_at(matrix, dtype, first);
    if (count == TLK_PANEL && size == 2)
      for (tlk_int k = 0; k < depth; k++) memcpy(out + k * TLK_PANEL * 2, from + k * pitch * 2, TLK_PANEL * 2);
    else
      for (tlk_int k = 0; k < depth; k++) memcpy(out + k * TLK_PANEL * size, from + k * pitch * size, (size_t)(count * size));
  }
}
