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

#define EPILOGUE_CHUNK 64

// One row of sums to columns column..<column + count of output row `pixel`. Sums are overwritten; their buffer reaches to the next whole vector.
static __attribute__((noinline, unused)) void epilogue_row(const tlk_epilogue *e, float alpha, float *sums, tlk_int pixel,
                                                           tlk_int column, tlk_int columns, void *out, tlk_dtype out_dtype,
                                                           tlk_int out_pitch) {
  const bool half_out = out_dtype == TLK_F16, half_residual = e->residual_dtype == TLK_F16;
  const tlk_activation *act = &e->activation;
  for (tlk_int done = 0; done < columns; done += EPILOGUE_CHUNK, sums += EPILOGUE_CHUNK) {
    tlk_int count = tlk_min(columns - done, EPILOGUE_CHUNK), first = column + done;
    float residual[EPILOGUE_CHUNK], slope[EPILOGUE_CHUNK] = {0};
    if (act->slope) memcpy(slope, act->slope + first, (size_t)count * 4);
    for (tlk_int i = 0; i < count; i += TLK_LANES) {
      tlk_int n = tlk_min(count - i, TLK_LANES), at = first + i;
      vf x = v_load(sums + i) * v_set(alpha);
      if (e->scale) x *= v_load_part(e->scale, at, false, n, 0);
      if (e->bias) x += v_load_part(e->bias, at, false, n, 0);
      if (e->residual) {
        vf add = v_load_part(e->residual, pixel * e->residual_pitch + at, half_residual, n, 0);
        if (e->residual_last) v_store(residual + i, add);
        else x += add;
      }
      v_store(sums + i, x);
    }
    activate(act->kind, sums, count, act->alpha, act->beta, slope);
    for (tlk_int i = 0; i < count; i += TLK_LANES) {
      vf x = v_load(sums + i);
      if (e->residual && e->residual_last) x += v_load(residual + i);
      tlk_int n = tlk_min(count - i, TLK_LANES), to = pixel * out_pitch + first + i;
      if (n == TLK_LANES) v_store_as(out, to, half_out, x);
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
