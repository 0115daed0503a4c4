// One instruction of an elementwise program on registers of TLK_EW_CHUNK numbers; `count` is rounded up to whole vectors.

#define EW_UNARY(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) { \
      vf x = v_load(a + i); \
      v_store(d + i, EXPRESSION); \
    } \
    break;
#define EW_BINARY(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) { \
      vf x = v_load(a + i), y = v_load(b + i); \
      v_store(d + i, EXPRESSION); \
    } \
    break;
#define EW_TERNARY(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) { \
      vf x = v_load(a + i), y = v_load(b + i), z = v_load(c + i); \
      v_store(d + i, EXPRESSION); \
    } \
    break;
#define EW_COMPARE(OPCODE, OPERATOR) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) v_store_i(di + i, (v_load(a + i) OPERATOR v_load(b + i)) & 1); \
    break;
#define EW_I_UNARY(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) { \
      vi x = v_load_i(ai + i); \
      v_store_i(di + i, EXPRESSION); \
    } \
    break;
#define EW_I_BINARY(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) { \
      vi x = v_load_i(ai + i), y = v_load_i(bi + i); \
      v_store_i(di + i, EXPRESSION); \
    } \
    break;
// Functions that have no vector form.
#define EW_LANES(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i++) d[i] = EXPRESSION; \
    break;
#define EW_I_LANES(OPCODE, EXPRESSION) \
  case OPCODE: \
    for (tlk_int i = 0; i < count; i++) di[i] = EXPRESSION; \
    break;

TLK_INLINE vi ew_select_i(vi mask, vi x, vi y) { return (mask & x) | (~mask & y); }
// Sums of i32 wrap, as unsigned numbers do.
TLK_INLINE vi ew_wrap(vu x) { return (vi)x; }

TLK_INLINE vi ew_float_to_int(vf x) {
  vi too_large = x >= v_set(0x1p31f), too_small = x < v_set(-0x1p31f), nan = x != x;
  vi r = v_truncate_i(v_select(too_large | too_small | nan, v_set(0), x));
  return ew_select_i(too_large, v_set_i(INT32_MAX), ew_select_i(too_small, v_set_i(INT32_MIN), r));
}

// IEEE minimum and maximum would drop NaN; numpy and Core ML keep it.
TLK_INLINE vf ew_maximum(vf x, vf y) { return v_select(x != x, x, v_max(x, y)); }
TLK_INLINE vf ew_minimum(vf x, vf y) { return v_select(x != x, x, v_min(x, y)); }

static inline float ew_mod(float x, float y) {
  float r = fmodf(x, y);
  if (r == 0) return copysignf(0, y);
  return (r < 0) != (y < 0) ? r + y : r;
}
static inline int32_t ew_divide(int32_t x, int32_t y) {
  if (y == 0) return 0;
  return y == -1 ? (int32_t)(0u - (uint32_t)x) : x / y;
}
static inline int32_t ew_floor_divide(int32_t x, int32_t y) {
  if (y == 0) return 0;
  if (y == -1) return (int32_t)(0u - (uint32_t)x);
  return x / y - (x % y != 0 && (x < 0) != (y < 0));
}
static inline int32_t ew_floor_mod(int32_t x, int32_t y) {
  if (y == 0 || y == -1) return 0;
  int32_t r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
static inline int32_t ew_power_i(int32_t base, int32_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  uint32_t result = 1, factor = (uint32_t)base;
  for (; exponent > 0; exponent >>= 1, factor *= factor)
    if (exponent & 1) result *= factor;
  return (int32_t)result;
}

// The exponents that models use most are products and roots; everything else is libm's.
static void ew_power(float *d, const float *a, const float *b, tlk_int count) {
  const float exponent = b[0];
  bool uniform = true;
  for (tlk_int i = 1; i < count; i++) uniform &= b[i] == exponent;
  if (uniform && (exponent == 2 || exponent == 3)) {
    for (tlk_int i = 0; i < count; i += TLK_LANES) {
      vf x = v_load(a + i);
      v_store(d + i, exponent == 2 ? x * x : x * x * x);
    }
  } else if (uniform && exponent == 0.5f) {
    for (tlk_int i = 0; i < count; i += TLK_LANES) {
      vf x = v_load(a + i);
      v_store(d + i, v_select(x == v_set(-INFINITY), v_set(INFINITY), v_sqrt(x + v_set(0))));
    }
  } else {
    for (tlk_int i = 0; i < count; i++) d[i] = powf(a[i], b[i]);
  }
}

TLK_INLINE vf ew_round_half(vf x) {
  uint16_t buffer[TLK_LANES];
  v_store_h(buffer, x);
  return v_load_h(buffer);
}

static void TLK_KERNEL(elementwise)(const tlk_ew_instruction *instruction, float (*registers)[TLK_EW_CHUNK], tlk_int count) {
  float *d = registers[instruction->dst];
  const float *a = registers[instruction->a], *b = registers[instruction->b], *c = registers[instruction->c];
  int32_t *di = (int32_t *)d;
  const int32_t *ai = (const int32_t *)a, *bi = (const int32_t *)b;
  const float p_value = instruction->p, q_value = instruction->q;
  const vf p = v_set(p_value), q = v_set(q_value), zero = v_set(0), one = v_set(1);
  count = (count + TLK_LANES - 1) / TLK_LANES * TLK_LANES;
  switch ((tlk_ew_opcode)instruction->opcode) {
    case TLK_EW_FILL:
      for (tlk_int i = 0; i < count; i += TLK_LANES) v_store(d + i, p);
      break;
    case TLK_EW_I_FILL:
      for (tlk_int i = 0; i < count; i += TLK_LANES) v_store_i(di + i, v_set_i(instruction->immediate));
      break;
    EW_I_UNARY(TLK_EW_MOVE, x)
    case TLK_EW_I_TO_F:
      for (tlk_int i = 0; i < count; i += TLK_LANES) v_store(d + i, v_from_i(v_load_i(ai + i)));
      break;
    EW_LANES(TLK_EW_U_TO_F, (float)(uint32_t)ai[i])
    case TLK_EW_F_TO_I:
      for (tlk_int i = 0; i < count; i += TLK_LANES) v_store_i(di + i, ew_float_to_int(v_load(a + i)));
      break;
    case TLK_EW_F_TO_B:
      for (tlk_int i = 0; i < count; i += TLK_LANES) v_store_i(di + i, (v_load(a + i) != zero) & 1);
      break;
    EW_I_UNARY(TLK_EW_I_TO_B, (x != 0) & 1)
    EW_UNARY(TLK_EW_ROUND_F16, ew_round_half(x))

    EW_UNARY(TLK_EW_ABS, m_abs(x))
    EW_UNARY(TLK_EW_ACOS, m_acos(x))
    EW_UNARY(TLK_EW_ASIN, m_asin(x))
    EW_UNARY(TLK_EW_ATAN, m_atan(x))
    EW_UNARY(TLK_EW_ATANH, m_atanh(x))
    EW_UNARY(TLK_EW_CEIL, v_ceil(x))
    EW_UNARY(TLK_EW_COS, m_cos(x))
    EW_UNARY(TLK_EW_COSH, m_cosh(x))
    EW_UNARY(TLK_EW_ERF, m_erf(x))
    EW_UNARY(TLK_EW_EXP, m_exp(x))
    EW_UNARY(TLK_EW_EXP2, m_exp2(x))
    EW_UNARY(TLK_EW_FLOOR, v_floor(x))
    EW_UNARY(TLK_EW_NEG, (vf)((vu)x ^ 0x80000000))
    EW_UNARY(TLK_EW_INVERSE, one / (x + p))
    EW_UNARY(TLK_EW_LOG, m_log(x + p))
    EW_UNARY(TLK_EW_ROUND, v_rint(x))
    EW_UNARY(TLK_EW_RSQRT, one / v_sqrt(x + p))
    EW_UNARY(TLK_EW_SIGN, v_select(x > zero, one, v_select(x < zero, v_set(-1), x)))
    EW_UNARY(TLK_EW_SIN, m_sin(x))
    EW_UNARY(TLK_EW_SINH, m_sinh(x))
    EW_UNARY(TLK_EW_SQRT, v_sqrt(x))
    EW_UNARY(TLK_EW_SQUARE, x * x)
    EW_UNARY(TLK_EW_TAN, m_sin(x) / m_cos(x))
    EW_UNARY(TLK_EW_TANH, m_tanh(x))
    EW_UNARY(TLK_EW_CLAMP, m_clamp(x, p, q))
    EW_UNARY(TLK_EW_THRESHOLD, v_max(p, x))
    EW_UNARY(TLK_EW_RELU, v_max(zero, x))
    EW_UNARY(TLK_EW_CLAMPED_RELU, v_min(q, v_select(x < zero, x * p, x)))
    EW_UNARY(TLK_EW_ELU, m_activation(TLK_ACT_ELU, x, p_value, q_value, zero))
    EW_UNARY(TLK_EW_GELU, m_gelu(x))
    EW_UNARY(TLK_EW_GELU_TANH, m_gelu_tanh(x))
    EW_UNARY(TLK_EW_GELU_SIGMOID, m_activation(TLK_ACT_GELU_SIGMOID, x, 0, 0, zero))
    EW_UNARY(TLK_EW_LEAKY_RELU, v_select(x < zero, x * p, x))
    EW_UNARY(TLK_EW_LINEAR, v_fma(x, p, q))
    EW_UNARY(TLK_EW_SCALED_TANH, p * m_tanh(x * q))
    EW_UNARY(TLK_EW_SIGMOID, m_sigmoid(x))
    EW_UNARY(TLK_EW_HARD_SIGMOID, m_hard_sigmoid(x, p, q))
    EW_UNARY(TLK_EW_HARD_SWISH, x * m_hard_sigmoid(x, p, q))
    EW_UNARY(TLK_EW_SILU, x * m_sigmoid(x))
    EW_UNARY(TLK_EW_SOFTPLUS, m_softplus(x))
    EW_UNARY(TLK_EW_SOFTSIGN, x / (one + m_abs(x)))
    EW_UNARY(TLK_EW_THRESHOLDED_RELU, v_select(x < p, zero, x))

    EW_BINARY(TLK_EW_ADD, x + y)
    EW_BINARY(TLK_EW_SUB, x - y)
    EW_BINARY(TLK_EW_MUL, x * y)
    EW_BINARY(TLK_EW_DIV, x / y)
    EW_BINARY(TLK_EW_FLOOR_DIV, v_floor(x / y))
    EW_LANES(TLK_EW_MOD, ew_mod(a[i], b[i]))
    case TLK_EW_POW: ew_power(d, a, b, count); break;
    EW_BINARY(TLK_EW_MAXIMUM, ew_maximum(x, y))
    EW_BINARY(TLK_EW_MINIMUM, ew_minimum(x, y))
    EW_BINARY(TLK_EW_PRELU, v_select(x < zero, x * y, x))
    EW_TERNARY(TLK_EW_FMA, v_fma(x, y, z))
    EW_TERNARY(TLK_EW_SOFTPLUS_PARAMETRIC, y * m_softplus(x * z))

    EW_COMPARE(TLK_EW_EQUAL, ==)
    EW_COMPARE(TLK_EW_NOT_EQUAL, !=)
    EW_COMPARE(TLK_EW_LESS, <)
    EW_COMPARE(TLK_EW_LESS_EQUAL, <=)
    EW_COMPARE(TLK_EW_GREATER, >)
    EW_COMPARE(TLK_EW_GREATER_EQUAL, >=)

    EW_I_UNARY(TLK_EW_I_ABS, ew_select_i(x < 0, ew_wrap(0 - (vu)x), x))
    EW_I_UNARY(TLK_EW_I_NEG, ew_wrap(0 - (vu)x))
    EW_I_UNARY(TLK_EW_I_SIGN, ((x > 0) & 1) | (x < 0))
    EW_I_UNARY(TLK_EW_I_SQUARE, ew_wrap((vu)x * (vu)x))
    EW_I_BINARY(TLK_EW_I_ADD, ew_wrap((vu)x + (vu)y))
    EW_I_BINARY(TLK_EW_I_SUB, ew_wrap((vu)x - (vu)y))
    EW_I_BINARY(TLK_EW_I_MUL, ew_wrap((vu)x * (vu)y))
    EW_I_LANES(TLK_EW_I_DIV, ew_divide(ai[i], bi[i]))
    EW_I_LANES(TLK_EW_I_FLOOR_DIV, ew_floor_divide(ai[i], bi[i]))
    EW_I_LANES(TLK_EW_I_MOD, ew_floor_mod(ai[i], bi[i]))
    EW_I_LANES(TLK_EW_I_POW, ew_power_i(ai[i], bi[i]))
    EW_I_BINARY(TLK_EW_I_MAXIMUM, ew_select_i(x > y, x, y))
    EW_I_BINARY(TLK_EW_I_MINIMUM, ew_select_i(x < y, x, y))
    EW_I_BINARY(TLK_EW_I_EQUAL, (x == y) & 1)
    EW_I_BINARY(TLK_EW_I_NOT_EQUAL, (x != y) & 1)
    EW_I_BINARY(TLK_EW_I_LESS, (x < y) & 1)
    EW_I_BINARY(TLK_EW_I_LESS_EQUAL, (x <= y) & 1)
    EW_I_BINARY(TLK_EW_I_GREATER, (x > y) & 1)
    EW_I_BINARY(TLK_EW_I_GREATER_EQUAL, (x >= y) & 1)

    EW_I_UNARY(TLK_EW_NOT, (x == 0) & 1)
    EW_I_BINARY(TLK_EW_AND, ((x != 0) & (y != 0)) & 1)
    EW_I_BINARY(TLK_EW_OR, ((x | y) != 0) & 1)
    EW_I_BINARY(TLK_EW_XOR, ((x != 0) ^ (y != 0)) & 1)
    case TLK_EW_SELECT:
      for (tlk_int i = 0; i < count; i += TLK_LANES)
        v_store(d + i, v_select(v_load_i(ai + i) != 0, v_load(b + i), v_load(c + i)));
      break;
    case TLK_EW_LOAD:
    case TLK_EW_STORE:
    case TLK_EW_OPCODE_COUNT: break;  // the driver's
  }
}
