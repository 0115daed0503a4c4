// Windows over channels-last pixels: one vector of channels for up to 8 neighbouring pixels at a time, so that a weight is loaded once
// for 8 products and enough sums are in flight to hide an FMA's latency.

TLK_INLINE void window_pixels(const tlk_window_tile *t, const int P, const tlk_window_kind kind, const float *base, tlk_int y,
                              tlk_int x, const bool simple, vf low, vf high) {
  const tlk_int first = t->first_pixel + y * t->line_pixels + x, step = t->pixel_step, pitch = (t->channels + 15) & ~(tlk_int)15;
  const bool half_out = t->out_dtype == TLK_F16;
  for (tlk_int c = 0; c < t->channels; c += TLK_LANES) {
    vf acc[8];
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) acc[p] = v_set(kind == TLK_WINDOW_MAX ? -INFINITY : 0.0f);
    const float *weights = t->weights + c;
    for (tlk_int j = 0; j < t->window; j++) {
      const float *in = base + t->offsets[j] + c;
      vf weight = v_set(0);
      if (kind == TLK_WINDOW_WEIGHTED) {
        weight = v_load(weights);
        weights += t->weight_pitch;
      }
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) {
        vf v = v_load(in + p * step);
        if (kind == TLK_WINDOW_WEIGHTED) acc[p] = v_fma(v, weight, acc[p]);
        // NaN on either side stays: MAXPS gives its second operand when one is NaN.
        else if (kind == TLK_WINDOW_MAX) acc[p] = v_select(acc[p] != acc[p], acc[p], v_max(acc[p], v));
        else if (kind == TLK_WINDOW_SUM) acc[p] += v;
        else acc[p] = v_fma(v, v, acc[p]);
      }
    }
    if (t->factors) {
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) {
        acc[p] *= v_set(t->factors[y * t->width + x + p]);
        if (t->square_root) acc[p] = v_sqrt(acc[p]);
      }
    }
    tlk_int n = tlk_min(t->channels - c, TLK_LANES);
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) {
      if (simple) epilogue_vector(t->epilogue, low, high, acc[p], first + p, t->channel + c, n, t->out, half_out, t->out_pitch);
      else v_store(t->sums + p * pitch + c, acc[p]);
    }
  }
  for (int p = 0; !simple && p < P; p++)
    epilogue_row(t->epilogue, 1, t->sums + p * pitch, first + p, t->channel, t->channels, t->out, t->out_dtype, t->out_pitch);
}

TLK_INLINE void window_lines(const tlk_window_tile *t, const tlk_window_kind kind) {
  const bool simple = epilogue_is_simple(t->epilogue);
  const vf low = epilogue_low(&t->epilogue->activation), high = epilogue_high(&t->epilogue->activation);
  for (tlk_int y = 0; y < t->lines; y++) {
    const float *line = t->slab + y * t->line_step;
    tlk_int x = 0;
    for (; x + 8 <= t->width; x += 8) window_pixels(t, 8, kind, line + x * t->pixel_step, y, x, simple, low, high);
    if (x + 4 <= t->width) {
      window_pixels(t, 4, kind, line + x * t->pixel_step, y, x, simple, low, high);
      x += 4;
    }
    if (x + 2 <= t->width) {
      window_pixels(t, 2, kind, line + x * t->pixel_step, y, x, simple, low, high);
      x += 2;
    }
    if (x < t->width) window_pixels(t, 1, kind, line + x * t->pixel_step, y, x, simple, low, high);
  }
}

static void TLK_KERNEL(window_tile)(const tlk_window_tile *t) {
  switch (t->kind) {
    case TLK_WINDOW_WEIGHTED: window_lines(t, TLK_WINDOW_WEIGHTED); break;
    case TLK_WINDOW_MAX: window_lines(t, TLK_WINDOW_MAX); break;
    case TLK_WINDOW_SUM: window_lines(t, TLK_WINDOW_SUM); break;
    case TLK_WINDOW_SUM_SQUARE: window_lines(t, TLK_WINDOW_SUM_SQUARE); break;
  }
}
