// usage: kernels-bench [--threads N] [name…]   Times kernels on shapes of real networks against the machine's measured peak.
// One thread: CPU time, which load from elsewhere does not stretch. More: wall time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../swift/Sources/Kernels/core/table.h"
#include "peak.h"

static clockid_t timer = CLOCK_PROCESS_CPUTIME_ID;

static double seconds(void) {
  struct timespec now;
  clock_gettime(timer, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct {
  const char *name;
  double work;       // floating-point operations, or bytes for what only moves
  bool bytes;
  void (*run)(void *);
  void *context;
} benchmark;

static double peak_gflops;

static void measure(const benchmark *b) {
  double best = 1e30, total = 0, times[400];
  int rounds = 0;
  for (int i = 0; i < 3; i++) b->run(b->context);
  while (rounds < 20 || (total < 0.3 && rounds < 400)) {
    double start = seconds();
    b->run(b->context);
    double took = seconds() - start;
    best = took < best ? took : best;
    total += times[rounds++] = took;
  }
  // The median by counting: rounds are few.
  double median = 0;
  for (int i = 0; i < rounds; i++) {
    int below = 0;
    for (int j = 0; j < rounds; j++) below += times[j] < times[i];
    if (below <= rounds / 2 && times[i] > median) median = times[i];
  }
  double rate = b->work / best * 1e-9;
  if (b->bytes) printf("%-34s %9.1f us (median %9.1f)  %7.1f GB/s\n", b->name, best * 1e6, median * 1e6, rate);
  else printf("%-34s %9.1f us (median %9.1f)  %7.1f GFLOP/s  %3.0f %% of peak\n", b->name, best * 1e6, median * 1e6, rate, 100 * rate / peak_gflops);
  fflush(stdout);
}

static void *halves(tlk_int count) {
  uint16_t *p = aligned_alloc(64, (size_t)(count * 2 + 127) / 64 * 64);
  // Small numbers of both signs: 2^-5…2^-3.
  for (tlk_int i = 0; i < count; i++) p[i] = (uint16_t)((i * 2654435761u >> 7 & 0x83ff) | 0x2c00);
  return p;
}

static void run_conv(void *context) { tlk_conv_run(context); }
static void run_gemm(void *context) { tlk_gemm_run(context); }

static benchmark conv(const char *name, tlk_int size, tlk_int in, tlk_int out, tlk_int kernel, tlk_int stride, tlk_int groups, bool residual) {
  tlk_int pad = kernel / 2, output = (size + 2 * pad - kernel) / stride + 1;
  tlk_conv *c = calloc(1, sizeof *c);
  c->shape = (tlk_conv_shape){1, {1, size, size}, {1, output, output}, {1, kernel, kernel}, {1, stride, stride}, {1, 1, 1}, {0, pad, pad}, in, out, groups, false};
  c->input = halves(size * size * in);
  c->output = halves(output * output * out);
  c->input_pitch = in;
  c->output_pitch = out;
  void *packed = aligned_alloc(64, (size_t)(tlk_conv_packed_bytes(&c->shape, TLK_F16) + 127) / 64 * 64);
  tlk_conv_weights(&c->shape, halves(out * in / groups * kernel * kernel), TLK_F16, packed, TLK_F16);
  c->packed = packed;
  c->epilogue.bias = calloc((size_t)out, 4);
  c->epilogue.activation.kind = TLK_ACT_RELU;
  if (residual) {
    c->epilogue.residual = halves(output * output * out);
    c->epilogue.residual_pitch = out;
  }
  return (benchmark){name, 2.0 * (double)(output * output * out) * (double)(in / groups * kernel * kernel), false, run_conv, c};
}

static benchmark gemm(const char *name, tlk_int m, tlk_int n, tlk_int k, tlk_activation_kind act) {
  tlk_gemm *g = calloc(1, sizeof *g);
  *g = (tlk_gemm){.m = m, .n = n, .k = k, .a = halves(m * k), .out = halves(m * n), .a_pitch = k, .out_pitch = n};
  tlk_weights w = {.data = halves(n * k), .columns = n, .taps = 1, .channels = k, .column_stride = k, .channel_stride = 1};
  void *packed = aligned_alloc(64, (size_t)(tlk_weights_packed_bytes(n, 1, k, TLK_F16) + 127) / 64 * 64);
  tlk_weights_pack(&w, packed, TLK_F16);
  g->packed = packed;
  g->epilogue.bias = calloc((size_t)n, 4);
  g->epilogue.activation.kind = act;
  return (benchmark){name, 2.0 * (double)m * (double)n * (double)k, false, run_gemm, g};
}

static void run_attention(void *context) { tlk_attention_run(context); }
static benchmark attention(const char *name, tlk_int heads, tlk_int tokens, tlk_int width) {
  tlk_attention *t = calloc(1, sizeof *t);
  tlk_int pitch = heads * width, *offsets = calloc((size_t)heads, 8);
  for (tlk_int i = 0; i < heads; i++) offsets[i] = i * width;
  *t = (tlk_attention){.batch = heads, .queries = tokens, .keys = tokens, .width = width, .value_width = width, .q = halves(tokens * pitch),
                       .k = halves(tokens * pitch), .v = halves(tokens * pitch), .out = halves(tokens * pitch), .q_pitch = pitch,
                       .k_pitch = pitch, .v_pitch = pitch, .out_pitch = pitch, .q_offsets = offsets, .k_offsets = offsets,
                       .v_offsets = offsets, .out_offsets = offsets, .scale = 0.2f};
  return (benchmark){name, 4.0 * (double)(heads * tokens * tokens * width), false, run_attention, t};
}

typedef struct {
  void *in, *out;
  tlk_int a, b;
} plain;
static plain *plain_of(tlk_int a, tlk_int b) {
  plain *p = calloc(1, sizeof *p);
  *p = (plain){halves(a * b), halves(a * b), a, b};
  return p;
}
static void run_layer_norm(void *c) { plain *p = c; tlk_layer_norm(p->in, TLK_F16, NULL, p->out, TLK_F16, p->a, p->b, NULL, NULL, 1e-5f); }
static void run_softmax(void *c) { plain *p = c; tlk_softmax(p->in, TLK_F16, p->out, TLK_F16, p->a, p->b, 1); }
static void run_mean(void *c) { plain *p = c; tlk_reduce(TLK_REDUCE_MEAN, p->in, TLK_F16, p->out, TLK_F16, 1, p->a, p->b); }
static void run_transpose(void *c) {
  plain *p = c;
  const tlk_int shape[2] = {p->b, p->a}, from[2] = {1, p->b}, to[2] = {p->a, 1};
  tlk_copy(p->in, from, p->out, to, shape, 2, 2);
}
static void run_elementwise(plain *p, tlk_ew_opcode opcode) {
  const tlk_ew_instruction code[] = {{.opcode = TLK_EW_LOAD}, {.opcode = (uint8_t)opcode, .dst = 0, .a = 0, .b = 0}, {.opcode = TLK_EW_STORE}};
  tlk_ew_program program = {.rank = 1, .shape = {p->a * p->b}, .input_count = 1, .output_count = 1, .instruction_count = 3,
                            .inputs = {{TLK_F16, {1}}}, .outputs = {{TLK_F16, {1}}}, .instructions = code};
  const void *in[1] = {p->in};
  void *out[1] = {p->out};
  tlk_ew_run(&program, in, out);
}
static void run_add(void *c) { run_elementwise(c, TLK_EW_ADD); }
static void run_gelu(void *c) { run_elementwise(c, TLK_EW_GELU); }
static void run_sigmoid(void *c) { run_elementwise(c, TLK_EW_SIGMOID); }
static benchmark moving(const char *name, tlk_int a, tlk_int b, void (*run)(void *)) {
  return (benchmark){name, 4.0 * (double)(a * b), true, run, plain_of(a, b)};
}
static void run_max_pool(void *context) { tlk_pool_run(context); }
static benchmark max_pool(const char *name, tlk_int size, tlk_int channels) {
  tlk_pool *p = calloc(1, sizeof *p);
  tlk_int output = size / 2;
  *p = (tlk_pool){.shape = {1, {1, size, size}, {1, output, output}, {1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, channels, channels, 1, false},
                  .input = halves(size * size * channels), .output = halves(output * output * channels), .input_pitch = channels, .output_pitch = channels};
  return (benchmark){name, 2.0 * (double)((size * size + output * output) * channels), true, run_max_pool, p};
}

int main(int count, char **arguments) {
  int first = 1;
  tlk_int threads = 1;
  if (count > 2 && strcmp(arguments[1], "--threads") == 0) {
    threads = atoi(arguments[2]);
    first = 3;
  }
  tlk_thread_limit(threads);
  if (tlk_thread_count() > 1) timer = CLOCK_MONOTONIC;
  peak_gflops = measured_peak_gflops() * (double)tlk_thread_count();
  printf("%s, %td thread(s), peak %.1f GFLOP/s (f32 FMA)\n", tlk_isa_name(tlk_isa_active()), tlk_thread_count(), peak_gflops);
  const benchmark all[] = {
#include "shapes.h"
  };
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    bool wanted = first >= count;
    for (int j = first; j < count; j++) wanted |= strstr(all[i].name, arguments[j]) != NULL;
    if (wanted) measure(&all[i]);
  }
  return 0;
}
