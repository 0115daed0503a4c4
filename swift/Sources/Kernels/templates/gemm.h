// The micro tile: R rows of A times NV vectors of columns, sums in registers over all of K, epilogue, one rounding, store.
// A is f32, a pointer per row and tap; weights are f16 or f32 panels, f16 converted on the way. Idea: the indirect GEMM of QNNPACK and XNNPACK.

#if TLK_LANES == 16
#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#elif TLK_LANES == 8
#define GEMM_ROWS 6
#define GEMM_VECTORS 2
#elif defined(TLK_FMA_BY_LANE)
#define GEMM_ROWS 8
#define GEMM_VECTORS 4
#else
#define GEMM_ROWS 3
#define GEMM_VECTORS 4
#endif
#define GEMM_COLUMNS (GEMM_VECTORS * TLK_LANES)

// What happens to the sums. Most layers of real networks are PLAIN (bias, limits, f16 out) or ADD (the same and an f16 residual before the
// limits): these stay in registers and without a branch per vector, which at K = 16 took as long as the sums (Zen 3).
typedef enum { GEMM_PLAIN, GEMM_ADD, GEMM_OTHER } gemm_finish_kind;

typedef struct {
  const tlk_gemm_tile *tile;
  const float *const *rows;
  const tlk_int *pixels;
  const char *weights;
  tlk_int column, columns;
  const float *bias;  // PLAIN, ADD: of the block's columns
  vf low, high;
  gemm_finish_kind finish;
} gemm_block;

// Element offset of vector v of the micro tile in its panel row; the panel itself for tiles of two panels.
#define GEMM_PANEL_OF(V) ((V) * TLK_LANES / TLK_PANEL)
#define GEMM_OFFSET_OF(V) ((V) * TLK_LANES % TLK_PANEL)

static gemm_finish_kind gemm_finish_kind_of(const tlk_gemm_tile *t) {
  const tlk_epilogue *e = t->epilogue;
  if (!epilogue_is_simple(e) || t->alpha != 1.0f || e->scale || t->out_dtype != TLK_F16) return GEMM_OTHER;
  if (!e->residual) return GEMM_PLAIN;
  const bool unlimited = e->activation.kind == TLK_ACT_NONE;
  return e->residual_dtype == TLK_F16 && (!e->residual_last || unlimited) ? GEMM_ADD : GEMM_OTHER;
}

static __attribute__((noinline)) void gemm_finish_other(const gemm_block *b, float *sums, const int row_count, const int width) {
  const tlk_gemm_tile *t = b->tile;
  const epilogue_target target = {.epilogue = t->epilogue, .alpha = t->alpha, .pixels = b->pixels, .column = b->column,
                                  .columns = tlk_min(b->columns, width), .out = t->out, .out_dtype = t->out_dtype, .out_pitch = t->out_pitch};
  epilogue_rows(&target, sums, width, row_count);
}

TLK_INLINE void gemm_finish_fast(const gemm_block *b, vf acc[][GEMM_VECTORS], const int R, const int NV, const bool add) {
  const tlk_gemm_tile *t = b->tile;
  const tlk_int pitch = t->out_pitch, residual_pitch = t->epilogue->residual_pitch;
  uint16_t *out = (uint16_t *)t->out + b->column;
  const uint16_t *residual = (const uint16_t *)t->epilogue->residual + (add ? b->column : 0);
  const vf low = b->low, high = b->high;
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) {
    const tlk_int pixel = b->pixels[r];
#pragma clang loop unroll(full)
    for (int v = 0; v < NV; v++) {
      vf x = acc[r][v] + v_load(b->bias + v * TLK_LANES);
      if (add) x += v_load_h(residual + pixel * residual_pitch + v * TLK_LANES);
      v_store_h(out + pixel * pitch + v * TLK_LANES, m_clamp(x, low, high));
    }
  }
}

TLK_INLINE void gemm_finish(const gemm_block *b, vf acc[][GEMM_VECTORS], const int R, const int NV) {
  if (b->columns >= NV * TLK_LANES && b->finish == GEMM_PLAIN) {
    gemm_finish_fast(b, acc, R, NV, false);
  } else if (b->columns >= NV * TLK_LANES && b->finish == GEMM_ADD) {
    gemm_finish_fast(b, acc, R, NV, true);
  } else {
    float sums[GEMM_ROWS * GEMM_COLUMNS];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) v_store(sums + (r * NV + v) * TLK_LANES, acc[r][v]);
    gemm_finish_other(b, sums, R, NV * TLK_LANES);
  }
}

// U sums per output when there are few rows: one chain of FMAs per output would wait for its own latency.
TLK_INLINE void gemm_micro(const gemm_block *b, const int R, const int NV, const int U, const bool half) {
  const tlk_gemm_tile *t = b->tile;
  vf acc[GEMM_ROWS][GEMM_VECTORS], more[3][GEMM_ROWS][GEMM_VECTORS];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < NV; v++) acc[r][v] = v_set(0);
#pragma clang loop unroll(full)
  for (int u = 1; u < U; u++)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) more[u - 1][r][v] = v_set(0);
  const char *w = b->weights;
  const tlk_int channels = t->channels, panel_bytes = t->panel_bytes, element = half ? 2 : 4;
  for (tlk_int tap = 0; tap < t->taps; tap++) {
    const float *a[GEMM_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) a[r] = b->rows[tap * R + r];
    tlk_int k = 0;
#if defined(TLK_FMA_BY_LANE)
    // On NEON with f16 weights and 8 rows: 91 instructions for 64 FMLA (clang 17), 8 of them FCVTL. FMLAL would do without these, but
    // needs the rows in f16 as well, and they are f32.
    for (; k + TLK_LANES <= channels; k += TLK_LANES) {
      vf x[GEMM_ROWS];
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) x[r] = v_load(a[r] + k);
#pragma clang loop unroll(full)
      for (int u = 0; u < TLK_LANES; u++) {
        vf column[GEMM_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < NV; v++) column[v] = v_load_as(w, u * TLK_PANEL + v * TLK_LANES, half);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
          for (int v = 0; v < NV; v++) {
            vf *sum = u % U == 0 ? &acc[r][v] : &more[u % U - 1][r][v];
            *sum = v_fma(v_set(x[r][u]), column[v], *sum);
          }
      }
      w += TLK_LANES * TLK_PANEL * element;
    }
#endif
    for (; k + U <= channels; k += U) {
#pragma clang loop unroll(full)
      for (int u = 0; u < U; u++) {
        vf column[GEMM_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < NV; v++)
          column[v] = v_load_as(w + GEMM_PANEL_OF(v) * panel_bytes, u * TLK_PANEL + GEMM_OFFSET_OF(v), half);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) {
          vf x = v_set(a[r][k + u]);
#pragma clang loop unroll(full)
          for (int v = 0; v < NV; v++) {
            if (u == 0) acc[r][v] = v_fma(x, column[v], acc[r][v]);
            else more[u - 1][r][v] = v_fma(x, column[v], more[u - 1][r][v]);
          }
        }
      }
      w += U * TLK_PANEL * element;
    }
    for (; U > 1 && k < channels; k++, w += TLK_PANEL * element) {
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) {
        vf column = v_load_as(w + GEMM_PANEL_OF(v) * panel_bytes, GEMM_OFFSET_OF(v), half);
#pragma clang loop unroll(full)
        for (int r = 0; r < R; r++) acc[r][v] = v_fma(v_set(a[r][k]), column, acc[r][v]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int u = 1; u < U; u++)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) acc[r][v] += more[u - 1][r][v];
  gemm_finish(b, acc, R, NV);
}

// U: sums in flight for R × NV vectors; about eight hide an FMA's latency.
#define GEMM_UNROLL(R, NV) ((R) * (NV) >= 8 ? 1 : (R) * (NV) >= 4 ? 2 : 4)

#if GEMM_ROWS == 8
// 32 registers: above 4 rows, the sums of 8 columns, the rows' numbers and the weights take 27 of them; those of 16 columns do not fit.
TLK_INLINE void gemm_panel(const gemm_block *b, const int R, const bool half) {
  if (R <= 4) {
    gemm_micro(b, R, GEMM_VECTORS, GEMM_UNROLL(R, GEMM_VECTORS), half);
    return;
  }
  gemm_block part = *b;
  for (int done = 0; done < GEMM_COLUMNS && part.columns > 0; done += GEMM_COLUMNS / 2) {
    gemm_micro(&part, R, GEMM_VECTORS / 2, 1, half);
    part.column += GEMM_COLUMNS / 2;
    part.columns -= GEMM_COLUMNS / 2;
    part.bias += GEMM_COLUMNS / 2;
    part.weights += GEMM_COLUMNS / 2 * (half ? 2 : 4);
  }
}
#define GEMM_BODY(R, NV, HALF) gemm_panel(b, R, HALF)
#else
#define GEMM_BODY(R, NV, HALF) gemm_micro(b, R, NV, GEMM_UNROLL(R, NV), HALF)
#endif
#define GEMM_DEFINE(R, NV) \
  static __attribute__((noinline)) void gemm_half_##R##x##NV(const gemm_block *b) { GEMM_BODY(R, NV, true); } \
  static __attribute__((noinline)) void gemm_float_##R##x##NV(const gemm_block *b) { GEMM_BODY(R, NV, false); }
#define GEMM_HALF(R, NV) gemm_half_##R##x##NV,
#define GEMM_FLOAT(R, NV) gemm_float_##R##x##NV,

#if GEMM_ROWS == 14
#define GEMM_EACH(X, NV) X(1, NV) X(2, NV) X(3, NV) X(4, NV) X(5, NV) X(6, NV) X(7, NV) X(8, NV) X(9, NV) X(10, NV) X(11, NV) X(12, NV) X(13, NV) X(14, NV)
#elif GEMM_ROWS == 8
#define GEMM_EACH(X, NV) X(1, NV) X(2, NV) X(3, NV) X(4, NV) X(5, NV) X(6, NV) X(7, NV) X(8, NV)
#elif GEMM_ROWS == 6
#define GEMM_EACH(X, NV) X(1, NV) X(2, NV) X(3, NV) X(4, NV) X(5, NV) X(6, NV)
#else
#define GEMM_EACH(X, NV) X(1, NV) X(2, NV) X(3, NV)
#endif

typedef void gemm_function(const gemm_block *);
#if GEMM_VECTORS == 4
GEMM_EACH(GEMM_DEFINE, 4)
static gemm_function *const gemm_wide[2][GEMM_ROWS] = {{GEMM_EACH(GEMM_FLOAT, 4)}, {GEMM_EACH(GEMM_HALF, 4)}};
#else
GEMM_EACH(GEMM_DEFINE, 2)
static gemm_function *const gemm_wide[2][GEMM_ROWS] = {{GEMM_EACH(GEMM_FLOAT, 2)}, {GEMM_EACH(GEMM_HALF, 2)}};
#endif
#if GEMM_VECTORS == 2
// Last columns that fill one vector.
GEMM_EACH(GEMM_DEFINE, 1)
static gemm_function *const gemm_narrow[2][GEMM_ROWS] = {{GEMM_EACH(GEMM_FLOAT, 1)}, {GEMM_EACH(GEMM_HALF, 1)}};
#endif

// Sums of rows first..<first + count for the columns from `done` on.
TLK_INLINE void gemm_run(gemm_block *b, tlk_int first, tlk_int count, tlk_int done) {
  const tlk_gemm_tile *t = b->tile;
  static const float no_bias[GEMM_COLUMNS];
  b->rows = t->rows + first * t->taps;
  b->pixels = t->pixels + first;
  b->column = t->column + done;
  b->columns = t->column_count - done;
  b->weights = (const char *)t->weights + done / TLK_PANEL * t->panel_bytes;
  b->bias = t->epilogue->bias ? t->epilogue->bias + b->column : no_bias;
#if GEMM_VECTORS == 2
  if (b->columns <= TLK_LANES) {
    gemm_narrow[t->half_weights][count - 1](b);
    return;
  }
#endif
  gemm_wide[t->half_weights][count - 1](b);
}

// Weights of a tile that stay in a first-level cache beside the operands: rows go outside then, so that the output is written line after
// line, not a few columns at a time.
#define GEMM_CACHED_WEIGHTS (16 * 1024)

static void TLK_KERNEL(gemm_tile)(const tlk_gemm_tile *t) {
  const tlk_activation *act = &t->epilogue->activation;
  gemm_block b = {.tile = t, .low = epilogue_low(act), .high = epilogue_high(act), .finish = gemm_finish_kind_of(t)};
  // As tlk_row_group_at, which divides.
  const tlk_int groups = tlk_row_group_count(t->row_count, GEMM_ROWS), base = groups ? t->row_count / groups : 0;
  const tlk_int extra = t->row_count - groups * base;
  if (tlk_ceil_div(t->column_count, TLK_PANEL) * t->panel_bytes <= GEMM_CACHED_WEIGHTS) {
    for (tlk_int g = 0, first = 0, count; g < groups; g++, first += count) {
      count = base + (g < extra);
      for (tlk_int done = 0; done < t->column_count; done += GEMM_COLUMNS) gemm_run(&b, first, count, done);
    }
  } else {
    for (tlk_int done = 0; done < t->column_count; done += GEMM_COLUMNS)
      for (tlk_int g = 0, first = 0, count; g < groups; g++, first += count) {
        count = base + (g < extra);
        gemm_run(&b, first, count, done);
      }
  }
}
