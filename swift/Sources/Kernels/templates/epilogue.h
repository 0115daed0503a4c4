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

TLK_INLINE vf epilogue_load(const void *base, tlk_int index, const bool half, tlk_int n) {
  return n == TLK_LANES ? v_load_as(base, index, half) : v_load_part(base, index, half, n, 0);
}

// Rows of sums, `pitch` apart, to columns column..<column + columns of the output rows pixels[r], or of first_pixel + r where
// `pixels` is NULL. The buffer of the sums reaches to the next whole vector.
typedef struct {
  const tlk_epilogue *epilogue;
  float alpha;
  const tlk_int *pixels;
  tlk_int first_pixel, column, columns;
  void *out;
  tlk_dtype out_dtype;
  tlk_int out_pitch;
} epilogue_target;

TLK_INLINE tlk_int epilogue_pixel(const epilogue_target *t, tlk_int row) { return t->pixels ? t->pixels[row] : t->first_pixel + row; }

// One pass over the sums with the activation KIND; the limits of TLK_ACT_NONE stand for the simple activations.
TLK_INLINE void epilogue_rows_of(const tlk_activation_kind kind, const epilogue_target *t, const float *sums, tlk_int pitch, tlk_int rows) {
  const tlk_epilogue *e = t->epilogue;
  const tlk_activation *act = &e->activation;
  const vf low = epilogue_low(act), high = epilogue_high(act), alpha = v_set(t->alpha);
  const bool half_out = t->out_dtype == TLK_F16, half_residual = e->residual_dtype == TLK_F16;
  for (tlk_int r = 0; r < rows; r++, sums += pitch) {
    const tlk_int pixel = epilogue_pixel(t, r);
    for (tlk_int i = 0; i < t->columns; i += TLK_LANES) {
      const tlk_int n = tlk_min(t->columns - i, TLK_LANES), at = t->column + i;
      vf x = v_load(sums + i) * alpha, residual = v_set(0);
      if (e->scale) x *= epilogue_load(e->scale, at, false, n);
      if (e->bias) x += epilogue_load(e->bias, at, false, n);
      if (e->residual) {
        residual = epilogue_load(e->residual, pixel * e->residual_pitch + at, half_residual, n);
        if (!e->residual_last) x += residual;
      }
      if (kind == TLK_ACT_NONE) x = m_clamp(x, low, high);
      else if (kind == TLK_ACT_GELU && half_out) x = m_gelu_half(x);
      else x = m_activation(kind, x, act->alpha, act->beta, kind == TLK_ACT_PRELU ? epilogue_load(act->slope, at, false, n) : v_set(0));
      if (e->residual_last) x += residual;
      const tlk_int to = pixel * t->out_pitch + at;
      if (n == TLK_LANES) v_store_as(t->out, to, half_out, x);
      else v_store_part(t->out, to, half_out, n, x);
    }
  }
}

// One function per activation: what a layer runs stays small enough for the instruction cache.
#define EPILOGUE_EACH(X) \
  X(TLK_ACT_NONE) X(TLK_ACT_LEAKY_RELU) X(TLK_ACT_PRELU) X(TLK_ACT_ELU) X(TLK_ACT_SIGMOID) X(TLK_ACT_TANH) X(TLK_ACT_GELU) \
  X(TLK_ACT_GELU_TANH) X(TLK_ACT_GELU_SIGMOID) X(TLK_ACT_SILU) X(TLK_ACT_HARD_SIGMOID) X(TLK_ACT_HARD_SWISH) X(TLK_ACT_SCALED_TANH) \
  X(TLK_ACT_SOFTPLUS) X(TLK_ACT_SOFTSIGN) X(TLK_ACT_LINEAR) X(TLK_ACT_THRESHOLDED_RELU)
#define EPILOGUE_DEFINE(KIND) \
  static __attribute__((noinline)) void epilogue_rows_##KIND(const epilogue_target *t, const float *sums, tlk_int pitch, tlk_int rows) { \
    epilogue_rows_of(KIND, t, sums, pitch, rows); \
  }
#define EPILOGUE_CASE(KIND) \
  case KIND: epilogue_rows_##KIND(t, sums, pitch, rows); break;
EPILOGUE_EACH(EPILOGUE_DEFINE)

static __attribute__((unused)) void epilogue_rows(const epilogue_target *t, const float *sums, tlk_int pitch, tlk_int rows) {
  switch (epilogue_is_simple(t->epilogue) ? TLK_ACT_NONE : t->epilogue->activation.kind) {
    EPILOGUE_EACH(EPILOGUE_CASE)
    default: break;
  }
}
