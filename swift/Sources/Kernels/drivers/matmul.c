#include <stdatomic.h>

#include "checked.h"
#include "operand.h"
#include "tiling.h"
#include "transpose.h"

typedef struct {
  const tlk_matmul *product;
  tlk_tiling tiling;
  bool fast;
  _Atomic(int) status;
} matmul_job;

// Packed panels of b for one tile stay inside this.
#define PANEL_BYTES (160 * 1024)

static tlk_int offset_of(const tlk_int *offsets, tlk_int stride, tlk_int index) { return offsets ? offsets[index] : index * stride; }

// Rows row..<row + count of a[i], as f32; `copy` has room for them, `turned` for the same in a's dtype.
static const float *operand_rows(const tlk_matmul *p, const void *a, tlk_int row, tlk_int count, float *copy, void *turned,
                                 tlk_int *pitch) {
  *pitch = p->k;
  if (p->transpose_a) {
    void *target = p->a_dtype == TLK_F32 ? (void *)copy : turned;
    tlk_transpose(tlk_at(a, p->a_dtype, row), p->a_pitch, target, p->k, p->k, count, tlk_dtype_size(p->a_dtype));
    if (p->a_dtype == TLK_F16) tlk_kernels()->halves_to_floats(turned, copy, count * p->k);
    return copy;
  }
  if (p->a_dtype == TLK_F32) {
    *pitch = p->a_pitch;
    return (const float *)a + row * p->a_pitch;
  }
  tlk_load_rows(a, TLK_F16, row * p->a_pitch, p->a_pitch, count, p->k, copy, p->k);
  return copy;
}

static void run_tile(void *context, tlk_int index) {
  matmul_job *job = context;
  const tlk_matmul *p = job->product;
  const tlk_tiling *t = &job->tiling;
  tlk_int column = index % t->column_blocks * t->column_block, columns = tlk_min(t->column_block, p->n - column);
  index /= t->column_blocks;
  tlk_int row = index % t->row_blocks * t->row_block, count = tlk_min(t->row_block, p->m - row), batch = index / t->row_blocks;
  tlk_int b_size = tlk_dtype_size(p->b_dtype), panel_bytes = p->k * TLK_PANEL * b_size;
  tlk_int panels_bytes = tlk_ceil_div(columns, TLK_PANEL) * panel_bytes, copy_bytes = tlk_carved(count * p->k * 4);
  tlk_int turned_bytes = p->transpose_a && p->a_dtype == TLK_F16 ? tlk_carved(count * p->k * 2) : 0;
  tlk_gemm_tile tile = {.row_count = count, .taps = 1, .channels = p->k, .half_rows = p->a_dtype == TLK_F16,
                        .half_weights = p->b_dtype == TLK_F16, .fast = job->fast, .panel_bytes = panel_bytes, .column = column,
                        .column_count = columns, .out_dtype = p->out_dtype, .out_pitch = p->out_pitch, .alpha = p->alpha};
  tlk_int tile_bytes = tlk_kernels()->gemm_scratch(&tile), pointer_bytes = 2 * tlk_carved(count * 8);
  tlk_arena arena = {tlk_scratch((size_t)(tlk_carved(panels_bytes) + copy_bytes + turned_bytes + pointer_bytes + tile_bytes))};
  if (!arena.next) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  void *panels = tlk_carve(&arena, panels_bytes);
  float *copy = tlk_carve(&arena, copy_bytes);
  void *turned = tlk_carve(&arena, turned_bytes);
  const float **rows = tlk_carve(&arena, count * 8);
  tlk_int *pixels = tlk_carve(&arena, count * 8), pitch;
  const void *a = tlk_at(p->a, p->a_dtype, offset_of(p->a_offsets, p->a_stride, batch));
  tlk_int b_first = offset_of(p->b_offsets, p->b_stride, batch) + column * (p->transpose_b ? p->b_pitch : 1);
  tlk_int out_first = offset_of(p->out_offsets, p->out_stride, batch);
  tlk_pack_panels(tlk_at(p->b, p->b_dtype, b_first), p->b_dtype, p->b_pitch, p->transpose_b, p->k, columns, panels);
  const float *values = operand_rows(p, a, row, count, copy, turned, &pitch);
  for (tlk_int r = 0; r < count; r++) {
    rows[r] = values + r * pitch;
    pixels[r] = row + r;
  }
  tlk_epilogue epilogue = p->epilogue;
  if (epilogue.residual) epilogue.residual = tlk_at(epilogue.residual, epilogue.residual_dtype, out_first);
  tile.rows = rows;
  tile.pixels = pixels;
  tile.weights = panels;
  tile.out = (void *)tlk_at(p->out, p->out_dtype, out_first);
  tile.epilogue = &epilogue;
  tile.scratch = tlk_carve(&arena, tile_bytes);
  tlk_kernels()->gemm_tile(&tile);
}

tlk_status tlk_matmul_run(const tlk_matmul *p) {
  if (p->batch < 0 || p->m < 0 || p->n < 0 || p->k < 0) return TLK_E_ARGUMENT;
  if (!tlk_is_float(p->a_dtype) || !tlk_is_float(p->b_dtype) || !tlk_is_float(p->out_dtype)) return TLK_E_UNSUPPORTED;
  if (p->epilogue.residual && !tlk_is_float(p->epilogue.residual_dtype)) return TLK_E_UNSUPPORTED;
  if (p->batch == 0 || p->m == 0 || p->n == 0) return TLK_OK;
  matmul_job job = {.product = p, .fast = tlk_fast_products()};
  tlk_tiling *t = &job.tiling;
  *t = tlk_tiling_of(p->m, p->n, p->k, tlk_product(p->k, 4));
  // Every batch entry brings tiles of its own, so columns are divided only as far as the threads or the panels' memory ask.
  t->column_block = tlk_column_block(p->m * p->batch, p->n, p->k, t->row_blocks * p->batch);
  tlk_int fit = PANEL_BYTES / tlk_max(p->k * tlk_dtype_size(p->b_dtype), 1) / TLK_PANEL * TLK_PANEL;
  t->column_block = tlk_min(t->column_block, tlk_max(fit, TLK_PANEL));
  t->column_blocks = tlk_ceil_div(p->n, t->column_block);
  tlk_parallel(p->batch * t->row_blocks * t->column_blocks, run_tile, &job);
  return (tlk_status)atomic_load(&job.status);
}
