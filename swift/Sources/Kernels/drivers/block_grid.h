// Rows (runs along the last axis) of a tensor that is cut into blocks.
#ifndef TLK_BLOCK_GRID_H
#define TLK_BLOCK_GRID_H

#include "kernels/compression.h"
#include "kernels/pool.h"

static inline bool tlk_grid_valid(const tlk_block_grid *grid) {
  if (grid->rank < 1 || grid->rank > TLK_MAX_RANK) return false;
  for (tlk_int axis = 0; axis < grid->rank; axis++) {
    if (grid->groups[axis] < 1 || grid->shape[axis] < 0 || grid->shape[axis] % grid->groups[axis] != 0) return false;
  }
  return true;
}

static inline tlk_int tlk_grid_width(const tlk_block_grid *grid) { return grid->shape[grid->rank - 1]; }

static inline tlk_int tlk_grid_rows(const tlk_block_grid *grid) {
  tlk_int rows = 1;
  for (tlk_int axis = 0; axis < grid->rank - 1; axis++) rows *= grid->shape[axis];
  return rows;
}

// Index of the first block that a row crosses.
static inline tlk_int tlk_grid_block(const tlk_block_grid *grid, tlk_int row) {
  tlk_int block = 0, stride = grid->groups[grid->rank - 1];
  for (tlk_int axis = grid->rank - 2; axis >= 0; axis--) {
    tlk_int at = row % grid->shape[axis];
    row /= grid->shape[axis];
    block += at / (grid->shape[axis] / grid->groups[axis]) * stride;
    stride *= grid->groups[axis];
  }
  return block;
}

// Work per call of the pool: below it, handing out costs more than it gives.
#define TLK_GRID_CHUNK 16384

typedef struct {
  tlk_int rows, per_chunk;
  tlk_body body;
  void *context;
} tlk_row_work;

static inline void tlk_row_chunk(void *context, tlk_int chunk) {
  tlk_row_work *work = context;
  tlk_int first = chunk * work->per_chunk, last = first + work->per_chunk;
  for (tlk_int row = first; row < last && row < work->rows; row++) work->body(work->context, row);
}

// body(context, row) for every row, many short rows at a time.
static inline void tlk_for_each_row(const tlk_block_grid *grid, tlk_body body, void *context) {
  tlk_int width = tlk_grid_width(grid), rows = tlk_grid_rows(grid);
  if (width == 0 || rows == 0) return;
  tlk_row_work work = {rows, width >= TLK_GRID_CHUNK ? 1 : TLK_GRID_CHUNK / width, body, context};
  tlk_parallel((rows + work.per_chunk - 1) / work.per_chunk, tlk_row_chunk, &work);
}

#endif
