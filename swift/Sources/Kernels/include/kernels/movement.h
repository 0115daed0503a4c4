// Moving and converting elements.
#ifndef TLK_MOVEMENT_H
#define TLK_MOVEMENT_H

#include "types.h"

#define TLK_MAX_RANK 8

// Copies a block of shape[rank] from one strided tensor to another: transpose, slice, concat, tile (stride 0), reverse (negative
// stride), expand, pad, pixel shuffle. element_size is 1, 2, 4 or 8 bytes. Pointers are to element [0, …, 0]. Transposes of two axes
// ([channels][pixels] to [pixels][channels]) are blocked.
TLK_API tlk_status tlk_copy(const void *source, const tlk_int *source_strides, void *destination,
                            const tlk_int *destination_strides, const tlk_int *shape, tlk_int rank, tlk_int element_size);

// The same with a change of dtype. Floats to integers truncate toward zero and saturate, NaN gives 0; integers to narrower ones wrap; to bool: != 0.
TLK_API tlk_status tlk_convert_strided(const void *source, tlk_dtype source_dtype, const tlk_int *source_strides,
                                       void *destination, tlk_dtype destination_dtype, const tlk_int *destination_strides,
                                       const tlk_int *shape, tlk_int rank);
// Flat form. f16 <-> f32 round to nearest even.
TLK_API tlk_status tlk_convert(const void *source, tlk_dtype source_dtype, void *destination, tlk_dtype destination_dtype,
                               tlk_int count);

// Fills a strided block with one element of element_size bytes.
TLK_API tlk_status tlk_fill(void *destination, const tlk_int *strides, const tlk_int *shape, tlk_int rank, const void *element,
                            tlk_int element_size);

// Rows by index: output[o][i][:] = input[o][indices[i]][:], rows of row_bytes bytes. Negative indices count from the end;
// TLK_E_ARGUMENT (and *bad_index set, if not NULL) when one is outside.
TLK_API tlk_status tlk_gather_rows(const void *input, void *output, const int32_t *indices, tlk_int outer, tlk_int input_rows,
                                   tlk_int index_count, tlk_int row_bytes, tlk_int *bad_index);

#endif
