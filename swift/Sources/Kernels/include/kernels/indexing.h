// Reading and writing at places that a tensor of indices names.
#ifndef TLK_INDEXING_H
#define TLK_INDEXING_H

#include "types.h"

// Indices (any integer dtype) become element offsets that are always inside the indexed tensor, whatever the data:
// - validate: an index outside 0..<size is refused: TLK_E_ARGUMENT, *bad is the index.
// - else a negative index counts from the end, and what is still outside is clamped to the nearest element. (Core ML leaves
//   the result of such indices undefined, but memory safe.)
// A size of 0 refuses every index.

// indices [rows][depth]: offset = sum of index * stride over depth axes of the given sizes.
TLK_API tlk_status tlk_index_offsets(const void *indices, tlk_dtype dtype, tlk_int rows, tlk_int depth, const tlk_int *sizes,
                                     const tlk_int *strides, bool validate, tlk_int *offsets, tlk_int *bad);

// indices [outer][count][inner] along the middle axis of a tensor [outer][size][inner]: offset of the element at the index.
TLK_API tlk_status tlk_axis_offsets(const void *indices, tlk_dtype dtype, tlk_int outer, tlk_int count, tlk_int inner,
                                    tlk_int size, bool validate, tlk_int *offsets, tlk_int *bad);

// output[i][:] = input[offsets[i] …], blocks of `block` elements.
TLK_API tlk_status tlk_gather_blocks(const void *input, void *output, const tlk_int *offsets, tlk_int count, tlk_int block,
                                     tlk_int element_size);

typedef enum {
  TLK_SCATTER_UPDATE,
  TLK_SCATTER_ADD,
  TLK_SCATTER_SUB,
  TLK_SCATTER_MUL,
  TLK_SCATTER_DIV,  // integers: toward zero, 0 for a zero divisor
  TLK_SCATTER_MAX,
  TLK_SCATTER_MIN,
} tlk_scatter_mode;

// output[offsets[i] …] = mode(output[…], updates[i][:]), in the order of i. dtype: TLK_F32 or TLK_I32.
TLK_API tlk_status tlk_scatter_blocks(tlk_scatter_mode mode, tlk_dtype dtype, void *output, const void *updates,
                                      const tlk_int *offsets, tlk_int count, tlk_int block);
// TLK_SCATTER_UPDATE for elements of any size.
TLK_API tlk_status tlk_scatter_update(void *output, const void *updates, const tlk_int *offsets, tlk_int count, tlk_int block,
                                      tlk_int element_size);

#endif
