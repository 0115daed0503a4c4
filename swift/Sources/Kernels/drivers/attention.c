#include <stdatomic.h>

#include "checked.h"
#include "operand.h"
#include "tiling.h"

// A tile is a block of queries of one batch entry: its scores live in scratch between the two products and nowhere else.
#define SCORE_BYTES (192 * 1024)
#define LARGEST_BLOCK 126

typedef struct {
  const tlk_attention *attention;
  tlk_int block, blocks;
  bool fast;
  _Atomic(int) status;
} attention_job;

static tlk_gemm_tile product_of(tlk_int rows, tlk_int depth, bool half_rows, bool half, bool fast) {
  static const tlk_epilogue none;
  return (tlk_gemm_tile){.row_count = rows, .taps = 1, .channels = depth, .half_rows = half_rows, .half_weights = half, .fast = fast,
                         .panel_bytes = depth * TLK_PANEL * (half ? 2 : 4), .epilogue = &none};
}

static void set_rows(const float *a, tlk_int rows, tlk_int pitch, const float **pointers, tlk_int *pixels) {
  for (tlk_int r = 0; r < rows; r++) {
    pointers[r] = a + r * pitch;
    pixels[r] = r;
  }
}

static void add_mask(const tlk_attention *t, tlk_int batch, tlk_int query, tlk_int rows, float *scores, tlk_int pitch, float *line) {
  tlk_int first = t->mask_offsets ? t->mask_offsets[batch] : 0;
  for (tlk_int r = 0; r < rows; r++, scores += pitch) {
    if (r == 0 || t->mask_pitch != 0)
      tlk_load_rows(t->mask, t->mask_dtype, first + (query + r) * t->mask_pitch, t->keys, 1, t->keys, line, t->keys);
    for (tlk_int i = 0; i < t->keys; i++) scores[i] += line[i];
  }
}

static void run_tile(void *context, tlk_int index) {
  attention_job *job = context;
  const tlk_attention *t = job->attention;
  const bool half = t->dtype == TLK_F16;
  tlk_int batch = index / job->blocks, query = index % job->blocks * job->block, rows = tlk_min(job->block, t->queries - query);
  tlk_int size = half ? 2 : 4, key_panels = tlk_ceil_div(t->keys, TLK_PANEL) * TLK_PANEL * t->width * size;
  tlk_int value_panels = tlk_ceil_div(t->value_width, TLK_PANEL) * TLK_PANEL * t->keys * size;
  tlk_int panels_bytes = tlk_carved(tlk_max(key_panels, value_panels)), q_bytes = tlk_carved(rows * t->width * 4);
  tlk_int pitch = tlk_ceil_div(t->keys, 16) * 16, score_bytes = tlk_carved(rows * pitch * 4), line_bytes = tlk_carved(t->keys * 4);
  // The weights that softmax gives are f32 numbers, not f16.
  tlk_gemm_tile q_k = product_of(rows, t->width, half, half, job->fast), weights_v = product_of(rows, t->keys, false, half, job->fast);
  tlk_int tile_bytes = tlk_max(tlk_kernels()->gemm_scratch(&q_k), tlk_kernels()->gemm_scratch(&weights_v));
  tlk_int pointer_bytes = 2 * tlk_carved(rows * 8);
  tlk_arena arena = {tlk_scratch((size_t)(panels_bytes + q_bytes + score_bytes + line_bytes + pointer_bytes + tile_bytes))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  void *panels = tlk_carve(&arena, panels_bytes);
  float *q = tlk_carve(&arena, q_bytes), *scores = tlk_carve(&arena, score_bytes), *line = tlk_carve(&arena, line_bytes);
  const float **pointers = tlk_carve(&arena, rows * 8);
  tlk_int *pixels = tlk_carve(&arena, rows * 8);
  q_k.rows = weights_v.rows = pointers, q_k.pixels = weights_v.pixels = pixels;
  q_k.weights = weights_v.weights = panels, q_k.scratch = weights_v.scratch = tlk_carve(&arena, tile_bytes);
  tlk_load_rows(t->q, t->dtype, t->q_offsets[batch] + query * t->q_pitch, t->q_pitch, rows, t->width, q, t->width);
  tlk_pack_panels(tlk_at(t->k, t->dtype, t->k_offsets[batch]), t->dtype, t->k_pitch, !t->transpose_k, t->width, t->keys, panels);
  set_rows(q, rows, t->width, pointers, pixels);
  q_k.column_count = t->keys, q_k.out = scores, q_k.out_dtype = TLK_F32, q_k.out_pitch = pitch, q_k.alpha = t->scale;
  tlk_kernels()->gemm_tile(&q_k);
  if (t->mask) add_mask(t, batch, query, rows, scores, pitch, line);
  tlk_kernels()->softmax_rows(scores, rows, t->keys, pitch);
  tlk_pack_panels(tlk_at(t->v, t->dtype, t->v_offsets[batch]), t->dtype, t->v_pitch, false, t->keys, t->value_width, panels);
  set_rows(scores, rows, pitch, pointers, pixels);
  weights_v.column_count = t->value_width, weights_v.alpha = 1, weights_v.out_dtype = t->dtype, weights_v.out_pitch = t->out_pitch;
  weights_v.out = (void *)tlk_at(t->out, t->dtype, t->out_offsets[batch] + query * t->out_pitch);
  tlk_kernels()->gemm_tile(&weights_v);
}

tlk_status tlk_attention_run(const tlk_attention *t) {
  if (t->batch < 0 || t->queries < 0 || t->keys < 1 || t->width < 0 || t->value_width < 0) return TLK_E_ARGUMENT;
  if (!t->q_offsets || !t->k_offsets || !t->v_offsets || !t->out_offsets) return TLK_E_ARGUMENT;
  if (!tlk_is_float(t->dtype) || (t->mask && !tlk_is_float(t->mask_dtype))) return TLK_E_UNSUPPORTED;
  if (t->batch == 0 || t->queries == 0 || t->value_width == 0) return TLK_OK;
  attention_job job = {.attention = t, .fast = tlk_fast_products()};
  tlk_int block = tlk_min(LARGEST_BLOCK, tlk_max(SCORE_BYTES / (t->keys * 4), 12)), threads = tlk_thread_count();
  // A few tiles per thread; below 24 queries the packing of keys and values would weigh too much.
  while (threads > 1 && block > 24 && t->batch * tlk_ceil_div(t->queries, block) < 3 * threads) block = tlk_ceil_div(block, 2);
  job.blocks = tlk_ceil_div(t->queries, block);
  tlk_int multiple = tlk_kernels()->row_multiple;
  job.block = tlk_ceil_div(tlk_ceil_div(t->queries, job.blocks), multiple) * multiple;
  job.blocks = tlk_ceil_div(t->queries, job.block);
  tlk_parallel(t->batch * job.blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}
