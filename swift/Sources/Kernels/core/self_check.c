#include "self_check.h"

#include <stdlib.h>
#include <string.h>

// More than one block of rows, of columns and of channels on every instruction set, and a rest of each.
#define ROWS 37
#define COLUMNS 40
#define CHANNELS 75
#define PANELS ((COLUMNS + TLK_PANEL - 1) / TLK_PANEL)

// Integers that use all 11 bits of an f16 number meet small ones, in turns: sums stay below 2^24.
static float value(tlk_int i, tlk_int k, tlk_int salt) {
  const tlk_int mixed = (i * 7919 + k * 104729 + salt * 31) % 4001 - 2000;
  return (float)((k + salt) % 2 ? mixed : mixed % 13);
}

static void multiply(const tlk_kernel_table *table, const float *a, const uint16_t *panels, void *scratch, uint16_t *out) {
  static const tlk_epilogue none;
  const float *rows[ROWS];
  tlk_int pixels[ROWS];
  for (tlk_int r = 0; r < ROWS; r++) {
    rows[r] = a + r * CHANNELS;
    pixels[r] = r;
  }
  // Divided by 64, results are f16 numbers with roundings of their own.
  tlk_gemm_tile tile = {.rows = rows, .pixels = pixels, .row_count = ROWS, .taps = 1, .channels = CHANNELS, .half_rows = true,
                        .half_weights = true, .weights = panels, .panel_bytes = CHANNELS * TLK_PANEL * 2, .column_count = COLUMNS,
                        .out = out, .out_dtype = TLK_F16, .out_pitch = COLUMNS, .alpha = 0x1p-6f, .epilogue = &none, .scratch = scratch};
  table->gemm_tile(&tile);
}

typedef struct {
  float a[ROWS * CHANNELS];
  uint16_t panels[PANELS * CHANNELS * TLK_PANEL], got[ROWS * COLUMNS], want[ROWS * COLUMNS];
} trial;

bool tlk_self_check(const tlk_kernel_table *table) {
  const tlk_gemm_tile sizes = {.row_count = ROWS, .taps = 1, .channels = CHANNELS, .half_rows = true, .half_weights = true};
  trial *t = calloc(1, sizeof *t);
  void *scratch = NULL;
  bool same = true;  // without memory nothing can be said, and no model will run
  if (t && posix_memalign(&scratch, 64, (size_t)table->gemm_scratch(&sizes) + 64) == 0) {
    for (tlk_int r = 0; r < ROWS; r++)
      for (tlk_int k = 0; k < CHANNELS; k++) t->a[r * CHANNELS + k] = value(r, k, 0);
    for (tlk_int c = 0; c < COLUMNS; c++)
      for (tlk_int k = 0; k < CHANNELS; k++) {
        const float weight = value(c, k, 1);
        tlk_table_scalar.floats_to_halves(&weight, t->panels + (c / TLK_PANEL * CHANNELS + k) * TLK_PANEL + c % TLK_PANEL, 1);
      }
    multiply(table, t->a, t->panels, scratch, t->got);
    multiply(&tlk_table_scalar, t->a, t->panels, NULL, t->want);
    same = memcmp(t->got, t->want, sizeof t->got) == 0;
  }
  free(scratch);
  free(t);
  return same;
}
