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

#endif
