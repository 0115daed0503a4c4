// Elementwise programs: a chain of elementwise operations in one pass over memory. Inputs are loaded chunk by chunk into registers
// of 256 f32 or i32 numbers, instructions work on registers, results are rounded once, when they are stored.
#ifndef TLK_ELEMENTWISE_H
#define TLK_ELEMENTWISE_H

#include "types.h"
#include "movement.h"

#define TLK_EW_REGISTERS 16
#define TLK_EW_INPUTS 16
#define TLK_EW_OUTPUTS 4

// F: f32 register, I: i32 register, B: i32 register that holds 0 or 1. Operands a, b, c are registers, p and q immediates.
typedef enum {
  // Memory. LOAD: TLK_F16, TLK_F32 → F; integers → I (U32 keeps its bits); BOOL → B. STORE: F → any float dtype, I → any integer dtype (wraps), I → BOOL (!= 0)
  TLK_EW_LOAD,    // dst = input[a]
  TLK_EW_STORE,   // output[dst] = a
  TLK_EW_FILL,    // F dst = p
  TLK_EW_I_FILL,  // I dst = immediate
  TLK_EW_MOVE,    // dst = a, either kind
  // Conversions
  TLK_EW_I_TO_F, TLK_EW_U_TO_F,
  TLK_EW_F_TO_I,     // toward zero, saturates, NaN: 0
  TLK_EW_F_TO_B,     // != 0 (NaN: 1)
  TLK_EW_I_TO_B,     // != 0
  TLK_EW_ROUND_F16,  // F rounded to f16: for a value that a program stores and goes on with
  // Unary, F → F
  TLK_EW_ABS, TLK_EW_ACOS, TLK_EW_ASIN, TLK_EW_ATAN, TLK_EW_ATANH, TLK_EW_CEIL, TLK_EW_COS, TLK_EW_COSH, TLK_EW_ERF,
  TLK_EW_EXP, TLK_EW_EXP2, TLK_EW_FLOOR, TLK_EW_NEG,
  TLK_EW_INVERSE,    // 1 / (a + p)
  TLK_EW_LOG,        // log(a + p)
  TLK_EW_ROUND,      // half to even
  TLK_EW_RSQRT,      // 1 / sqrt(a + p)
  TLK_EW_SIGN,       // -1, 0, 1; NaN stays
  TLK_EW_SIN, TLK_EW_SINH, TLK_EW_SQRT, TLK_EW_SQUARE, TLK_EW_TAN, TLK_EW_TANH,
  TLK_EW_CLAMP,      // min(max(a, p), q), NaN stays
  TLK_EW_THRESHOLD,  // max(a, p)
  // Activations, F → F
  TLK_EW_RELU,
  TLK_EW_CLAMPED_RELU,      // a < 0 ? min(p * a, q) : min(a, q)
  TLK_EW_ELU,               // a < 0 ? p * (exp(a) - 1) : a
  TLK_EW_GELU, TLK_EW_GELU_TANH, TLK_EW_GELU_SIGMOID,
  TLK_EW_LEAKY_RELU,        // a < 0 ? p * a : a
  TLK_EW_LINEAR,            // p * a + q
  TLK_EW_SCALED_TANH,       // p * tanh(q * a)
  TLK_EW_SIGMOID,
  TLK_EW_HARD_SIGMOID,      // min(max(p * a + q, 0), 1)
  TLK_EW_HARD_SWISH,        // a * min(max(p * a + q, 0), 1)
  TLK_EW_SILU,
  TLK_EW_SOFTPLUS,          // log(1 + exp(a))
  TLK_EW_SOFTSIGN,
  TLK_EW_THRESHOLDED_RELU,  // a >= p ? a : 0
  // Binary, F F → F
  TLK_EW_ADD, TLK_EW_SUB, TLK_EW_MUL, TLK_EW_DIV,
  TLK_EW_FLOOR_DIV,  // floor(a / b)
  TLK_EW_MOD,        // a - floor(a / b) * b, exact as Python's %: sign of b
  TLK_EW_POW, TLK_EW_MAXIMUM, TLK_EW_MINIMUM,  // NaN in either operand gives NaN
  TLK_EW_PRELU,      // a < 0 ? b * a : a
  // Ternary, F
  TLK_EW_FMA,        // a * b + c
  TLK_EW_SOFTPLUS_PARAMETRIC,  // b * log(1 + exp(c * a))
  // Comparisons, F F → B
  TLK_EW_EQUAL, TLK_EW_NOT_EQUAL, TLK_EW_LESS, TLK_EW_LESS_EQUAL, TLK_EW_GREATER, TLK_EW_GREATER_EQUAL,
  // Integers, I → I: wrap, never trap. Division by zero gives 0, and a modulo by zero gives 0; INT_MIN / -1 wraps.
  TLK_EW_I_ABS, TLK_EW_I_NEG, TLK_EW_I_SIGN, TLK_EW_I_SQUARE,
  TLK_EW_I_ADD, TLK_EW_I_SUB, TLK_EW_I_MUL,
  TLK_EW_I_DIV,        // toward zero (MIL real_div of integers)
  TLK_EW_I_FLOOR_DIV, TLK_EW_I_MOD,  // Python's // and %
  TLK_EW_I_POW,        // negative exponents: 0 (±1 for bases 1, -1)
  TLK_EW_I_MAXIMUM, TLK_EW_I_MINIMUM,
  TLK_EW_I_EQUAL, TLK_EW_I_NOT_EQUAL, TLK_EW_I_LESS, TLK_EW_I_LESS_EQUAL, TLK_EW_I_GREATER, TLK_EW_I_GREATER_EQUAL,
  // Logic, B → B
  TLK_EW_NOT, TLK_EW_AND, TLK_EW_OR, TLK_EW_XOR,
  // dst = a ? b : c; a is B (any non-zero), b and c either kind
  TLK_EW_SELECT,
  TLK_EW_OPCODE_COUNT
} tlk_ew_opcode;

typedef struct {
  uint8_t opcode;  // tlk_ew_opcode
  uint8_t dst, a, b, c;
  int32_t immediate;
  float p, q;
} tlk_ew_instruction;

// Operand strides are in elements along the program's axes, the last axis innermost; 0 broadcasts.
typedef struct {
  tlk_dtype dtype;
  tlk_int strides[TLK_MAX_RANK];
} tlk_ew_operand;

typedef struct {
  tlk_int rank;
  tlk_int shape[TLK_MAX_RANK];
  tlk_int input_count, output_count, instruction_count;
  tlk_ew_operand inputs[TLK_EW_INPUTS];
  tlk_ew_operand outputs[TLK_EW_OUTPUTS];
  const tlk_ew_instruction *instructions;
} tlk_ew_program;

// An output may be one of the inputs (same address, dtype and strides): in place. TLK_E_ARGUMENT: counts, registers, operand
// indices or opcodes out of range; TLK_E_UNSUPPORTED: a dtype that programs do not load or store (I64, F64).
TLK_API tlk_status tlk_ew_run(const tlk_ew_program *program, const void *const *inputs, void *const *outputs);

// What an opcode reads: number of register operands (0…3). -1: not an opcode.
TLK_API tlk_int tlk_ew_operand_count(tlk_ew_opcode opcode);

#endif
