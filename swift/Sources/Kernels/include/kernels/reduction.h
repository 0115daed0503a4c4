// Reductions over the middle axis of [outer][axis][inner], and searches in flat vectors.
#ifndef TLK_REDUCTION_H
#define TLK_REDUCTION_H

#include "types.h"

typedef enum {
  TLK_REDUCE_SUM,
  TLK_REDUCE_MEAN,
  TLK_REDUCE_MIN,          // NaN wins, as in numpy
  TLK_REDUCE_MAX,
  TLK_REDUCE_PROD,
  TLK_REDUCE_L1,
  TLK_REDUCE_L2,
  TLK_REDUCE_SUM_SQUARE,
  TLK_REDUCE_LOG_SUM,
  TLK_REDUCE_LOG_SUM_EXP,  // shifted by the maximum
  TLK_REDUCE_COUNT
} tlk_reduce_kind;

// dtype in: any but I64 and F64. Floats accumulate in f32 (pairwise); integers wrap in 32 bits and have SUM, MEAN (truncating),
// MIN, MAX, PROD, L1, SUM_SQUARE; output dtype: the same family as the input. An empty axis gives the identity (0, 1, ∓inf; NaN for mean).
TLK_API tlk_status tlk_reduce(tlk_reduce_kind kind, const void *input, tlk_dtype input_dtype, void *output,
                              tlk_dtype output_dtype, tlk_int outer, tlk_int axis, tlk_int inner);

// Index of the first maximum (or minimum); NaN wins, as in numpy. axis must be at least 1 when outer and inner are.
TLK_API tlk_status tlk_arg_reduce(bool maximum, const void *input, tlk_dtype input_dtype, int32_t *output, tlk_int outer,
                                  tlk_int axis, tlk_int inner);

// The `count` largest (or smallest) of each of the `outer` rows of `axis` elements in order, ties by lower index, NaN last.
// values (dtype of the input) or indices may be NULL. count <= axis.
TLK_API tlk_status tlk_top_k(bool largest, const void *input, tlk_dtype dtype, void *values, int32_t *indices, tlk_int outer,
                             tlk_int axis, tlk_int count);

// Running sum along the middle axis.
TLK_API tlk_status tlk_cumulative_sum(const void *input, void *output, tlk_dtype dtype, tlk_int outer, tlk_int axis,
                                      tlk_int inner, bool exclusive, bool reverse);

// Smallest, largest and sum of the finite values, and how many are NaN or infinite: what `infer` prints and overflow checks use.
typedef struct {
  float minimum, maximum;
  double sum;
  tlk_int nan_count, infinity_count;
} tlk_statistics;
TLK_API tlk_status tlk_statistics_of(const void *input, tlk_dtype dtype, tlk_int count, tlk_statistics *out);

#endif
