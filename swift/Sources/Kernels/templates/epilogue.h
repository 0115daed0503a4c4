// The way from f32 sums to stored elements, for any activation and any number of columns.

TLK_INLINE bool epilogue_is_simple(const tlk_epilogue *e) {
  tlk_activation_kind kind = e->activation.kind;
  return kind == TLK_ACT_NONE || kind == TLK_ACT_RELU || kind == TLK_ACT_CLAMP;
}
// Limits that stand for the simple activations.
TLK_INLINE vf epilogue_low(const tlk_activation *a) {
  return v_set(a->kind == TLK_ACT_CLAMP ? a->alpha : a->kind == TLK_ACT_RELU ? 0.0f : -INFINITY);
}
TLK_INLINE vf epilogue_high(const tlk_activation *a) { return v_set(a->kind == TLK_ACT_CLAMP ? a->beta : INFINITY); }

// Rows of sums to columns column..<column + columns of output rows pixels[r]. Sums are overwritten; rows are `pitch` apart, a whole number of
// vectors >= columns. The activation runs over all rows in one go: on a row of two vectors it would wait for its own latency.
static __attribute__((noinline, unused)) void epilogue_rows(const tlk_epilogue *e, float alpha, float *sums, tlk_int pitch, tlk_int rows,
                                                            const tlk_int *pixels, tlk_int column, tlk_int columns, void *out,
                                                            tlk_dtype out_dtype, tlk_int out_pitch) {
  const bool half_out = out_dtype == TLK_F16, half_residual = e->residual_dtype == TLK_F16;
  const tlk_activation *act = &e->activation;
  for (tlk_int i = 0; i < columns; i += TLK_LANES) {
    tlk_int n = tlk_min(columns - i, TLK_LANES), at = column + i;
    const bool whole = n == TLK_LANES;
    vf scale = v_set(alpha), bias = v_set(0);
    if (e->scale) scale *= whole ? v_load(e->scale + at) : v_load_part(e->scale, at, false, n, 0);
    if (e->bias) bias = whole ? v_load(e->bias + at) : v_load_part(e->bias, at, false, n, 0);
    for (tlk_int r = 0; r < rows; r++) {
      vf x = v_load(sums + r * pitch + i) * scale + bias;
      if (e->residual && !e->residual_last) {
        tlk_int from = pixels[r] * e->residual_pitch + at;
        x += whole ? v_load_as(e->residual, from, half_residual) : v_load_part(e->residual, from, half_residual, n, 0);
      }
      v_store(sums + r * pitch + i, x);
    }
  }
  if (!act->slope) activate(act->kind, sums, rows * pitch, act->alpha, act->beta, NULL);
  for (tlk_int i = 0; i < columns; i += TLK_LANES) {
    tlk_int n = tlk_min(columns - i, TLK_LANES), at = column + i;
    const bool whole = n == TLK_LANES;
    vf slope = v_set(0);
    if (act->slope) slope = whole ? v_load(act->slope + at) : v_load_part(act->slope, at, false, n, 0);
    for (tlk_int r = 0; r < rows; r++) {
      vf x = v_load(sums + r * pitch + i);
      if (act->slope) x = m_activation(TLK_ACT_PRELU, x, 0, 0, slope);
      if (e->residual && e->residual_last) {
        tlk_int from = pixels[r] * e->residual_pitch + at;
        x += whole ? v_load_as(e->residual, from, half_residual) : v_load_part(e->residual, from, half_residual, n, 0);
      }
      tlk_int to = pixels[r] * out_pitch + at;
      if (whole) v_store_as(out, to, half_out, x);
      else v_store_part(out, to, half_out, n, x);
    }
  }
}

// The simple case for one vector at `column` of output row `pixel`; n < TLK_LANES: the last columns.
TLK_INLINE void epilogue_vector(const tlk_epilogue *e, vf low, vf high, vf x, tlk_int pixel, tlk_int column, tlk_int n, void *out,
                                const bool half_out, tlk_int out_pitch) {
  const bool whole = n == TLK_LANES, half_residual = e->residual_dtype == TLK_F16;
  if (e->scale) x *= whole ? v_load(e->scale + column) : v_load_part(e->scale, column, false, n, 0);
  if (e->bias) x += whole ? v_load(e->bias + column) : v_load_part(e->bias, column, false, n, 0);
  vf residual = v_set(0);
  if (e->residual) {
    tlk_int from = pixel * e->residual_pitch + column;
    residual = whole ? v_load_as(e->residual, from, half_residual) : v_load_part(e->residual, from, half_residual, n, 0);
    if (!e->residual_last) x += residual;
  }
  x = m_clamp(x, low, high);
  if (e->residual && e->residual_last) x += residual;
  tlk_int to = pixel * out_pitch + column;
  if (whole) v_store_as(out, to, half_out, x);
  else v_store_part(out, to, half_out, n, x);
}
