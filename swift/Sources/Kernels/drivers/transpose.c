#include "transpose.h"

#include <string.h>

#include "../core/tiles.h"

// Generic vectors: the compiler makes unpack instructions of them on the baseline of every CPU.
typedef uint16_t v8x16 __attribute__((vector_size(16)));
typedef uint32_t v4x32 __attribute__((vector_size(16)));
typedef uint64_t v2x64 __attribute__((vector_size(16)));

#define LOW16(A, B) __builtin_shufflevector(A, B, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH16(A, B) __builtin_shufflevector(A, B, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW32(A, B) ((v8x16)__builtin_shufflevector((v4x32)(A), (v4x32)(B), 0, 4, 1, 5))
#define HIGH32(A, B) ((v8x16)__builtin_shufflevector((v4x32)(A), (v4x32)(B), 2, 6, 3, 7))
#define LOW64(A, B) ((v8x16)__builtin_shufflevector((v2x64)(A), (v2x64)(B), 0, 2))
#define HIGH64(A, B) ((v8x16)__builtin_shufflevector((v2x64)(A), (v2x64)(B), 1, 3))

static inline void transpose_8x8_u16(const uint16_t *in, tlk_int in_pitch, uint16_t *out, tlk_int out_pitch) {
  v8x16 r[8], a[8], b[8];
  for (int i = 0; i < 8; i++) memcpy(&r[i], in + i * in_pitch, 16);
  for (int i = 0; i < 4; i++) {
    a[2 * i] = LOW16(r[2 * i], r[2 * i + 1]);
    a[2 * i + 1] = HIGH16(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      b[4 * i + 2 * j] = LOW32(a[4 * i + j], a[4 * i + j + 2]);
      b[4 * i + 2 * j + 1] = HIGH32(a[4 * i + j], a[4 * i + j + 2]);
    }
  for (int i = 0; i < 4; i++) {
    v8x16 low = LOW64(b[i], b[i + 4]), high = HIGH64(b[i], b[i + 4]);
    memcpy(out + 2 * i * out_pitch, &low, 16);
    memcpy(out + (2 * i + 1) * out_pitch, &high, 16);
  }
}

static inline void transpose_4x4_u32(const uint32_t *in, tlk_int in_pitch, uint32_t *out, tlk_int out_pitch) {
  v8x16 r[4];
  for (int i = 0; i < 4; i++) memcpy(&r[i], in + i * in_pitch, 16);
  v8x16 a = LOW32(r[0], r[1]), b = HIGH32(r[0], r[1]), c = LOW32(r[2], r[3]), d = HIGH32(r[2], r[3]);
  const v8x16 columns[4] = {LOW64(a, c), HIGH64(a, c), LOW64(b, d), HIGH64(b, d)};
  for (int i = 0; i < 4; i++) memcpy(out + i * out_pitch, &columns[i], 16);
}

#define EDGES(TYPE, ROW, COLUMN) \
  for (tlk_int r = ROW; r < rows; r++) \
    for (tlk_int c = COLUMN; c < columns; c++) ((TYPE *)destination)[c * destination_pitch + r] = ((const TYPE *)source)[r * source_pitch + c];

void tlk_transpose(const void *source, tlk_int source_pitch, void *destination, tlk_int destination_pitch, tlk_int rows,
                   tlk_int columns, tlk_int element_size) {
  tlk_int block = element_size == 2 ? 8 : element_size == 4 ? 4 : 0;
  tlk_int whole_rows = block ? rows / block * block : 0, whole_columns = block ? columns / block * block : 0;
  if (element_size == 1) { EDGES(uint8_t, 0, 0) return; }
  if (element_size == 8) { EDGES(uint64_t, 0, 0) return; }
  for (tlk_int c = 0; c < whole_columns; c += block)
    for (tlk_int r = 0; r < whole_rows; r += block) {
      if (element_size == 2)
        transpose_8x8_u16((const uint16_t *)source + r * source_pitch + c, source_pitch,
                          (uint16_t *)destination + c * destination_pitch + r, destination_pitch);
      else
        transpose_4x4_u32((const uint32_t *)source + r * source_pitch + c, source_pitch,
                          (uint32_t *)destination + c * destination_pitch + r, destination_pitch);
    }
  if (element_size == 2) {
    EDGES(uint16_t, whole_rows, 0)
    rows = whole_rows;
    EDGES(uint16_t, 0, whole_columns)
  } else {
    EDGES(uint32_t, whole_rows, 0)
    rows = whole_rows;
    EDGES(uint32_t, 0, whole_columns)
  }
}
