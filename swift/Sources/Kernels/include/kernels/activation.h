// Activations that kernels can apply to an f32 result before it is rounded and stored.
#ifndef TLK_ACTIVATION_H
#define TLK_ACTIVATION_H

#include "types.h"

typedef enum {
  TLK_ACT_NONE = 0,
  TLK_ACT_RELU,             // max(x, 0), NaN stays
  TLK_ACT_CLAMP,            // min(max(x, alpha), beta), NaN stays
  TLK_ACT_LEAKY_RELU,       // x < 0 ? alpha * x : x
  TLK_ACT_PRELU,            // x < 0 ? slope[column] * x : x
  TLK_ACT_ELU,              // x < 0 ? alpha * (exp(x) - 1) : x
  TLK_ACT_SIGMOID,
  TLK_ACT_TANH,
  TLK_ACT_GELU,             // exact: x/2 * (1 + erf(x / sqrt 2))
  TLK_ACT_GELU_TANH,        // x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
  TLK_ACT_GELU_SIGMOID,     // x * sigmoid(1.702 x)
  TLK_ACT_SILU,             // x * sigmoid(x)
  TLK_ACT_HARD_SIGMOID,     // min(max(alpha * x + beta, 0), 1)
  TLK_ACT_HARD_SWISH,       // x * min(max(alpha * x + beta, 0), 1); MobileNetV3: alpha = 1/6, beta = 1/2
  TLK_ACT_SCALED_TANH,      // alpha * tanh(beta * x)
  TLK_ACT_SOFTPLUS,         // alpha * log(1 + exp(beta * x))
  TLK_ACT_SOFTSIGN,         // x / (1 + |x|)
  TLK_ACT_LINEAR,           // alpha * x + beta
  TLK_ACT_THRESHOLDED_RELU, // x >= alpha ? x : 0
  TLK_ACT_COUNT
} tlk_activation_kind;

typedef struct {
  tlk_activation_kind kind;
  float alpha, beta;
  const float *slope;  // TLK_ACT_PRELU: one per output column (channel)
} tlk_activation;

// What happens to an f32 sum before it is stored, in this order:
//   v = sum * scale[column] + bias[column];  v += residual (residual_last false);  v = activation(v);  v += residual (residual_last true)
// All pointers may be NULL. A zeroed struct does nothing.
typedef struct {
  const float *scale, *bias;  // one per output column
  const void *residual;       // same rows and columns as the output
  tlk_dtype residual_dtype;   // TLK_F16 or TLK_F32
  tlk_int residual_pitch;     // elements from one residual row to the next
  bool residual_last;
  tlk_activation activation;
} tlk_epilogue;

// What happens to an operand on its way into a product: min(max(x * scale[column] + shift[column], low), high). scale NULL: nothing.
typedef struct {
  const float *scale, *shift;
  float low, high;
} tlk_prologue;

#endif
