#include "kernels/elementwise.h"

#include <string.h>

#include "../core/table.h"
#include "registers.h"
#include "strides.h"

// Elements per tile: some 10 µs of one cheap instruction.
#define TILE_CHUNKS 64

typedef struct {
  const tlk_ew_program *program;
  const void *const *inputs;
  void *const *outputs;
  tlk_block block;                  // operands: inputs, then outputs
  bool is_float[256];               // per STORE instruction: what its register holds
  tlk_int chunks;
} program_job;

// How the operands of an opcode count, and what it leaves behind: 'f', 'i', '=' (as operand a) or 's' (as operand b).
static const struct {
  int8_t operands;
  char result;
} opcodes[TLK_EW_OPCODE_COUNT] = {
    [TLK_EW_LOAD] = {0, 'f'},
    [TLK_EW_STORE] = {1, '='},
    [TLK_EW_FILL] = {0, 'f'},
    [TLK_EW_I_FILL] = {0, 'i'},
    [TLK_EW_MOVE] = {1, '='},
    [TLK_EW_I_TO_F... TLK_EW_U_TO_F] = {1, 'f'},
    [TLK_EW_F_TO_I... TLK_EW_I_TO_B] = {1, 'i'},
    [TLK_EW_ROUND_F16... TLK_EW_THRESHOLDED_RELU] = {1, 'f'},
    [TLK_EW_ADD... TLK_EW_PRELU] = {2, 'f'},
    [TLK_EW_FMA... TLK_EW_SOFTPLUS_PARAMETRIC] = {3, 'f'},
    [TLK_EW_EQUAL... TLK_EW_GREATER_EQUAL] = {2, 'i'},
    [TLK_EW_I_ABS... TLK_EW_I_SQUARE] = {1, 'i'},
    [TLK_EW_I_ADD... TLK_EW_I_GREATER_EQUAL] = {2, 'i'},
    [TLK_EW_NOT] = {1, 'i'},
    [TLK_EW_AND... TLK_EW_XOR] = {2, 'i'},
    [TLK_EW_SELECT] = {3, 's'},
};

tlk_int tlk_ew_operand_count(tlk_ew_opcode opcode) {
  return (unsigned)opcode < TLK_EW_OPCODE_COUNT ? opcodes[opcode].operands : -1;
}

static bool storable(tlk_dtype dtype) { return (unsigned)dtype <= TLK_BOOL; }

static tlk_status check(const tlk_ew_program *p, program_job *job) {
  if (p->rank < 0 || p->rank > TLK_MAX_RANK || p->input_count < 0 || p->input_count > TLK_EW_INPUTS || p->output_count < 0 ||
      p->output_count > TLK_EW_OUTPUTS || p->instruction_count < 0 || p->instruction_count > 256)
    return TLK_E_ARGUMENT;
  for (tlk_int i = 0; i < p->input_count; i++)
    if (!storable(p->inputs[i].dtype)) return TLK_E_UNSUPPORTED;
  for (tlk_int i = 0; i < p->output_count; i++)
    if (!storable(p->outputs[i].dtype)) return TLK_E_UNSUPPORTED;
  bool is_float[TLK_EW_REGISTERS] = {false};
  for (tlk_int i = 0; i < p->instruction_count; i++) {
    const tlk_ew_instruction *in = &p->instructions[i];
    if (in->opcode >= TLK_EW_OPCODE_COUNT) return TLK_E_ARGUMENT;
    const uint8_t operands[3] = {in->a, in->b, in->c};
    for (int o = 0; o < opcodes[in->opcode].operands; o++)
      if (operands[o] >= TLK_EW_REGISTERS) return TLK_E_ARGUMENT;
    if (in->opcode == TLK_EW_STORE) {
      if (in->dst >= p->output_count) return TLK_E_ARGUMENT;
      job->is_float[i] = is_float[in->a];
      continue;
    }
    if (in->dst >= TLK_EW_REGISTERS) return TLK_E_ARGUMENT;
    if (in->opcode == TLK_EW_LOAD) {
      if (in->a >= p->input_count) return TLK_E_ARGUMENT;
      tlk_dtype dtype = p->inputs[in->a].dtype;
      is_float[in->dst] = dtype == TLK_F16 || dtype == TLK_F32;
      continue;
    }
    char result = opcodes[in->opcode].result;
    is_float[in->dst] = result == 'f' || (result == '=' && is_float[in->a]) || (result == 's' && is_float[in->b]);
  }
  return TLK_OK;
}

typedef void transfer(const program_job *job, tlk_int operand, void *reg, tlk_int offset, tlk_int stride, tlk_int count, bool is_float);

static void load(const program_job *job, tlk_int operand, void *reg, tlk_int offset, tlk_int stride, tlk_int count, bool is_float) {
  (void)is_float;
  tlk_register_load(reg, job->inputs[operand], job->program->inputs[operand].dtype, offset, stride, count);
}
static void store(const program_job *job, tlk_int operand, void *reg, tlk_int offset, tlk_int stride, tlk_int count, bool is_float) {
  tlk_int output = operand - job->program->input_count;
  tlk_register_store(reg, is_float, job->outputs[output], job->program->outputs[output].dtype, offset, stride, count);
}

// Runs along the innermost axis, however many a chunk has.
static void each_run(const program_job *job, tlk_int operand, transfer *move, tlk_position position, float *reg, tlk_int count,
                     bool is_float) {
  const tlk_block *b = &job->block;
  tlk_int last = b->rank - 1, stride = b->strides[operand][last];
  while (count > 0) {
    tlk_int run = tlk_min(count, b->shape[last] - position.index[last]);
    move(job, operand, reg, tlk_offset_at(b, operand, &position), stride, run, is_float);
    tlk_position_advance(b, &position, run);
    reg += run;
    count -= run;
  }
}

static void run_tile(void *context, tlk_int index) {
  const program_job *job = context;
  const tlk_ew_program *p = job->program;
  const tlk_kernel_table *kernels = tlk_kernels();
  float registers[TLK_EW_REGISTERS][TLK_EW_CHUNK] __attribute__((aligned(64)));
  tlk_int first = index * TILE_CHUNKS, end = tlk_min(first + TILE_CHUNKS, job->chunks);
  for (tlk_int chunk = first; chunk < end; chunk++) {
    tlk_int start = chunk * TLK_EW_CHUNK, count = tlk_min(TLK_EW_CHUNK, job->block.count - start);
    tlk_position position = tlk_position_at(&job->block, start);
    for (tlk_int i = 0; i < p->instruction_count; i++) {
      const tlk_ew_instruction *in = &p->instructions[i];
      if (in->opcode == TLK_EW_LOAD) each_run(job, in->a, load, position, registers[in->dst], count, false);
      else if (in->opcode == TLK_EW_STORE)
        each_run(job, p->input_count + in->dst, store, position, registers[in->a], count, job->is_float[i]);
      else kernels->elementwise(in, registers, count);
    }
  }
}

tlk_status tlk_ew_run(const tlk_ew_program *p, const void *const *inputs, void *const *outputs) {
  program_job job = {.program = p, .inputs = inputs, .outputs = outputs};
  tlk_status status = check(p, &job);
  if (status != TLK_OK) return status;
  tlk_block *b = &job.block;
  b->rank = p->rank;
  b->operands = p->input_count + p->output_count;
  memcpy(b->shape, p->shape, sizeof b->shape);
  for (tlk_int i = 0; i < p->input_count; i++) memcpy(b->strides[i], p->inputs[i].strides, sizeof b->strides[i]);
  for (tlk_int i = 0; i < p->output_count; i++)
    memcpy(b->strides[p->input_count + i], p->outputs[i].strides, sizeof b->strides[i]);
  tlk_block_simplify(b);
  if (b->count < 0) return TLK_E_ARGUMENT;
  job.chunks = tlk_ceil_div(b->count, TLK_EW_CHUNK);
  tlk_parallel(tlk_ceil_div(job.chunks, TILE_CHUNKS), run_tile, &job);
  return TLK_OK;
}
