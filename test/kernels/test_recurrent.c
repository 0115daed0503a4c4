#include "reference.h"

static void check_lstm(tlk_int batch, tlk_int hidden, bool peephole, float clip) {
  begin_case("lstm batch %td hidden %td peephole %d clip %g", batch, hidden, peephole, clip);
  float *gates = random_tensor(TLK_F32, batch * 4 * hidden, -3, 3), *cell = random_tensor(TLK_F32, batch * hidden, -2, 2);
  float *before = malloc((size_t)(batch * hidden) * 4), *output = guarded((size_t)(batch * hidden) * 4);
  memcpy(before, cell, (size_t)(batch * hidden) * 4);
  uint16_t *stored = guarded((size_t)(batch * hidden) * 2);
  float *p = peephole ? random_tensor(TLK_F32, 3 * hidden, -1, 1) : NULL;
  tlk_lstm_cell l = {.batch = batch, .hidden = hidden, .gates = gates, .cell = cell, .output = output, .stored = stored, .stored_pitch = hidden,
                     .peephole = p, .clip = clip, .recurrent = {.kind = TLK_ACT_SIGMOID}, .cell_activation = {.kind = TLK_ACT_TANH},
                     .output_activation = {.kind = TLK_ACT_TANH}};
  expect_status(tlk_lstm_cell_run(&l), TLK_OK, "run");
  for (tlk_int b = 0; b < batch; b++)
    for (tlk_int h = 0; h < hidden; h++) {
      const float *g = gates + b * 4 * hidden + h;
      double c = before[b * hidden + h];
      double i = reference_activation(&l.recurrent, g[0] + (p ? p[h] * c : 0), h);
      double f = reference_activation(&l.recurrent, g[hidden] + (p ? p[hidden + h] * c : 0), h);
      c = f * c + i * tanh(g[3 * hidden]);
      if (clip > 0) c = fmin(fmax(c, -clip), clip);
      double o = reference_activation(&l.recurrent, g[2 * hidden] + (p ? p[2 * hidden + h] * c : 0), h), want = o * tanh(c);
      expect_near(cell[b * hidden + h], c, 2e-6, "cell", b * hidden + h);
      expect_near(output[b * hidden + h], want, 2e-6, "output", b * hidden + h);
      expect_near(half_to_float(stored[b * hidden + h]), want, storage_error(TLK_F16, want) + 2e-6, "stored", b * hidden + h);
    }
  free(before);
  release_guarded();
}

void test_recurrent(void) {
  check_lstm(1, 128, false, 0);
  check_lstm(3, 37, true, 0.5f);
  check_lstm(2, 64, true, 0);
}
