// Tensors as files of weights store them: floats of other widths, and blocks of quantised numbers (GGUF).
#ifndef TLK_STORED_H
#define TLK_STORED_H

#include "types.h"

typedef enum {
  TLK_STORED_F16, TLK_STORED_F32, TLK_STORED_F64, TLK_STORED_BF16,
  TLK_STORED_F8_E4M3, TLK_STORED_F8_E5M2, TLK_STORED_F8_E8M0, TLK_STORED_F8_E4M3FNUZ, TLK_STORED_F8_E5M2FNUZ,
  TLK_STORED_Q4_0, TLK_STORED_Q4_1, TLK_STORED_Q5_0, TLK_STORED_Q5_1, TLK_STORED_Q8_0, TLK_STORED_Q8_1,
  TLK_STORED_Q2_K, TLK_STORED_Q3_K, TLK_STORED_Q4_K, TLK_STORED_Q5_K, TLK_STORED_Q6_K, TLK_STORED_Q8_K,
  TLK_STORED_IQ2_XXS, TLK_STORED_IQ2_XS, TLK_STORED_IQ2_S, TLK_STORED_IQ3_XXS, TLK_STORED_IQ3_S,
  TLK_STORED_IQ1_S, TLK_STORED_IQ1_M, TLK_STORED_IQ4_NL, TLK_STORED_IQ4_XS,
  TLK_STORED_TQ1_0, TLK_STORED_TQ2_0, TLK_STORED_MXFP4, TLK_STORED_NVFP4, TLK_STORED_Q1_0,
  TLK_STORED_COUNT
} tlk_stored;

// Decodes `count` elements: computed in f32 in the order of the Python package gguf, then rounded once to f16 (f64: rounded once).
// source needs no alignment. TLK_E_ARGUMENT when source_bytes is not exactly what `count` elements take.
TLK_API tlk_status tlk_stored_to_halves(tlk_stored type, const void *source, tlk_int source_bytes, uint16_t *destination, tlk_int count);

#endif
