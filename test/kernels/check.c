#define _GNU_SOURCE
#include "check.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

int passed, failed;
const char *isa_under_test = "";
static char case_name[256];
static int case_failures;

static struct {
  void *address;
  size_t bytes;
} guards[4096];
static int guard_count;

void *guarded(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (bytes + page - 1) / page * page;
  char *base = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED || guard_count == (int)(sizeof guards / sizeof guards[0])) {
    fprintf(stderr, "guarded: no memory\n");
    exit(2);
  }
  mprotect(base + body, page, PROT_NONE);
  memset(base, 0xfe, body);
  guards[guard_count].address = base;
  guards[guard_count++].bytes = body + page;
  return base + (body - bytes);
}

void release_guarded(void) {
  while (guard_count > 0) {
    guard_count--;
    munmap(guards[guard_count].address, guards[guard_count].bytes);
  }
}

static uint32_t state = 12345;
uint32_t next_random(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
float uniform(float low, float high) { return low + (high - low) * (float)(next_random() >> 8) * 0x1p-24f; }

// The compiler's own conversions, not the project's.
float half_to_float(uint16_t half) {
  _Float16 h;
  memcpy(&h, &half, 2);
  return (float)h;
}
uint16_t float_to_half(float value) {
  _Float16 h = (_Float16)value;
  uint16_t bits;
  memcpy(&bits, &h, 2);
  return bits;
}

static void set(void *tensor, tlk_dtype dtype, tlk_int i, float value) {
  switch (dtype) {
    case TLK_F16: ((uint16_t *)tensor)[i] = float_to_half(value); break;
    case TLK_F32: ((float *)tensor)[i] = value; break;
    case TLK_I8: ((int8_t *)tensor)[i] = (int8_t)value; break;
    case TLK_U8: ((uint8_t *)tensor)[i] = (uint8_t)value; break;
    case TLK_I16: ((int16_t *)tensor)[i] = (int16_t)value; break;
    case TLK_U16: ((uint16_t *)tensor)[i] = (uint16_t)value; break;
    case TLK_I32: ((int32_t *)tensor)[i] = (int32_t)value; break;
    case TLK_U32: ((uint32_t *)tensor)[i] = (uint32_t)value; break;
    case TLK_BOOL: ((uint8_t *)tensor)[i] = value > 0; break;
    case TLK_I64: ((int64_t *)tensor)[i] = (int64_t)value; break;
    case TLK_F64: ((double *)tensor)[i] = (double)value; break;
  }
}

double element(const void *tensor, tlk_dtype dtype, tlk_int i) {
  switch (dtype) {
    case TLK_F16: return half_to_float(((const uint16_t *)tensor)[i]);
    case TLK_F32: return ((const float *)tensor)[i];
    case TLK_I8: return ((const int8_t *)tensor)[i];
    case TLK_U8: return ((const uint8_t *)tensor)[i];
    case TLK_I16: return ((const int16_t *)tensor)[i];
    case TLK_U16: return ((const uint16_t *)tensor)[i];
    case TLK_I32: return ((const int32_t *)tensor)[i];
    case TLK_U32: return ((const uint32_t *)tensor)[i];
    case TLK_BOOL: return ((const uint8_t *)tensor)[i] != 0;
    case TLK_I64: return (double)((const int64_t *)tensor)[i];
    case TLK_F64: return ((const double *)tensor)[i];
  }
  return NAN;
}

void *random_tensor(tlk_dtype dtype, tlk_int count, float low, float high) {
  void *tensor = guarded((size_t)(count * tlk_dtype_size(dtype)));
  for (tlk_int i = 0; i < count; i++) set(tensor, dtype, i, uniform(low, high));
  return tensor;
}

static void fail(const char *format, ...) {
  va_list arguments;
  failed++;
  // The first few elements tell what is wrong; the rest would bury it.
  if (++case_failures > 3) return;
  va_start(arguments, format);
  printf("FAIL %s %s: ", isa_under_test, case_name);
  vprintf(format, arguments);
  printf("\n");
  va_end(arguments);
}

// f32 sums: K roundings of partial sums at most, far fewer in effect because errors cancel. AMX leaves lo*lo out of f16 products, each at most
// half a unit in bf16's last place of either number (2^-9 and 2^-9 of it); fast products are rounded there.
static const struct {
  const char *isa;
  double f32, f16, fast;
} product_errors[] = {{"", 0x1p-21, 0x1p-21, 0x1p-21}, {"amx", 0x1p-21, 0x1p-18 + 0x1p-21, 0x1p-8 + 0x1p-18}};

double product_error(tlk_dtype a, tlk_dtype b, double magnitudes) {
  const int row = strcmp(isa_under_test, product_errors[1].isa) == 0;
  const bool halves = a == TLK_F16 && b == TLK_F16;
  return magnitudes * (!halves ? product_errors[row].f32 : tlk_fast_products() ? product_errors[row].fast : product_errors[row].f16) + 1e-7;
}

void begin_case(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(case_name, sizeof case_name, format, arguments);
  va_end(arguments);
  case_failures = 0;
}

void expect_near(double got, double want, double bound, const char *what, tlk_int index) {
  bool same = isnan(want) ? isnan(got) : isinf(want) ? got == want : fabs(got - want) <= bound;
  if (same) passed++;
  else fail("%s[%td] is %.9g, expected %.9g (within %.3g)", what, index, got, want, bound);
}
void expect_true(bool condition, const char *what) {
  if (condition) passed++;
  else fail("%s", what);
}
void expect_status(tlk_status got, tlk_status want, const char *what) {
  if (got == want) passed++;
  else fail("%s: status %d, expected %d", what, got, want);
}
