// Compressed weights and quantised activations: scales per block, lookup tables, sparse masks, packed bits.
#ifndef TLK_COMPRESSION_H
#define TLK_COMPRESSION_H

#include "types.h"
#include "movement.h"

// A dense tensor cut into equal blocks: shape[i] elements along axis i, in groups[i] blocks (shape[i] % groups[i] == 0).
// Parameters per block are dense tensors of the shape `groups`.
typedef struct {
  tlk_int rank;  // 1…TLK_MAX_RANK
  tlk_int shape[TLK_MAX_RANK];
  tlk_int groups[TLK_MAX_RANK];
} tlk_block_grid;

// output = scale · (data − offset), rounded once. scale and offset are f32, one number per block; offset may be NULL.
// data: any dtype with a conversion to f32; output: TLK_F16 or TLK_F32.
TLK_API tlk_status tlk_dequantize(const tlk_block_grid *grid, const void *data, tlk_dtype data_dtype, const float *scale,
                                  const float *offset, void *output, tlk_dtype output_dtype);

// output = clip(round(data / scale) + offset), half to even; data TLK_F16 or TLK_F32, output TLK_I8 or TLK_U8. NaN gives 0.
TLK_API tlk_status tlk_quantize(const tlk_block_grid *grid, const void *data, tlk_dtype data_dtype, const float *scale,
                                const float *offset, void *output, tlk_dtype output_dtype);

// output element = lut[block][index][lane]. `grid` describes the indices (a byte each); lut is [groups…, entries, lanes] of elements
// of element_size bytes (1, 2 or 4). With lanes > 1 the output is `lanes` times as long along vector_axis.
// TLK_E_ARGUMENT when an index is not below `entries`.
TLK_API tlk_status tlk_lookup(const tlk_block_grid *grid, const uint8_t *indices, const void *lut, tlk_int entries, tlk_int lanes,
                              tlk_int vector_axis, tlk_int element_size, void *output);

// `count` unsigned numbers of 1…8 bits, least significant bit first in one stream, to a byte each. Bytes behind the source read as 0.
TLK_API tlk_status tlk_unpack_bits(const uint8_t *source, tlk_int source_bytes, tlk_int bits, uint8_t *output, tlk_int count);

// output[i] = next of `values` where mask[i] != 0, zero elsewhere. TLK_E_ARGUMENT when the mask has not exactly value_count ones.
TLK_API tlk_status tlk_sparse_expand(const uint8_t *mask, tlk_int count, const void *values, tlk_int value_count,
                                     tlk_int element_size, void *output);
// The other way: values = input[i] for every mask[i] != 0.
TLK_API tlk_status tlk_sparse_collect(const uint8_t *mask, tlk_int count, const void *input, tlk_int value_count,
                                      tlk_int element_size, void *values);

#endif
