#include <stdatomic.h>

#include "../core/table.h"
#include "checked.h"
#include "tiling.h"

static _Thread_local bool fast_products;

void tlk_set_fast_products(bool fast) { fast_products = fast; }
bool tlk_fast_products(void) { return fast_products; }

typedef struct {
  const tlk_gemm *gemm;
  tlk_tiling tiling;
  tlk_int panel_bytes;
  bool fast;
  _Atomic(int) status;
} gemm_job;

// f16 operand rows become f32 once per tile; f32 rows are read in place.
static const float *operand_rows(const tlk_gemm *g, tlk_int first, tlk_int count, float *copy, tlk_int *pitch) {
  if (g->prologue.scale) {
    *pitch = g->k;
    tlk_kernels()->prologue_rows(&g->prologue, g->a, g->a_dtype, first * g->a_pitch, g->a_pitch, count, g->k, copy);
    return copy;
  }
  if (g->a_dtype == TLK_F32) {
    *pitch = g->a_pitch;
    return (const float *)g->a + first * g->a_pitch;
  }
  const tlk_kernel_table *kernels = tlk_kernels();
  const uint16_t *source = (const uint16_t *)g->a + first * g->a_pitch;
  *pitch = g->k;
  if (g->a_pitch == g->k) kernels->halves_to_floats(source, copy, count * g->k);
  else
    for (tlk_int r = 0; r < count; r++) kernels->halves_to_floats(source + r * g->a_pitch, copy + r * g->k, g->k);
  return copy;
}

static void run_tile(void *context, tlk_int index) {
  gemm_job *job = context;
  const tlk_gemm *g = job->gemm;
  const tlk_tiling *tiling = &job->tiling;
  tlk_int row = index / tiling->column_blocks * tiling->row_block, count = tlk_min(tiling->row_block, g->m - row);
  tlk_int column = index % tiling->column_blocks * tiling->column_block;
  tlk_int copy_bytes = g->a_dtype == TLK_F32 && !g->prologue.scale ? 0 : tlk_carved(count * g->k * 4);
  tlk_gemm_tile tile = {
      .row_count = count, .taps = 1, .channels = g->k, .half_rows = g->a_dtype == TLK_F16 && !g->prologue.scale,
      .half_weights = g->w_dtype == TLK_F16, .fast = job->fast,
      .weights = (const char *)g->packed + column / TLK_PANEL * job->panel_bytes, .panel_bytes = job->panel_bytes, .column = column,
      .column_count = tlk_min(tiling->column_block, g->n - column), .out = g->out, .out_dtype = g->out_dtype, .out_pitch = g->out_pitch,
      .alpha = 1, .epilogue = &g->epilogue};
  tlk_int tile_bytes = tlk_kernels()->gemm_scratch(&tile);
  tlk_arena arena = {tlk_scratch((size_t)(copy_bytes + 2 * tlk_carved(count * 8) + tile_bytes))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  const float **rows = tlk_carve(&arena, count * 8);
  tlk_int *pixels = tlk_carve(&arena, count * 8), pitch;
  const float *a = operand_rows(g, row, count, tlk_carve(&arena, copy_bytes), &pitch);
  for (tlk_int r = 0; r < count; r++) {
    rows[r] = a + r * pitch;
    pixels[r] = row + r;
  }
  tile.rows = rows;
  tile.pixels = pixels;
  tile.scratch = tlk_carve(&arena, tile_bytes);
  tlk_kernels()->gemm_tile(&tile);
}

tlk_status tlk_gemm_run(const tlk_gemm *g) {
  if (g->m < 0 || g->n < 0 || g->k < 0) return TLK_E_ARGUMENT;
  if (!tlk_is_float(g->a_dtype) || !tlk_is_float(g->w_dtype) || !tlk_is_float(g->out_dtype)) return TLK_E_UNSUPPORTED;
  if (g->epilogue.residual && !tlk_is_float(g->epilogue.residual_dtype)) return TLK_E_UNSUPPORTED;
  if (g->m == 0 || g->n == 0) return TLK_OK;
  gemm_job job = {.gemm = g, .panel_bytes = g->k * TLK_PANEL * tlk_dtype_size(g->w_dtype), .fast = tlk_fast_products()};
  job.tiling = tlk_tiling_of(g->m, g->n, g->k, g->a_dtype == TLK_F16 || g->prologue.scale ? tlk_product(g->k, 4) : 0);
  tlk_parallel(job.tiling.row_blocks * job.tiling.column_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}
