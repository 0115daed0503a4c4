#include "tiling.h"

#include "../core/table.h"

// Operand rows of one tile, in f32, stay inside this: a good half of a 512 KiB second-level cache, which also holds a weight panel.
#define A_BYTES (192 * 1024)
#define LARGEST_ROW_BLOCK 120
// A tile below about 3 µs (multiply-adds at 16 per cycle) costs more in scheduling than it balances.
#define SMALLEST_TILE (160 * 1024)
#define TILES_PER_THREAD 4

static double work_of(tlk_int rows, tlk_int columns, tlk_int depth) {
  return (double)rows * (double)columns * (double)(depth > 0 ? depth : 1);
}

tlk_int tlk_column_block(tlk_int rows, tlk_int columns, tlk_int depth, tlk_int row_blocks) {
  tlk_int panels = tlk_ceil_div(columns, TLK_PANEL), threads = tlk_thread_count();
  if (threads == 1 || panels <= 1) return tlk_max(panels, 1) * TLK_PANEL;
  double most = work_of(rows, columns, depth) / SMALLEST_TILE;
  tlk_int wanted = threads * TILES_PER_THREAD;
  if (most < (double)wanted) wanted = most < 1 ? 1 : (tlk_int)most;
  tlk_int blocks = tlk_min(tlk_ceil_div(wanted, row_blocks), panels);
  return tlk_ceil_div(panels, blocks) * TLK_PANEL;
}

tlk_tiling tlk_tiling_of(tlk_int rows, tlk_int columns, tlk_int depth, tlk_int a_bytes_per_row) {
  tlk_tiling t;
  tlk_int multiple = tlk_kernels()->row_multiple, largest = tlk_ceil_div(LARGEST_ROW_BLOCK, multiple) * multiple;
  tlk_int fit = a_bytes_per_row > 0 ? A_BYTES / a_bytes_per_row : largest;
  tlk_int block = tlk_max(tlk_min(fit, largest), 2 * multiple);
  t.row_blocks = tlk_max(tlk_ceil_div(rows, block), 1);
  t.row_block = tlk_ceil_div(rows, t.row_blocks);
  if (t.row_blocks > 1) t.row_block = tlk_ceil_div(t.row_block, multiple) * multiple;
  t.row_blocks = tlk_max(tlk_ceil_div(rows, tlk_max(t.row_block, 1)), 1);
  t.column_block = tlk_column_block(rows, columns, depth, t.row_blocks);
  t.column_blocks = tlk_ceil_div(columns, t.column_block);
  return t;
}
