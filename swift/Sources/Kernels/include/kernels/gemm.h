// Matrix products with f16 or f32 operands and f32 accumulation.
#ifndef TLK_GEMM_H
#define TLK_GEMM_H

#include "types.h"
#include "activation.h"

// Whether products of f16 numbers that the calling thread starts may be computed to bf16's precision (error 3e-3 of the result), where the
// machine gains by it: TLK_ISA_AMX. Off until set; a property of the thread.
TLK_API void tlk_set_fast_products(bool fast);
TLK_API bool tlk_fast_products(void);

// Weights are packed once, at load, into panels of 16 columns: [ceil(N/16)][taps][channels][16], missing columns zero.
// The form is the same on every instruction set, so packed weights may be kept on disk.
typedef struct {
  const void *data;
  tlk_dtype dtype;                    // TLK_F16 or TLK_F32; the packed form has the dtype that tlk_weights_pack is given
  tlk_int columns, taps, channels;    // N and the two parts of K
  tlk_int column_stride, tap_stride, channel_stride;
} tlk_weights;

// Bytes of the packed form, which must be 64-byte aligned; -1 when the size overflows or dtype is not TLK_F16 / TLK_F32.
TLK_API tlk_int tlk_weights_packed_bytes(tlk_int columns, tlk_int taps, tlk_int channels, tlk_dtype dtype);
TLK_API tlk_status tlk_weights_pack(const tlk_weights *source, void *packed, tlk_dtype dtype);
//   MIL linear   [N, K]:          columns N, taps 1, channels K, strides K, 0, 1
//   MIL matmul y [K, N]:          columns N, taps 1, channels K, strides 1, 0, N
//   MIL conv     [N, C, kh, kw]:  see tlk_conv_weights

// out[M][N] = epilogue(a[M][K] * w[K][N]). M may be small: 1…5 rows have paths of their own.
// a_dtype, w_dtype and out_dtype are independent, each TLK_F16 or TLK_F32. Pitches: elements from row to row (>= K, >= N).
typedef struct {
  tlk_int m, n, k;
  const void *a;
  const void *packed;  // tlk_weights_pack with taps 1, channels k, columns n
  void *out;
  tlk_int a_pitch, out_pitch;
  tlk_dtype a_dtype, w_dtype, out_dtype;
  tlk_prologue prologue;  // of a, one pair per column of K
  tlk_epilogue epilogue;
} tlk_gemm;
TLK_API tlk_status tlk_gemm_run(const tlk_gemm *gemm);

// Batched product of two activations: out[i] = epilogue(alpha * a[i] * b[i]), i over `batch` with the given batch strides
// (0 broadcasts). a is [M][K] or, transposed, [K][M]; b is [K][N] or, transposed, [N][K]. Row pitches allow heads inside
// [token][head][channel] to be used in place. Batches of more than one axis: offsets (elements per batch entry) may be given
// instead of strides; NULL means index * stride.
typedef struct {
  tlk_int batch, m, n, k;
  const void *a, *b;
  void *out;
  bool transpose_a, transpose_b;
  tlk_int a_pitch, b_pitch, out_pitch;
  tlk_int a_stride, b_stride, out_stride;
  const tlk_int *a_offsets, *b_offsets, *out_offsets;
  tlk_dtype a_dtype, b_dtype, out_dtype;
  float alpha;
  tlk_epilogue epilogue;  // residual: of batch entry 0, offset by the same element counts as the output
} tlk_matmul;
TLK_API tlk_status tlk_matmul_run(const tlk_matmul *matmul);
// The same for 32-bit integers, which wrap. dtypes, alpha and epilogue are not read.
TLK_API tlk_status tlk_matmul_i32(const tlk_matmul *matmul);

// Scaled-dot-product attention: out = softmax(scale * q k^T + mask) v, per batch entry (batch * heads), no scores in memory.
// q [queries][width], k [keys][width] or, transposed, [width][keys], v [keys][value_width], mask [queries][keys] (pitch 0: one row for all queries), NULL: none.
// Offsets: one per batch entry, in elements of each tensor; only those of the mask may be NULL (one mask for all).
typedef struct {
  tlk_int batch, queries, keys, width, value_width;
  const void *q, *k, *v, *mask;
  void *out;
  tlk_int q_pitch, k_pitch, v_pitch, mask_pitch, out_pitch;
  const tlk_int *q_offsets, *k_offsets, *v_offsets, *mask_offsets, *out_offsets;
  bool transpose_k;
  tlk_dtype dtype, mask_dtype;  // TLK_F16 or TLK_F32
  float scale;
} tlk_attention;
TLK_API tlk_status tlk_attention_run(const tlk_attention *attention);

#endif
