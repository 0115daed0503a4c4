// Cells of recurrent layers. The products with the weights are tlk_gemm_run with f32 outputs (recurrent product: the input's
// projection as its residual).
#ifndef TLK_RECURRENT_H
#define TLK_RECURRENT_H

#include "types.h"
#include "activation.h"

// gates [batch][4][hidden] in MIL's order i, f, o, z, before their activations. cell [batch][hidden] is updated in place.
// peephole NULL or [3][hidden] (i, f, o). clip: cells are limited to ±clip; 0: no limit.
typedef struct {
  tlk_int batch, hidden;
  const float *gates;
  float *cell;
  float *output;           // f32 hidden state [batch][hidden], for the next step
  void *stored;            // the same, rounded to stored_dtype, or NULL
  tlk_dtype stored_dtype;
  tlk_int stored_pitch;
  const float *peephole;
  float clip;
  tlk_activation recurrent, cell_activation, output_activation;  // MIL's defaults: sigmoid, tanh, tanh
} tlk_lstm_cell;
TLK_API tlk_status tlk_lstm_cell_run(const tlk_lstm_cell *cell);

// gates [batch][3][hidden] in MIL's order r, z, o: the input's part in `gates`, the recurrent part (bias included) in `recurrent_gates`.
// h' = (1 - z) * n + z * h, n = activation(gates.o + r * recurrent_gates.o)   (reset_after, MIL's only form)
typedef struct {
  tlk_int batch, hidden;
  const float *gates, *recurrent_gates;
  float *state;            // h, updated in place
  void *stored;
  tlk_dtype stored_dtype;
  tlk_int stored_pitch;
  tlk_activation recurrent, activation;
} tlk_gru_cell;
TLK_API tlk_status tlk_gru_cell_run(const tlk_gru_cell *cell);

#endif
