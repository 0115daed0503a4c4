// How a product is divided into tiles for the pool.
#ifndef TLK_TILING_H
#define TLK_TILING_H

#include "../core/tiles.h"

typedef struct {
  tlk_int row_block, row_blocks;        // rows per tile
  tlk_int column_block, column_blocks;  // columns per tile, a multiple of TLK_PANEL
} tlk_tiling;

// depth: K. a_bytes_per_row: scratch that a tile needs per row (0: operands are read in place).
TLK_API tlk_tiling tlk_tiling_of(tlk_int rows, tlk_int columns, tlk_int depth, tlk_int a_bytes_per_row);
// Column blocks for a given number of row blocks.
TLK_API tlk_int tlk_column_block(tlk_int rows, tlk_int columns, tlk_int depth, tlk_int row_blocks);

// One allocation of scratch, divided.
typedef struct {
  char *next;
} tlk_arena;
static inline void *tlk_carve(tlk_arena *arena, tlk_int bytes) {
  void *p = arena->next;
  arena->next += (bytes + 63) & ~(tlk_int)63;
  return p;
}
static inline tlk_int tlk_carved(tlk_int bytes) { return (bytes + 63) & ~(tlk_int)63; }

#endif
