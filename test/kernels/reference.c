#include "reference.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double clamp(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

double reference_activation(const tlk_activation *a, double x, tlk_int column) {
  switch (a->kind) {
    case TLK_ACT_RELU: return x < 0 ? 0 : x;
    case TLK_ACT_CLAMP: return clamp(x, a->alpha, a->beta);
    case TLK_ACT_LEAKY_RELU: return x < 0 ? a->alpha * x : x;
    case TLK_ACT_PRELU: return x < 0 ? a->slope[column] * x : x;
    case TLK_ACT_ELU: return x < 0 ? a->alpha * expm1(x) : x;
    case TLK_ACT_SIGMOID: return sigmoid(x);
    case TLK_ACT_TANH: return tanh(x);
    case TLK_ACT_GELU: return x / 2 * erfc(-x / sqrt(2));
    case TLK_ACT_GELU_TANH: return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case TLK_ACT_GELU_SIGMOID: return x * sigmoid(1.702 * x);
    case TLK_ACT_SILU: return x * sigmoid(x);
    case TLK_ACT_HARD_SIGMOID: return clamp(a->alpha * x + a->beta, 0, 1);
    case TLK_ACT_HARD_SWISH: return x * clamp(a->alpha * x + a->beta, 0, 1);
    case TLK_ACT_SCALED_TANH: return a->alpha * tanh(a->beta * x);
    case TLK_ACT_SOFTPLUS: return a->alpha * (fmax(a->beta * x, 0) + log1p(exp(-fabs(a->beta * x))));
    case TLK_ACT_SOFTSIGN: return x / (1 + fabs(x));
    case TLK_ACT_LINEAR: return a->alpha * x + a->beta;
    case TLK_ACT_THRESHOLDED_RELU: return x < a->alpha ? 0 : x;
    default: return x;
  }
}

double reference_epilogue(const tlk_epilogue *e, double sum, tlk_int pixel, tlk_int column) {
  double v = sum;
  if (e->scale) v *= e->scale[column];
  if (e->bias) v += e->bias[column];
  double residual = e->residual ? element(e->residual, e->residual_dtype, pixel * e->residual_pitch + column) : 0;
  if (!e->residual_last) v += residual;
  v = reference_activation(&e->activation, v, column);
  return e->residual_last ? v + residual : v;
}

tlk_epilogue random_epilogue(int variant, tlk_int rows, tlk_int columns) {
  static const tlk_activation_kind kinds[EPILOGUE_VARIANTS] = {TLK_ACT_NONE, TLK_ACT_RELU, TLK_ACT_CLAMP, TLK_ACT_PRELU, TLK_ACT_SILU,
                                                               TLK_ACT_GELU, TLK_ACT_HARD_SWISH, TLK_ACT_NONE, TLK_ACT_RELU};
  tlk_epilogue e = {.activation = {.kind = kinds[variant], .alpha = variant == 2 ? -0.5f : 1 / 6.0f, .beta = 0.5f}};
  if (variant == 0) return e;
  e.bias = random_tensor(TLK_F32, columns, -1, 1);
  if (variant >= 6) e.scale = random_tensor(TLK_F32, columns, -2, 2);
  if (kinds[variant] == TLK_ACT_PRELU) e.activation.slope = random_tensor(TLK_F32, columns, -1, 1);
  if (variant >= 5) {
    e.residual_dtype = variant == 8 ? TLK_F32 : TLK_F16;
    e.residual_pitch = columns + 3;
    e.residual = random_tensor(e.residual_dtype, (rows - 1) * (columns + 3) + columns, -1, 1);
    e.residual_last = variant % 2 == 0;
  }
  return e;
}
