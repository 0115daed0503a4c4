// Depthwise convolution along a line of f32: each input vector is loaded once per kernel row and used for all taps and pixels that it belongs
// to, (P - 1) * S + KW loads for P * KW multiply-adds. The last pixels of a line are computed twice rather than singly.

#define DEPTHWISE_PIXELS 8

TLK_INLINE void depthwise_pixels(const tlk_depthwise_line *l, const int P, const int S, const int KW, tlk_int x, vf low, vf high,
                                 const bool simple) {
  // Copies: stores through `out` could change what is read through pointers, as far as the compiler knows.
  const tlk_epilogue e = *l->epilogue;
  const float *const *rows = l->rows, *const *row_weights = l->weights;
  const tlk_int row_count = l->row_count, pitch = l->pitch, channels = l->channels, out_pitch = l->out_pitch, sum_pitch = l->sum_pitch;
  const tlk_int first = l->pixel + x, from = x * S * pitch, channel = l->channel;
  const bool half_out = l->out_dtype == TLK_F16;
  void *const out = l->out;
  // Channels that are stored straight from registers; the others pass through `sums`.
  const tlk_int direct = simple ? channels / TLK_LANES * TLK_LANES : 0;
  for (tlk_int c = 0; c < channels; c += TLK_LANES) {
    vf acc[DEPTHWISE_PIXELS];
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) acc[p] = v_set(0);
    for (tlk_int row = 0; row < row_count; row++) {
      const float *weights = row_weights[row] + c, *in = rows[row] + from + c;
      vf w[7];
#pragma clang loop unroll(full)
      for (int k = 0; k < KW; k++) w[k] = v_load(weights + k * pitch);
#pragma clang loop unroll(full)
      for (int i = 0; i < (P - 1) * S + KW; i++, in += pitch) {
        vf v = v_load(in);
#pragma clang loop unroll(full)
        for (int k = 0; k < KW; k++)
          if (i >= k && (i - k) % S == 0 && (i - k) / S < P) acc[(i - k) / S] = v_fma(v, w[k], acc[(i - k) / S]);
      }
    }
    if (c + TLK_LANES > direct) {
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) v_store(l->sums + p * sum_pitch + c, acc[p]);
      continue;
    }
    const tlk_int column = channel + c;
    const vf scale = e.scale ? v_load(e.scale + column) : v_set(1), bias = e.bias ? v_load(e.bias + column) : v_set(0);
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) {
      vf v = m_clamp(v_fma(acc[p], scale, bias), low, high);
      if (half_out) v_store_h((uint16_t *)out + (first + p) * out_pitch + column, v);
      else v_store((float *)out + (first + p) * out_pitch + column, v);
    }
  }
  if (direct == channels) return;
  tlk_int pixels[DEPTHWISE_PIXELS];
  for (int p = 0; p < P; p++) pixels[p] = first + p;
  epilogue_rows(&e, 1, l->sums + direct, sum_pitch, P, pixels, channel + direct, channels - direct, out, l->out_dtype, out_pitch);
}

TLK_INLINE void depthwise_line_of(const tlk_depthwise_line *l, const int S, const int KW) {
  const vf low = epilogue_low(&l->epilogue->activation), high = epilogue_high(&l->epilogue->activation);
  const bool simple = epilogue_is_simple(l->epilogue) && !l->epilogue->residual;
  if (l->width >= 8) {
    for (tlk_int x = 0; x < l->width; x += 8) depthwise_pixels(l, 8, S, KW, tlk_min(x, l->width - 8), low, high, simple);
  } else if (l->width >= 4) {
    for (tlk_int x = 0; x < l->width; x += 4) depthwise_pixels(l, 4, S, KW, tlk_min(x, l->width - 4), low, high, simple);
  } else {
    for (tlk_int x = 0; x < l->width; x++) depthwise_pixels(l, 1, S, KW, x, low, high, simple);
  }
}

#define DEPTHWISE(S, KW) \
  static __attribute__((noinline)) void depthwise_##S##_##KW(const tlk_depthwise_line *l) { depthwise_line_of(l, S, KW); }
DEPTHWISE(1, 3)
DEPTHWISE(2, 3)
DEPTHWISE(1, 5)
DEPTHWISE(2, 5)
DEPTHWISE(1, 7)
DEPTHWISE(2, 7)

// Stride 1 or 2, kernel width 3, 5 or 7.
static void TLK_KERNEL(depthwise_line)(const tlk_depthwise_line *l) {
  typedef void function(const tlk_depthwise_line *);
  static function *const functions[2][3] = {{depthwise_1_3, depthwise_1_5, depthwise_1_7}, {depthwise_2_3, depthwise_2_5, depthwise_2_7}};
  functions[l->stride - 1][(l->kernel_width - 3) / 2](l);
}
