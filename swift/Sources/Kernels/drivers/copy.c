#include <string.h>

#include "../core/tiles.h"
#include "kernels/movement.h"
#include "kernels/pool.h"
#include "strides.h"
#include "transpose.h"

#define TILE_ELEMENTS 16384
#define TRANSPOSE_BLOCK 64
#define SHORT_RUN 4

enum { SOURCE, DESTINATION };

typedef struct {
  const char *source;
  char *destination;
  tlk_block block;
  tlk_int size;
  tlk_int across, row_blocks, column_blocks;  // transposes: the axis that is contiguous in the source
} copy_job;

static tlk_int magnitude(tlk_int stride) { return stride < 0 ? -stride : stride; }

static void swap_axes(tlk_block *b, tlk_int i, tlk_int j) {
  tlk_int shape = b->shape[i], from = b->strides[SOURCE][i], to = b->strides[DESTINATION][i];
  b->shape[i] = b->shape[j], b->strides[SOURCE][i] = b->strides[SOURCE][j], b->strides[DESTINATION][i] = b->strides[DESTINATION][j];
  b->shape[j] = shape, b->strides[SOURCE][j] = from, b->strides[DESTINATION][j] = to;
}

// The axis that moves least in the destination becomes the innermost.
static void sort_axes(tlk_block *b) {
  for (tlk_int i = 1; i < b->rank; i++)
    for (tlk_int j = i; j > 0; j--) {
      if (magnitude(b->strides[DESTINATION][j - 1]) >= magnitude(b->strides[DESTINATION][j])) break;
      swap_axes(b, j - 1, j);
    }
}

#define STRIDED(TYPE) \
  for (tlk_int i = 0; i < count; i++) ((TYPE *)to)[i * to_stride] = ((const TYPE *)from)[i * from_stride];

static void copy_run(char *to, tlk_int to_stride, const char *from, tlk_int from_stride, tlk_int count, tlk_int size) {
  if (to_stride == 1 && from_stride == 1) {
    memcpy(to, from, (size_t)(count * size));
    return;
  }
  switch (size) {
    case 1: STRIDED(uint8_t) break;
    case 2: STRIDED(uint16_t) break;
    case 4: STRIDED(uint32_t) break;
    default: STRIDED(uint64_t)
  }
}

static void copy_tile(void *context, tlk_int index) {
  const copy_job *job = context;
  const tlk_block *b = &job->block;
  tlk_int last = b->rank - 1, start = index * TILE_ELEMENTS, left = tlk_min(TILE_ELEMENTS, b->count - start);
  tlk_position p = tlk_position_at(b, start);
  while (left > 0) {
    tlk_int run = tlk_min(left, b->shape[last] - p.index[last]);
    copy_run(job->destination + tlk_offset_at(b, DESTINATION, &p) * job->size, b->strides[DESTINATION][last],
             job->source + tlk_offset_at(b, SOURCE, &p) * job->size, b->strides[SOURCE][last], run, job->size);
    tlk_position_advance(b, &p, run);
    left -= run;
  }
}

// One square of a transpose: axis `across` is contiguous in the source, the innermost one in the destination.
static void transpose_tile(void *context, tlk_int index) {
  const copy_job *job = context;
  const tlk_block *b = &job->block;
  tlk_int last = b->rank - 1, across = job->across;
  tlk_int column = index % job->column_blocks * TRANSPOSE_BLOCK;
  index /= job->column_blocks;
  tlk_int row = index % job->row_blocks * TRANSPOSE_BLOCK;
  index /= job->row_blocks;
  tlk_int from = row * b->strides[SOURCE][last] + column, to = row + column * b->strides[DESTINATION][across];
  for (tlk_int axis = last - 1; axis >= 0; axis--) {
    if (axis == across) continue;
    from += index % b->shape[axis] * b->strides[SOURCE][axis];
    to += index % b->shape[axis] * b->strides[DESTINATION][axis];
    index /= b->shape[axis];
  }
  tlk_transpose(job->source + from * job->size, b->strides[SOURCE][last], job->destination + to * job->size,
                b->strides[DESTINATION][across], tlk_min(TRANSPOSE_BLOCK, b->shape[last] - row),
                tlk_min(TRANSPOSE_BLOCK, b->shape[across] - column), job->size);
}

static tlk_int contiguous_axis(const tlk_block *b) {
  for (tlk_int axis = b->rank - 2; axis >= 0; axis--)
    if (b->strides[SOURCE][axis] == 1 && b->shape[axis] >= 4) return axis;
  return -1;
}

tlk_status tlk_copy(const void *source, const tlk_int *source_strides, void *destination, const tlk_int *destination_strides,
                    const tlk_int *shape, tlk_int rank, tlk_int element_size) {
  if (rank < 0 || rank > TLK_MAX_RANK) return TLK_E_ARGUMENT;
  if (element_size != 1 && element_size != 2 && element_size != 4 && element_size != 8) return TLK_E_UNSUPPORTED;
  copy_job job = {.source = source, .destination = destination, .size = element_size};
  tlk_block *b = &job.block;
  b->rank = rank;
  b->operands = 2;
  for (tlk_int axis = 0; axis < rank; axis++) {
    b->shape[axis] = shape[axis];
    b->strides[SOURCE][axis] = source_strides[axis];
    b->strides[DESTINATION][axis] = destination_strides[axis];
  }
  sort_axes(b);
  tlk_block_simplify(b);
  if (b->count < 0) return TLK_E_ARGUMENT;
  if (b->count == 0) return TLK_OK;
  tlk_int last = b->rank - 1;
  job.across = contiguous_axis(b);
  if (job.across >= 0 && b->strides[DESTINATION][last] == 1 && magnitude(b->strides[SOURCE][last]) > 1 && b->shape[last] >= 4) {
    job.row_blocks = tlk_ceil_div(b->shape[last], TRANSPOSE_BLOCK);
    job.column_blocks = tlk_ceil_div(b->shape[job.across], TRANSPOSE_BLOCK);
    tlk_int others = b->count / b->shape[last] / b->shape[job.across];
    tlk_parallel(others * job.row_blocks * job.column_blocks, transpose_tile, &job);
  } else {
    // Runs of a few elements (the three channels of a picture) are all overhead: the axis of long reads goes innermost instead.
    if (job.across >= 0 && b->shape[last] < SHORT_RUN && b->shape[job.across] > b->shape[last]) swap_axes(b, job.across, last);
    tlk_parallel(tlk_ceil_div(b->count, TILE_ELEMENTS), copy_tile, &job);
  }
  return TLK_OK;
}

typedef struct {
  char *destination;
  const char *element;
  tlk_block block;
  tlk_int size;
} fill_job;

static void fill_tile(void *context, tlk_int index) {
  const fill_job *job = context;
  const tlk_block *b = &job->block;
  tlk_int last = b->rank - 1, start = index * TILE_ELEMENTS, left = tlk_min(TILE_ELEMENTS, b->count - start);
  tlk_position p = tlk_position_at(b, start);
  while (left > 0) {
    tlk_int run = tlk_min(left, b->shape[last] - p.index[last]);
    copy_run(job->destination + tlk_offset_at(b, 0, &p) * job->size, b->strides[0][last], job->element, 0, run, job->size);
    tlk_position_advance(b, &p, run);
    left -= run;
  }
}

tlk_status tlk_fill(void *destination, const tlk_int *strides, const tlk_int *shape, tlk_int rank, const void *element,
                    tlk_int element_size) {
  if (rank < 0 || rank > TLK_MAX_RANK) return TLK_E_ARGUMENT;
  if (element_size != 1 && element_size != 2 && element_size != 4 && element_size != 8) return TLK_E_UNSUPPORTED;
  fill_job job = {.destination = destination, .element = element, .size = element_size};
  job.block.rank = rank;
  job.block.operands = 1;
  for (tlk_int axis = 0; axis < rank; axis++) {
    job.block.shape[axis] = shape[axis];
    job.block.strides[0][axis] = strides[axis];
  }
  tlk_block_simplify(&job.block);
  if (job.block.count < 0) return TLK_E_ARGUMENT;
  tlk_parallel(tlk_ceil_div(job.block.count, TILE_ELEMENTS), fill_tile, &job);
  return TLK_OK;
}
