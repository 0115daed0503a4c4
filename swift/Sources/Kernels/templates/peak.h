// Nothing but independent multiply-adds in registers: no product can be faster. `rounds` times PEAK_CHAINS vectors.

#define PEAK_CHAINS 12

static void TLK_KERNEL(multiply_adds)(tlk_int rounds, float *sink) {
  vf sum[PEAK_CHAINS];
#pragma clang loop unroll(full)
  for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = v_set((float)i);
  const vf factor = v_set(0.5f), addend = v_set(1.0f);
  for (tlk_int round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < PEAK_CHAINS; i++) sum[i] = v_fma(sum[i], factor, addend);
  }
#pragma clang loop unroll(full)
  for (int i = 1; i < PEAK_CHAINS; i++) sum[0] += sum[i];
  float lanes[TLK_LANES];
  v_store(lanes, sum[0]);
  *sink = lanes[0];
}
