// Strided iteration over N-D blocks.
#ifndef TLK_STRIDES_H
#define TLK_STRIDES_H

#include "kernels/movement.h"

// Up to this many operands share one shape.
#define TLK_MAX_OPERANDS 20

// A shape with the strides of several operands. Axes of size 1 are dropped and axes that are contiguous in every operand are merged.
typedef struct {
  tlk_int rank, count;  // count: elements; -1 when the product overflows
  tlk_int shape[TLK_MAX_RANK];
  tlk_int operands;
  tlk_int strides[TLK_MAX_OPERANDS][TLK_MAX_RANK];
} tlk_block;

TLK_API void tlk_block_simplify(tlk_block *block);

// A position in a block, and one operand's offset there.
typedef struct {
  tlk_int index[TLK_MAX_RANK];
} tlk_position;
TLK_API tlk_position tlk_position_at(const tlk_block *block, tlk_int linear);
static inline tlk_int tlk_offset_at(const tlk_block *block, tlk_int operand, const tlk_position *position) {
  tlk_int offset = 0;
  for (tlk_int axis = 0; axis < block->rank; axis++) offset += position->index[axis] * block->strides[operand][axis];
  return offset;
}
// Steps over `count` elements of the innermost axis, which must not leave it, and carries into the outer ones.
static inline void tlk_position_advance(const tlk_block *block, tlk_position *position, tlk_int count) {
  tlk_int axis = block->rank - 1;
  position->index[axis] += count;
  while (axis > 0 && position->index[axis] == block->shape[axis]) {
    position->index[axis] = 0;
    position->index[--axis]++;
  }
}

#endif
