// Depthwise convolution of f16 pixels, read where they lie through a table of pointers (as XNNPACK's indirection buffers; padding points
// at zeros). P neighbouring outputs at a time: an input vector is converted once per kernel line for all of the outputs that it meets, with
// sums, one line of weights and the vector itself in registers: P + W + 1 of 16 on AVX2.
// Without an instruction for the conversion the kernels of eight outputs take minutes to compile.
#ifdef TLK_CONVERTS_HALVES
#define DEPTHWISE_BLOCK 8
#else
#define DEPTHWISE_BLOCK 2
#endif

TLK_INLINE void depthwise_pixels(const tlk_depthwise_tile *t, const int P, const int W, const int S, tlk_int y, tlk_int x,
                                 const bool plain, vf low, vf high) {
  const tlk_int first = t->first_pixel + y * t->line_pixels + x;
  const float *bias = t->epilogue->bias ? t->epilogue->bias + t->channel : NULL;
  const uint16_t *const *lines = t->pixels + y * t->line_step + x * S;
  for (tlk_int c = 0; c < t->channels; c += TLK_LANES) {
    vf acc[DEPTHWISE_BLOCK];
#pragma clang loop unroll(full)
    for (int p = 0; p < P; p++) acc[p] = v_set(0);
    const float *weights = t->weights + c;
    const uint16_t *const *line = lines;
    for (tlk_int i = 0; i < t->kernel_lines; i++, line += t->tap_step) {
      vf weight[5];
#pragma clang loop unroll(full)
      for (int j = 0; j < W; j++, weights += t->channels) weight[j] = v_load(weights);
#pragma clang loop unroll(full)
      for (int k = 0; k < (P - 1) * S + W; k++) {
        const vf v = v_load_h(line[k] + c);
#pragma clang loop unroll(full)
        for (int p = 0; p < P; p++) {
          const int j = k - p * S;
          if (j >= 0 && j < W) acc[p] = v_fma(v, weight[j], acc[p]);
        }
      }
    }
    if (plain) {
      const vf add = bias ? v_load(bias + c) : v_set(0);
      uint16_t *out = (uint16_t *)t->out + first * t->out_pitch + t->channel + c;
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) v_store_h(out + p * t->out_pitch, m_clamp(acc[p] + add, low, high));
    } else {
#pragma clang loop unroll(full)
      for (int p = 0; p < P; p++) v_store(t->sums + p * t->channels + c, acc[p]);
    }
  }
  if (plain) return;
  const epilogue_target target = {.epilogue = t->epilogue, .alpha = 1, .first_pixel = first, .column = t->channel,
                                  .columns = t->channels, .out = t->out, .out_dtype = t->out_dtype, .out_pitch = t->out_pitch};
  epilogue_rows(&target, t->sums, t->channels, P);
}

TLK_INLINE void depthwise_lines(const tlk_depthwise_tile *t, const int W, const int S) {
  const bool plain = window_is_plain(t->epilogue) && t->out_dtype == TLK_F16;
  const vf low = epilogue_low(&t->epilogue->activation), high = epilogue_high(&t->epilogue->activation);
  // Blocks of nearly equal width: a last block of one output would load three vectors for it.
  const tlk_int blocks = tlk_row_group_count(t->width, DEPTHWISE_BLOCK);
  for (tlk_int y = 0; y < t->lines; y++)
    for (tlk_int b = 0; b < blocks; b++) {
      const tlk_row_group block = tlk_row_group_at(t->width, DEPTHWISE_BLOCK, b);
      switch (block.count) {
#if DEPTHWISE_BLOCK == 8
        case 8: depthwise_pixels(t, 8, W, S, y, block.start, plain, low, high); break;
        case 7: depthwise_pixels(t, 7, W, S, y, block.start, plain, low, high); break;
        case 6: depthwise_pixels(t, 6, W, S, y, block.start, plain, low, high); break;
        case 5: depthwise_pixels(t, 5, W, S, y, block.start, plain, low, high); break;
        case 4: depthwise_pixels(t, 4, W, S, y, block.start, plain, low, high); break;
        case 3: depthwise_pixels(t, 3, W, S, y, block.start, plain, low, high); break;
#endif
        case 2: depthwise_pixels(t, 2, W, S, y, block.start, plain, low, high); break;
        case 1: depthwise_pixels(t, 1, W, S, y, block.start, plain, low, high); break;
      }
    }
}

#define DEPTHWISE_DEFINE(W, S) \
  static __attribute__((noinline)) void depthwise_##W##_by_##S(const tlk_depthwise_tile *t) { depthwise_lines(t, W, S); }
DEPTHWISE_DEFINE(3, 1)
DEPTHWISE_DEFINE(3, 2)
DEPTHWISE_DEFINE(5, 1)
DEPTHWISE_DEFINE(5, 2)

static void TLK_KERNEL(depthwise_tile)(const tlk_depthwise_tile *t) {
  if (t->kernel_width == 3) (t->stride == 1 ? depthwise_3_by_1 : depthwise_3_by_2)(t);
  else (t->stride == 1 ? depthwise_5_by_1 : depthwise_5_by_2)(t);
}
