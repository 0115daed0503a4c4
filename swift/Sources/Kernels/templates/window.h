// Windows over channels-last pixels: one vector of channels for up to 8 neighbouring pixels at a time, so that a weight is loaded once
// for 8 products and enough sums are in flight to hide an FMA's latency.

// What most layers have behind the sums: a bias and limits. Everything else goes through `sums` and epilogue_rows, out of line: with all
// of it inlined per pixel, depthwise convolutions of EfficientNet-Lite0 took twice as long (Zen 3).
TLK_INLINE bool window_is_plain(const tlk_epilogue *e) { return epilogue_is_simple(e) && !e->scale && !e->residual; }

TLK_INLINE vf window_step(const tlk_window_kind kind, vf sum, vf v, vf weight) {
  switch (kind) {
    case TLK_WINDOW_WEIGHTED: return v_fma(v, weight, sum);
    // NaN on either side stays: MAXPS gives its second operand when one is NaN.
    case TLK_WINDOW_MAX: return v_select(sum != sum, sum, v_max(sum, v));
    case TLK_WINDOW_SUM: return sum + v;
    default: return v_fma(v, v, sum);
  }
}

// The window's elements of P pixels, each `step` bytes from the next: base + step * {1, 2, 4, 8} and two multiples more are all that the
// addresses of eight pixels take.
TLK_INLINE void window_sums(const tlk_window_tile *t, const int P, const tlk_window_kind kind, const char *base, const float *weights,
                            const tlk_int step, vf *acc) {
  const tlk_int step3 = 3 * step;
  for (tlk_int j = 0; j < t->window; j++) {
    const char *low = base + t->offsets[j] * 4, *high = low + 4 * step;
    vf weight = v_set(0);
    if (kind == TLK_WINDOW_WEIGHTED) {
      weight = v_load(weights);
      weights += t->weight_pitch;
    }
    acc[0] = window_step(kind, acc[0], v_load((const float *)low), weight);
    if (P > 1) acc[1] = window_step(kind, acc[1], v_load((const float *)(low + step)), weight);
    if (P > 2) acc[2] = window_step(kind, acc[2], v_load((const float *)(low + 2 * step)), weight);
    if (P > 3) acc[3] = window_step(kind, acc[3], v_load((const float *)(low + step3)), weight);
    if (P > 4) acc[4] = window_step(kind, acc[4], v_load((const float *)high), weight);
    if (P > 5) acc[5] = window_step(kind, acc[5], v_load((const float *)(high + step)), weight);
    if (P > 6) acc[6] = window_step(kind, acc[6], v_load((const float *)(high + 2 * step)), weight);
    if (P > 7) acc[7] = window_step(kind, acc[7], v_load((const float *)(high + step3)), weight);
  }
}

TLK_INLINE void window_pixels(const tlk_window_tile *t, const int P, const tlk_window_kind kind, const float *base, tlk_int y,
                              tlk_int x, const bool plain, vf low, vf high) {
  const tlk_int first = t->first_pixel + y * t->line_pixels + x, pitch = (t->channels + 15) & ~(tlk_int)15;
  const bool half_out = t->out_dtype == TLK_F16;
  const float *bias = t->epilogue->bias ? t->epilogue->bias + t->channel : NULL;
  for (tlk_int c = 0; c < t->channels; c += TLK_LANES) {
    vf acc[8];
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) acc[p] = v_set(kind == TLK_WINDOW_MAX ? -INFINITY : 0.0f);
    window_sums(t, P, kind, (const char *)(base + c), t->weights + c, t->pixel_step * 4, acc);
    if (t->factors) {
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) {
        acc[p] *= v_set(t->factors[y * t->width + x + p]);
        if (t->square_root) acc[p] = v_sqrt(acc[p]);
      }
    }
    const tlk_int n = tlk_min(t->channels - c, TLK_LANES), to = first * t->out_pitch + t->channel + c;
    if (plain && n == TLK_LANES) {
      const vf add = bias ? v_load(bias + c) : v_set(0);
      if (half_out) {
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) v_store_as(t->out, to + p * t->out_pitch, true, m_clamp(acc[p] + add, low, high));
      } else {
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) v_store_as(t->out, to + p * t->out_pitch, false, m_clamp(acc[p] + add, low, high));
      }
    } else {
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) v_store(t->sums + p * pitch + c, acc[p]);
    }
  }
  const tlk_int done = plain ? t->channels / TLK_LANES * TLK_LANES : 0;
  if (done == t->channels) return;
  const epilogue_target target = {.epilogue = t->epilogue, .alpha = 1, .first_pixel = first, .column = t->channel + done,
                                  .columns = t->channels - done, .out = t->out, .out_dtype = t->out_dtype, .out_pitch = t->out_pitch};
  epilogue_rows(&target, t->sums + done, pitch, P);
}

TLK_INLINE void window_lines(const tlk_window_tile *t, const tlk_window_kind kind) {
  const bool plain = window_is_plain(t->epilogue);
  const vf low = epilogue_low(&t->epilogue->activation), high = epilogue_high(&t->epilogue->activation);
  for (tlk_int y = 0; y < t->lines; y++) {
    const float *line = t->slab + y * t->line_step;
    tlk_int x = 0;
    for (; x + 8 <= t->width; x += 8) window_pixels(t, 8, kind, line + x * t->pixel_step, y, x, plain, low, high);
    const float *rest = line + x * t->pixel_step;
    switch (t->width - x) {
      case 7: window_pixels(t, 7, kind, rest, y, x, plain, low, high); break;
      case 6: window_pixels(t, 6, kind, rest, y, x, plain, low, high); break;
      case 5: window_pixels(t, 5, kind, rest, y, x, plain, low, high); break;
      case 4: window_pixels(t, 4, kind, rest, y, x, plain, low, high); break;
      case 3: window_pixels(t, 3, kind, rest, y, x, plain, low, high); break;
      case 2: window_pixels(t, 2, kind, rest, y, x, plain, low, high); break;
      case 1: window_pixels(t, 1, kind, rest, y, x, plain, low, high); break;
    }
  }
}

// One function per kind: what a layer runs stays small enough for the instruction cache.
#define WINDOW_DEFINE(NAME, KIND) \
  static __attribute__((noinline)) void NAME(const tlk_window_tile *t) { window_lines(t, KIND); }
WINDOW_DEFINE(window_weighted, TLK_WINDOW_WEIGHTED)
WINDOW_DEFINE(window_max, TLK_WINDOW_MAX)
WINDOW_DEFINE(window_sum, TLK_WINDOW_SUM)
WINDOW_DEFINE(window_sum_square, TLK_WINDOW_SUM_SQUARE)

static void TLK_KERNEL(window_tile)(const tlk_window_tile *t) {
  switch (t->kind) {
    case TLK_WINDOW_WEIGHTED: window_weighted(t); break;
    case TLK_WINDOW_MAX: window_max(t); break;
    case TLK_WINDOW_SUM: window_sum(t); break;
    case TLK_WINDOW_SUM_SQUARE: window_sum_square(t); break;
  }
}
