#include "check.h"

// Tolerance in units of the last place of f32, per opcode. Most functions are within 2; tan is a quotient of two, the gelus and silu are
// products with a sigmoid or an exponential, atanh's logarithm of a quotient loses a little near its ends.
typedef struct {
  tlk_ew_opcode opcode;
  double (*reference)(double);
  float low, high, p, q;
  double ulps;
} unary_case;

static double inverse(double x) { return 1 / (x + 0.5f); }
static double log_epsilon(double x) { return log(x + 0.25f); }
static double rsqrt_epsilon(double x) { return 1 / sqrt(x + 1e-3f); }
static double sign(double x) { return isnan(x) ? x : (x > 0) - (x < 0); }
static double square(double x) { return x * x; }
static double negative(double x) { return -x; }
static double clamp(double x) { return x < -0.75f ? -0.75f : x > 1.5f ? 1.5f : x; }
static double threshold(double x) { return x < 0.25f ? 0.25f : x; }
static double relu(double x) { return x < 0 ? 0 : x; }
static double clamped_relu(double x) { double y = x < 0 ? -0.75f * x : x; return y > 1.5f ? 1.5f : y; }
static double elu(double x) { return x < 0 ? 0.7f * expm1(x) : x; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double gelu(double x) { return x / 2 * erfc(-x / sqrt(2)); }
static double gelu_tanh(double x) { return x * sigmoid(2 * sqrt(2 / M_PI) * (x + 0.044715f * x * x * x)); }
static double gelu_sigmoid(double x) { return x * sigmoid(1.702f * x); }
static double leaky(double x) { return x < 0 ? 0.1f * x : x; }
static double linear(double x) { return -0.75f * x + 1.5f; }
static double scaled_tanh(double x) { return 1.5f * tanh(0.5f * x); }
static double hard_sigmoid(double x) { double y = 0.2f * x + 0.5f; return y < 0 ? 0 : y > 1 ? 1 : y; }
static double hard_swish(double x) { return x * hard_sigmoid(x); }
static double silu(double x) { return x * sigmoid(x); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double softsign(double x) { return x / (1 + fabs(x)); }
static double thresholded(double x) { return x < 0.25f ? 0 : x; }
static double half(double x) { return half_to_float(float_to_half((float)x)); }

static const unary_case unary[] = {
    {TLK_EW_ABS, fabs, -10, 10, 0, 0, 0},
    {TLK_EW_ACOS, acos, -1, 1, 0, 0, 3},
    {TLK_EW_ASIN, asin, -1, 1, 0, 0, 3},
    {TLK_EW_ATAN, atan, -20, 20, 0, 0, 3},
    {TLK_EW_ATANH, atanh, -1, 1, 0, 0, 4},
    {TLK_EW_CEIL, ceil, -10, 10, 0, 0, 0},
    {TLK_EW_CEIL, ceil, -1e10f, 1e10f, 0, 0, 0},
    {TLK_EW_COS, cos, -10, 10, 0, 0, 2},
    {TLK_EW_COS, cos, -65504, 65504, 0, 0, 2},
    {TLK_EW_COS, cos, -1e20f, 1e20f, 0, 0, 2},
    {TLK_EW_COSH, cosh, -89, 89, 0, 0, 3},
    {TLK_EW_ERF, erf, -4, 4, 0, 0, 2},
    {TLK_EW_EXP, exp, -110, 95, 0, 0, 2},
    {TLK_EW_EXP2, exp2, -155, 130, 0, 0, 2},
    {TLK_EW_FLOOR, floor, -10, 10, 0, 0, 0},
    {TLK_EW_FLOOR, floor, -1e10f, 1e10f, 0, 0, 0},
    {TLK_EW_NEG, negative, -10, 10, 0, 0, 0},
    {TLK_EW_INVERSE, inverse, 0, 10, 0.5f, 0, 2},
    {TLK_EW_LOG, log_epsilon, 1, 10, 0.25f, 0, 2},
    {TLK_EW_LOG, log, 0, 1e30f, 0, 0, 2},
    {TLK_EW_LOG, log, 0, 1e-38f, 0, 0, 2},
    {TLK_EW_ROUND, rint, -10, 10, 0, 0, 0},
    {TLK_EW_ROUND, rint, -1e10f, 1e10f, 0, 0, 0},
    {TLK_EW_RSQRT, rsqrt_epsilon, 0, 10, 1e-3f, 0, 3},
    {TLK_EW_SIGN, sign, -10, 10, 0, 0, 0},
    {TLK_EW_SIN, sin, -10, 10, 0, 0, 2},
    {TLK_EW_SIN, sin, -65504, 65504, 0, 0, 2},
    {TLK_EW_SIN, sin, -1e20f, 1e20f, 0, 0, 2},
    {TLK_EW_SINH, sinh, -89, 89, 0, 0, 3},
    {TLK_EW_SINH, sinh, -1.1f, 1.1f, 0, 0, 3},
    {TLK_EW_SQRT, sqrt, 0, 100, 0, 0, 1},
    {TLK_EW_SQUARE, square, -10, 10, 0, 0, 1},
    {TLK_EW_TAN, tan, -10, 10, 0, 0, 4},
    {TLK_EW_TANH, tanh, -10, 10, 0, 0, 3},
    {TLK_EW_CLAMP, clamp, -3, 3, -0.75f, 1.5f, 0},
    {TLK_EW_THRESHOLD, threshold, -1, 1, 0.25f, 0, 0},
    {TLK_EW_RELU, relu, -1, 1, 0, 0, 0},
    {TLK_EW_CLAMPED_RELU, clamped_relu, -3, 3, -0.75f, 1.5f, 1},
    {TLK_EW_ELU, elu, -40, 5, 0.7f, 0, 3},
    {TLK_EW_GELU, gelu, -8, 8, 0, 0, 4},
    {TLK_EW_GELU_TANH, gelu_tanh, -5, 5, 0, 0, 64},
    {TLK_EW_GELU_SIGMOID, gelu_sigmoid, -10, 10, 0, 0, 24},
    {TLK_EW_LEAKY_RELU, leaky, -3, 3, 0.1f, 0, 1},
    {TLK_EW_LINEAR, linear, -3, 1, -0.75f, 1.5f, 2},
    {TLK_EW_SCALED_TANH, scaled_tanh, -10, 10, 1.5f, 0.5f, 4},
    {TLK_EW_SIGMOID, sigmoid, -80, 80, 0, 0, 3},
    {TLK_EW_HARD_SIGMOID, hard_sigmoid, -2, 5, 0.2f, 0.5f, 4},
    {TLK_EW_HARD_SWISH, hard_swish, -2, 5, 0.2f, 0.5f, 4},
    {TLK_EW_SILU, silu, -40, 40, 0, 0, 4},
    {TLK_EW_SOFTPLUS, softplus, -80, 80, 0, 0, 3},
    {TLK_EW_SOFTSIGN, softsign, -10, 10, 0, 0, 2},
    {TLK_EW_THRESHOLDED_RELU, thresholded, -1, 1, 0.25f, 0, 0},
    {TLK_EW_ROUND_F16, half, -1000, 1000, 0, 0, 0},
};

static double ulp(double x) { return fmax(ldexp(1, ilogb(fabs(x) + 1e-300) - 23), 0x1p-149); }

#define LENGTH 777
static tlk_ew_instruction unary_program[3] = {{.opcode = TLK_EW_LOAD}, {0}, {.opcode = TLK_EW_STORE, .a = 1}};

static void run_flat(const tlk_ew_instruction *instructions, tlk_int count, tlk_int inputs, const tlk_dtype *types,
                     const void *const *in, void *out, tlk_dtype out_type, tlk_int length) {
  tlk_ew_program p = {.rank = 1, .shape = {length}, .input_count = inputs, .output_count = 1, .instruction_count = count,
                      .outputs = {{out_type, {1}}}, .instructions = instructions};
  for (tlk_int i = 0; i < inputs; i++) p.inputs[i] = (tlk_ew_operand){types[i], {1}};
  void *outputs[1] = {out};
  expect_status(tlk_ew_run(&p, in, outputs), TLK_OK, "run");
}

static void check_unary(const unary_case *test) {
  begin_case("elementwise unary opcode %d on %g…%g", test->opcode, test->low, test->high);
  float *in = random_tensor(TLK_F32, LENGTH, test->low, test->high), *out = guarded(LENGTH * 4);
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 0.5f, -0.5f, 0x1p-149f, 2.5f, 3.4e38f, 0x1p-126f};
  const int specials = sizeof special / sizeof special[0];
  memcpy(in + 300, special, sizeof special);
  unary_program[1] = (tlk_ew_instruction){.opcode = (uint8_t)test->opcode, .dst = 1, .a = 0, .p = test->p, .q = test->q};
  const tlk_dtype type = TLK_F32;
  const void *inputs[1] = {in};
  run_flat(unary_program, 3, 1, &type, inputs, out, TLK_F32, LENGTH);
  for (int i = 0; i < LENGTH; i++) {
    double want = test->reference((double)in[i]);
    if (fabs(want) > 3.4028235e38) want = copysign(INFINITY, want);
    // The limit of x * sigmoid(x) at -inf is 0; as a product, in every framework, it is NaN.
    bool indefinite = i >= 300 && i < 300 + specials && isinf(in[i]) && (isnan(out[i]) || isnan(want));
    // The fit of erfc is made for erf: absolutely exact, so that gelu's left tail is as good as x/2 * (1 + erf) rounded, not better.
    double absolute = test->opcode == TLK_EW_GELU ? fabs((double)in[i]) * 0x1p-24 : 0;
    if (!indefinite) expect_near(out[i], want, test->ulps * ulp(want) + absolute, "out", i);
  }
  release_guarded();
}

// Next to a multiple of half a turn only the last bits of the reduced angle are left.
static void check_beside_zeros(void) {
  begin_case("elementwise sine beside its zeros");
  float *in = random_tensor(TLK_F32, LENGTH, 0, 1), *out = guarded(LENGTH * 4);
  for (int i = 0; i < LENGTH; i++) in[i] = (float)((1 + i * 4001) % 1300000 * 3.14159265358979323846);
  unary_program[1] = (tlk_ew_instruction){.opcode = TLK_EW_SIN, .dst = 1, .a = 0};
  const tlk_dtype type = TLK_F32;
  const void *inputs[1] = {in};
  run_flat(unary_program, 3, 1, &type, inputs, out, TLK_F32, LENGTH);
  for (int i = 0; i < LENGTH; i++) expect_near(out[i], sin((double)in[i]), 2 * ulp(sin((double)in[i])), "out", i);
  release_guarded();
}

static double add(double x, double y) { return x + y; }
static double sub(double x, double y) { return x - y; }
static double mul(double x, double y) { return x * y; }
static double divide(double x, double y) { return x / y; }
static double floor_divide(double x, double y) { return floor((double)((float)x / (float)y)); }
static double python_mod(double x, double y) { double r = fmod(x, y); return r != 0 && (r < 0) != (y < 0) ? r + y : r; }
static double maximum(double x, double y) { return isnan(x) || isnan(y) ? NAN : fmax(x, y); }
static double minimum(double x, double y) { return isnan(x) || isnan(y) ? NAN : fmin(x, y); }
static double prelu(double x, double y) { return x < 0 ? x * y : x; }
static double equal(double x, double y) { return x == y; }
static double not_equal(double x, double y) { return x != y; }
static double less(double x, double y) { return x < y; }
static double less_equal(double x, double y) { return x <= y; }
static double greater(double x, double y) { return x > y; }
static double greater_equal(double x, double y) { return x >= y; }

static const struct {
  tlk_ew_opcode opcode;
  double (*reference)(double, double);
  double ulps;
  tlk_dtype out;
} binary[] = {
    {TLK_EW_ADD, add, 1, TLK_F32}, {TLK_EW_SUB, sub, 1, TLK_F32}, {TLK_EW_MUL, mul, 1, TLK_F32}, {TLK_EW_DIV, divide, 1, TLK_F32},
    {TLK_EW_FLOOR_DIV, floor_divide, 0, TLK_F32}, {TLK_EW_MOD, python_mod, 1, TLK_F32}, {TLK_EW_POW, pow, 2, TLK_F32},
    {TLK_EW_MAXIMUM, maximum, 0, TLK_F32}, {TLK_EW_MINIMUM, minimum, 0, TLK_F32}, {TLK_EW_PRELU, prelu, 1, TLK_F32},
    {TLK_EW_EQUAL, equal, 0, TLK_BOOL}, {TLK_EW_NOT_EQUAL, not_equal, 0, TLK_BOOL}, {TLK_EW_LESS, less, 0, TLK_BOOL},
    {TLK_EW_LESS_EQUAL, less_equal, 0, TLK_BOOL}, {TLK_EW_GREATER, greater, 0, TLK_BOOL},
    {TLK_EW_GREATER_EQUAL, greater_equal, 0, TLK_BOOL},
};

static void check_binary(size_t index, float exponent) {
  begin_case("elementwise binary opcode %d exponent %g", binary[index].opcode, exponent);
  float *a = random_tensor(TLK_F32, LENGTH, -3, 3), *b = random_tensor(TLK_F32, LENGTH, -3, 3);
  static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1};
  for (int i = 0; i < 49; i++) a[i] = special[i / 7], b[i] = special[i % 7];
  for (int i = 60; i < 90; i++) b[i] = a[i];
  for (int i = 0; exponent != 0 && i < LENGTH; i++) b[i] = exponent;
  void *out = guarded(LENGTH * 4);
  const tlk_ew_instruction program[] = {{.opcode = TLK_EW_LOAD, .dst = 0, .a = 0}, {.opcode = TLK_EW_LOAD, .dst = 3, .a = 1},
                                        {.opcode = (uint8_t)binary[index].opcode, .dst = 0, .a = 0, .b = 3},
                                        {.opcode = TLK_EW_STORE, .dst = 0, .a = 0}};
  const tlk_dtype types[2] = {TLK_F32, TLK_F32};
  const void *inputs[2] = {a, b};
  run_flat(program, 4, 2, types, inputs, out, binary[index].out, LENGTH);
  for (int i = 0; i < LENGTH; i++) {
    double want = binary[index].reference(a[i], b[i]);
    if (binary[index].opcode == TLK_EW_MOD && isinf(b[i])) continue;  // Python and numpy differ there
    expect_near(element(out, binary[index].out, i), want, binary[index].ulps * ulp(want), "out", i);
  }
  release_guarded();
}

static int32_t floor_div_i(int32_t x, int32_t y) { return y == 0 ? 0 : (int32_t)(uint32_t)(int64_t)floor((double)x / y); }
static int32_t mod_i(int32_t x, int32_t y) { return y == 0 ? 0 : (int32_t)(x - (int64_t)floor((double)x / y) * y); }
static int32_t div_i(int32_t x, int32_t y) { return y == 0 ? 0 : (int32_t)(uint32_t)((int64_t)x / y); }
static int32_t wrap(int64_t x) { return (int32_t)(uint32_t)(uint64_t)x; }

static int32_t reference_i(tlk_ew_opcode opcode, int32_t x, int32_t y) {
  switch (opcode) {
    case TLK_EW_I_ABS: return wrap(x < 0 ? -(int64_t)x : x);
    case TLK_EW_I_NEG: return wrap(-(int64_t)x);
    case TLK_EW_I_SIGN: return (x > 0) - (x < 0);
    case TLK_EW_I_SQUARE: return wrap((int64_t)((uint64_t)(int64_t)x * (uint64_t)(int64_t)x));
    case TLK_EW_I_ADD: return wrap((int64_t)x + y);
    case TLK_EW_I_SUB: return wrap((int64_t)x - y);
    case TLK_EW_I_MUL: return wrap((int64_t)x * y);
    case TLK_EW_I_DIV: return div_i(x, y);
    case TLK_EW_I_FLOOR_DIV: return floor_div_i(x, y);
    case TLK_EW_I_MOD: return mod_i(x, y);
    case TLK_EW_I_POW: {
      if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
      uint32_t r = 1;
      for (int i = 0; i < (y > 40 ? 0 : y); i++) r *= (uint32_t)x;
      return (int32_t)r;
    }
    case TLK_EW_I_MAXIMUM: return x > y ? x : y;
    case TLK_EW_I_MINIMUM: return x < y ? x : y;
    case TLK_EW_I_EQUAL: return x == y;
    case TLK_EW_I_NOT_EQUAL: return x != y;
    case TLK_EW_I_LESS: return x < y;
    case TLK_EW_I_LESS_EQUAL: return x <= y;
    case TLK_EW_I_GREATER: return x > y;
    case TLK_EW_I_GREATER_EQUAL: return x >= y;
    case TLK_EW_NOT: return x == 0;
    case TLK_EW_AND: return x && y;
    case TLK_EW_OR: return x || y;
    case TLK_EW_XOR: return !x != !y;
    default: return 0;
  }
}

static void check_integers(tlk_ew_opcode opcode) {
  begin_case("elementwise integer opcode %d", opcode);
  int32_t *a = random_tensor(TLK_I32, LENGTH, -40, 40), *b = random_tensor(TLK_I32, LENGTH, -9, 9), *out = guarded(LENGTH * 4);
  const int32_t special[] = {0, 1, -1, INT32_MIN, INT32_MAX, 7, -7};
  for (int i = 0; i < 49; i++) a[i] = special[i / 7], b[i] = special[i % 7];
  if (opcode == TLK_EW_I_POW)
    for (int i = 0; i < 49; i++) b[i] = i % 7 - 2;
  const tlk_ew_instruction program[] = {{.opcode = TLK_EW_LOAD, .dst = 0, .a = 0}, {.opcode = TLK_EW_LOAD, .dst = 1, .a = 1},
                                        {.opcode = (uint8_t)opcode, .dst = 2, .a = 0, .b = 1}, {.opcode = TLK_EW_STORE, .a = 2}};
  const tlk_dtype types[2] = {TLK_I32, TLK_I32};
  const void *inputs[2] = {a, b};
  run_flat(program, 4, 2, types, inputs, out, TLK_I32, LENGTH);
  for (int i = 0; i < LENGTH; i++) expect_near(out[i], reference_i(opcode, a[i], b[i]), 0, "out", i);
  release_guarded();
}

// (a + row) * column with every kind of broadcast, transposed input and a slice as output.
static void check_broadcast(tlk_int n, tlk_int h, tlk_int c) {
  begin_case("elementwise broadcast %td %td %td", n, h, c);
  uint16_t *a = random_tensor(TLK_F16, n * h * c, -2, 2), *row = random_tensor(TLK_F16, c, -2, 2);
  float *column = random_tensor(TLK_F32, h, -2, 2);
  int8_t *transposed = random_tensor(TLK_I8, n * c * h, -5, 5);
  tlk_int pitch = c + 3;
  uint16_t *out = random_tensor(TLK_F16, (n * h - 1) * pitch + c, 0, 1);
  uint8_t *positive = guarded((size_t)(n * h * c));
  const tlk_ew_instruction program[] = {
      {.opcode = TLK_EW_LOAD, .dst = 0, .a = 0}, {.opcode = TLK_EW_LOAD, .dst = 1, .a = 1}, {.opcode = TLK_EW_LOAD, .dst = 2, .a = 2},
      {.opcode = TLK_EW_LOAD, .dst = 3, .a = 3}, {.opcode = TLK_EW_I_TO_F, .dst = 3, .a = 3}, {.opcode = TLK_EW_ADD, .dst = 4, .a = 0, .b = 1},
      {.opcode = TLK_EW_MUL, .dst = 4, .a = 4, .b = 2}, {.opcode = TLK_EW_ADD, .dst = 4, .a = 4, .b = 3},
      {.opcode = TLK_EW_FILL, .dst = 15, .p = 0}, {.opcode = TLK_EW_GREATER, .dst = 5, .a = 4, .b = 15},
      {.opcode = TLK_EW_STORE, .dst = 0, .a = 4}, {.opcode = TLK_EW_STORE, .dst = 1, .a = 5}};
  tlk_ew_program p = {.rank = 3, .shape = {n, h, c}, .input_count = 4, .output_count = 2, .instruction_count = 12,
                      .inputs = {{TLK_F16, {h * c, c, 1}}, {TLK_F16, {0, 0, 1}}, {TLK_F32, {0, 1, 0}}, {TLK_I8, {c * h, 1, h}}},
                      .outputs = {{TLK_F16, {h * pitch, pitch, 1}}, {TLK_BOOL, {h * c, c, 1}}}, .instructions = program};
  const void *inputs[4] = {a, row, column, transposed};
  void *outputs[2] = {out, positive};
  expect_status(tlk_ew_run(&p, inputs, outputs), TLK_OK, "run");
  for (tlk_int i = 0; i < n; i++)
    for (tlk_int j = 0; j < h; j++)
      for (tlk_int k = 0; k < c; k++) {
        double want = ((double)half_to_float(a[(i * h + j) * c + k]) + half_to_float(row[k])) * column[j] + transposed[(i * c + k) * h + j];
        expect_near(half_to_float(out[(i * h + j) * pitch + k]), want, storage_error(TLK_F16, want) + 1e-5, "out", (i * h + j) * c + k);
        if (fabs(want) > 1e-5) expect_near(positive[(i * h + j) * c + k], want > 0, 0, "positive", (i * h + j) * c + k);
      }
  release_guarded();
}

static void check_stores(void) {
  static const tlk_dtype types[] = {TLK_F16, TLK_F32, TLK_I8, TLK_U8, TLK_I16, TLK_U16, TLK_I32, TLK_U32, TLK_BOOL};
  static const float values[] = {0, 1.5f, -1.5f, 127.9f, 300, -300, 70000, -70000, 3e9f, -3e9f, 1e20f, INFINITY, -INFINITY, NAN};
  static const double low[] = {0, 0, -128, 0, -32768, 0, -0x1p31, 0}, high[] = {0, 0, 127, 255, 32767, 65535, 2147483647, 4294967295.0};
  for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
    begin_case("elementwise store to dtype %d", types[t]);
    const int n = sizeof values / sizeof values[0];
    float *in = guarded(sizeof values);
    memcpy(in, values, sizeof values);
    void *out = guarded((size_t)(n * tlk_dtype_size(types[t])));
    const tlk_ew_instruction program[] = {{.opcode = TLK_EW_LOAD}, {.opcode = TLK_EW_STORE}};
    const tlk_dtype type = TLK_F32;
    const void *inputs[1] = {in};
    run_flat(program, 2, 1, &type, inputs, out, types[t], n);
    for (int i = 0; i < n; i++) {
      double want = values[i];
      if (types[t] == TLK_BOOL) want = want != 0;
      else if (types[t] == TLK_F16) want = half_to_float(float_to_half(values[i]));
      else if (types[t] != TLK_F32) want = isnan(want) ? 0 : fmin(fmax(trunc(want), low[types[t]]), high[types[t]]);
      expect_near(element(out, types[t], i), want, 0, "out", i);
    }
  }
  release_guarded();
}

static void check_all_halves(void) {
  begin_case("f16 to f32 and back, every bit pattern");
  uint16_t *in = guarded(65536 * 2), *back = guarded(65536 * 2);
  float *wide = guarded(65536 * 4);
  for (int i = 0; i < 65536; i++) in[i] = (uint16_t)i;
  tlk_convert(in, TLK_F16, wide, TLK_F32, 65536);
  tlk_convert(wide, TLK_F32, back, TLK_F16, 65536);
  for (int i = 0; i < 65536; i++) {
    expect_near(wide[i], half_to_float((uint16_t)i), 0, "f32", i);
    expect_near(half_to_float(back[i]), half_to_float((uint16_t)i), 0, "f16", i);
  }
  begin_case("f32 to f16, half way between neighbours and beside it");
  for (int i = 0; i < 31744; i++) {
    float middle = (half_to_float((uint16_t)i) + (i + 1 < 31744 ? half_to_float((uint16_t)(i + 1)) : 65536)) / 2;
    wide[2 * i] = i % 3 == 0 ? middle : nextafterf(middle, i % 3 == 1 ? 0 : INFINITY);
    wide[2 * i + 1] = -wide[2 * i];
  }
  tlk_convert(wide, TLK_F32, back, TLK_F16, 63488);
  for (int i = 0; i < 63488; i++) expect_near(half_to_float(back[i]), half_to_float(float_to_half(wide[i])), 0, "f16", i);
  release_guarded();
}

static void check_refusals(void) {
  begin_case("elementwise refusals");
  tlk_ew_instruction bad[] = {{.opcode = TLK_EW_LOAD, .a = 1}};
  tlk_ew_program p = {.rank = 1, .shape = {4}, .input_count = 1, .inputs = {{TLK_F32, {1}}}, .instruction_count = 1, .instructions = bad};
  float x[4];
  const void *inputs[1] = {x};
  expect_status(tlk_ew_run(&p, inputs, NULL), TLK_E_ARGUMENT, "input that is not there");
  bad[0] = (tlk_ew_instruction){.opcode = TLK_EW_OPCODE_COUNT};
  expect_status(tlk_ew_run(&p, inputs, NULL), TLK_E_ARGUMENT, "unknown opcode");
  bad[0] = (tlk_ew_instruction){.opcode = TLK_EW_ADD, .a = 16};
  expect_status(tlk_ew_run(&p, inputs, NULL), TLK_E_ARGUMENT, "register that is not there");
  p.inputs[0].dtype = TLK_I64;
  expect_status(tlk_ew_run(&p, inputs, NULL), TLK_E_UNSUPPORTED, "i64");
}

void test_elementwise(void) {
  for (size_t i = 0; i < sizeof unary / sizeof unary[0]; i++) check_unary(&unary[i]);
  check_beside_zeros();
  for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++) check_binary(i, 0);
  static const float exponents[] = {2, 3, 0.5f, -1, 1.7f};
  for (int i = 0; i < 5; i++) check_binary(6, exponents[i]);
  for (tlk_ew_opcode opcode = TLK_EW_I_ABS; opcode <= TLK_EW_XOR; opcode++) check_integers(opcode);
  check_broadcast(2, 5, 7);
  check_broadcast(1, 1, 1);
  check_broadcast(3, 40, 1);
  check_broadcast(2, 3, 600);
  check_broadcast(40, 30, 33);
  check_stores();
  check_all_halves();
  check_refusals();
}
