#include "kernels/recurrent.h"

#include <math.h>
#include <stdatomic.h>

#include "checked.h"
#include "operand.h"
#include "tiling.h"

// Hidden units are worked on in blocks, through buffers whose length is a whole number of vectors.
#define BLOCK 64

static void activate(const tlk_activation *activation, float *x) { tlk_kernels()->activate(activation, x, BLOCK); }

static void load(float *block, const float *source, tlk_int count) {
  memcpy(block, source, (size_t)count * 4);
  memset(block + count, 0, (size_t)(BLOCK - count) * 4);
}

// NaN stays.
static float limited(float x, float clip) { return clip > 0 && x > clip ? clip : clip > 0 && x < -clip ? -clip : x; }

typedef struct {
  const void *cell;
  tlk_int blocks;
} cell_job;

static void lstm_block(void *context, tlk_int index) {
  const cell_job *job = context;
  const tlk_lstm_cell *l = job->cell;
  tlk_int batch = index / job->blocks, first = index % job->blocks * BLOCK, n = tlk_min(BLOCK, l->hidden - first);
  float gate[4][BLOCK], state[BLOCK], out[BLOCK];
  const float *gates = l->gates + batch * 4 * l->hidden + first;
  float *cell = l->cell + batch * l->hidden + first;
  for (int g = 0; g < 4; g++) load(gate[g], gates + g * l->hidden, n);
  load(state, cell, n);
  const float *peephole = l->peephole ? l->peephole + first : NULL;
  for (tlk_int i = 0; peephole && i < n; i++) {
    gate[0][i] += peephole[i] * state[i];
    gate[1][i] += peephole[l->hidden + i] * state[i];
  }
  activate(&l->recurrent, gate[0]);
  activate(&l->recurrent, gate[1]);
  activate(&l->cell_activation, gate[3]);
  for (tlk_int i = 0; i < n; i++) out[i] = state[i] = limited(gate[1][i] * state[i] + gate[0][i] * gate[3][i], l->clip);
  for (tlk_int i = 0; peephole && i < n; i++) gate[2][i] += peephole[2 * l->hidden + i] * state[i];
  for (tlk_int i = n; i < BLOCK; i++) out[i] = 0;
  activate(&l->recurrent, gate[2]);
  activate(&l->output_activation, out);
  for (tlk_int i = 0; i < n; i++) out[i] *= gate[2][i];
  memcpy(cell, state, (size_t)n * 4);
  if (l->output) memcpy(l->output + batch * l->hidden + first, out, (size_t)n * 4);
  if (l->stored) tlk_store_rows(out, n, l->stored, l->stored_dtype, batch * l->stored_pitch + first, n, 1, n);
}

tlk_status tlk_lstm_cell_run(const tlk_lstm_cell *cell) {
  if (tlk_product3(cell->batch, cell->hidden, 16) < 0) return TLK_E_ARGUMENT;
  if (cell->stored && !tlk_is_float(cell->stored_dtype)) return TLK_E_UNSUPPORTED;
  cell_job job = {cell, tlk_ceil_div(cell->hidden, BLOCK)};
  // A step of a usual layer takes well under a microsecond per block: waking threads would cost more.
  for (tlk_int i = 0; i < cell->batch * job.blocks; i++) lstm_block(&job, i);
  return TLK_OK;
}
