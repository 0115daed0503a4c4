#include "strides.h"

static bool mergeable(const tlk_block *b, tlk_int outer, tlk_int inner) {
  for (tlk_int o = 0; o < b->operands; o++)
    if (b->strides[o][outer] != b->strides[o][inner] * b->shape[inner]) return false;
  return true;
}

static void move_axis(tlk_block *b, tlk_int from, tlk_int to) {
  b->shape[to] = b->shape[from];
  for (tlk_int o = 0; o < b->operands; o++) b->strides[o][to] = b->strides[o][from];
}

void tlk_block_simplify(tlk_block *b) {
  tlk_int rank = 0;
  b->count = 1;
  for (tlk_int axis = 0; axis < b->rank; axis++) {
    if (b->shape[axis] < 0 || __builtin_mul_overflow(b->count, b->shape[axis], &b->count)) {
      b->count = -1;
      return;
    }
    if (b->shape[axis] == 1) continue;
    move_axis(b, axis, rank);
    if (rank > 0 && mergeable(b, rank - 1, rank)) {
      tlk_int merged = b->shape[rank - 1] * b->shape[rank];
      move_axis(b, rank, rank - 1);
      b->shape[rank - 1] = merged;
    } else {
      rank++;
    }
  }
  // A block always has an innermost axis.
  if (rank == 0) {
    b->shape[0] = 1;
    for (tlk_int o = 0; o < b->operands; o++) b->strides[o][0] = 1;
    rank = 1;
  }
  b->rank = rank;
}

tlk_position tlk_position_at(const tlk_block *b, tlk_int linear) {
  tlk_position p = {{0}};
  for (tlk_int axis = b->rank - 1; axis >= 0; axis--) {
    p.index[axis] = linear % b->shape[axis];
    linear /= b->shape[axis];
  }
  return p;
}
