// The micro tile: R rows of A times NV vectors of columns, sums in registers over all of K, epilogue, one rounding, store.
// A is f32, a pointer per row and tap; weights are f16 or f32 panels, f16 converted on the way. Idea: the indirect GEMM of QNNPACK and XNNPACK.

#if TLK_LANES == 16
#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#elif TLK_LANES == 8
#define GEMM_ROWS 6
#define GEMM_VECTORS 2
#elif defined(__aarch64__)
#define GEMM_ROWS 6
#define GEMM_VECTORS 4
#else
#define GEMM_ROWS 3
#define GEMM_VECTORS 4
#endif
#define GEMM_COLUMNS (GEMM_VECTORS * TLK_LANES)

typedef struct {
  const tlk_gemm_tile *tile;
  const float *const *rows;
  const tlk_int *pixels;
  const char *weights;
  tlk_int column, columns;
  vf low, high;
  bool simple;  // no activation but limits: everything stays in registers
} gemm_block;

// Element offset of vector v of the micro tile in its panel row; the panel itself for tiles of two panels.
#define GEMM_PANEL_OF(V) ((V) * TLK_LANES / TLK_PANEL)
#define GEMM_OFFSET_OF(V) ((V) * TLK_LANES % TLK_PANEL)

static __attribute__((noinline)) void gemm_finish_any(const gemm_block *b, float *sums, const int row_count, const int width) {
  const tlk_gemm_tile *t = b->tile;
  const epilogue_target target = {.epilogue = t->epilogue, .alpha = t->alpha, .pixels = b->pixels, .column = b->column,
                                  .columns = tlk_min(b->columns, width), .out = t->out, .out_dtype = t->out_dtype, .out_pitch = t->out_pitch};
  epilogue_rows(&target, sums, width, row_count);
}

TLK_INLINE void gemm_finish(const gemm_block *b, vf acc[][GEMM_VECTORS], const int R, const int NV) {
  const tlk_gemm_tile *t = b->tile;
  const tlk_epilogue *e = t->epilogue;
  if (!b->simple || b->columns < NV * TLK_LANES) {
    float sums[GEMM_ROWS * GEMM_COLUMNS];
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) v_store(sums + (r * NV + v) * TLK_LANES, acc[r][v]);
    gemm_finish_any(b, sums, R, NV * TLK_LANES);
    return;
  }
  const tlk_int column = b->column;
  if (t->alpha != 1.0f) {
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < NV; v++) acc[r][v] *= v_set(t->alpha);
  }
#pragma clang loop unroll(full)
  for (int v = 0; v < NV; v++) {
    if (e->scale) {
      vf scale = v_load(e->scale + column + v * TLK_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) acc[r][v] *= scale;
    }
    if (e->bias) {
      vf bias = v_load(e->bias + column + v * TLK_LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < R; r++) acc[r][v] += bias;
    }
  }
  const bool first = e->residual && !e->residual_last, last = e->residual && e->residual_last;
  const bool half_residual = e->residual_dtype == TLK_F16, half_out = t->out_dtype == TLK_F16;
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) {
    tlk_int from = b->pixels[r] * e->residual_pitch + column, to = b->pixels[r] * t->out_pitch + column;
#pragma clang loop unroll(full)
    for (int v = 0; v < NV; v++) {
      vf x = acc[r][v];
      if (first) x += v_load_as(e->residual, from + v * TLK_LANES, half_residual);
      x = m_clamp(x, b->low, b->high);
      if (last) x += v_load_as(e->residual, from + v * TLK_LANES, half_residual);
      v_store_as(t->out, to + v * TLK_LANES, half_out, x);
    }
  }
}

// U sums per output when there are few rows: one chain of FMAs per output would wait for its own latency.
TLK_INLINE void gemm_micro(const gemm_block *b, const int R, const int NV, const int U, const bool half) {
  const tlk_gemm_tile *t = b->tile;
  vf acc[GEMM_ROWS][GEMM_VECTORS], more[3][2][GEMM_VECTORS];
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

// U: sums in flight for R rows; about eight hide an FMA's latency.
#define GEMM_UNROLL(R) ((R) == 1 ? 4 : (R) == 2 ? 2 : 1)
#define GEMM_DEFINE(R, NV) \
  static __attribute__((noinline)) void gemm_half_##R##x##NV(const gemm_block *b) { gemm_micro(b, R, NV, GEMM_UNROLL(R), true); } \
  static __attribute__((noinline)) void gemm_float_##R##x##NV(const gemm_block *b) { gemm_micro(b, R, NV, GEMM_UNROLL(R), false); }
#define GEMM_HALF(R, NV) gemm_half_##R##x##NV,
#define GEMM_FLOAT(R, NV) gemm_float_##R##x##NV,

#if GEMM_ROWS == 14
#define GEMM_EACH(X, NV) X(1, NV) X(2, NV) X(3, NV) X(4, NV) X(5, NV) X(6, NV) X(7, NV) X(8, NV) X(9, NV) X(10, NV) X(11, NV) X(12, NV) X(13, NV) X(14, NV)
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
#if GEMM_COLUMNS > TLK_PANEL
// A last single panel.
GEMM_EACH(GEMM_DEFINE, 1)
static gemm_function *const gemm_narrow[2][GEMM_ROWS] = {{GEMM_EACH(GEMM_FLOAT, 1)}, {GEMM_EACH(GEMM_HALF, 1)}};
#endif

static void TLK_KERNEL(gemm_tile)(const tlk_gemm_tile *t) {
  const tlk_activation *act = &t->epilogue->activation;
  const tlk_int groups = tlk_row_group_count(t->row_count, GEMM_ROWS);
  gemm_block b = {.tile = t, .low = epilogue_low(act), .high = epilogue_high(act), .simple = epilogue_is_simple(t->epilogue)};
  for (tlk_int done = 0; done < t->column_count; done += GEMM_COLUMNS) {
    b.column = t->column + done;
    b.columns = t->column_count - done;
    b.weights = (const char *)t->weights + done / TLK_PANEL * t->panel_bytes;
    gemm_function *const *functions = gemm_wide[t->half_weights];
#if GEMM_COLUMNS > TLK_PANEL
    if (b.columns <= TLK_PANEL) functions = gemm_narrow[t->half_weights];
#endif
    for (tlk_int g = 0; g < groups; g++) {
      tlk_row_group group = tlk_row_group_at(t->row_count, GEMM_ROWS, g);
      b.rows = t->rows + group.start * t->taps;
      b.pixels = t->pixels + group.start;
      functions[group.count - 1](&b);
    }
  }
}
