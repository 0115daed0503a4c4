#include "check.h"

static void check_copy(const char *name, const tlk_int *shape, tlk_int rank, const tlk_int *source_strides,
                       const tlk_int *destination_strides, tlk_int source_first, tlk_int source_count, tlk_int destination_count) {
  for (tlk_int size = 1; size <= 8; size *= 2) {
    begin_case("copy %s, elements of %td bytes", name, size);
    uint8_t *source = guarded((size_t)(source_count * size)), *destination = guarded((size_t)(destination_count * size));
    for (tlk_int i = 0; i < source_count * size; i++) source[i] = (uint8_t)next_random();
    uint8_t *want = malloc((size_t)(destination_count * size));
    memcpy(want, destination, (size_t)(destination_count * size));
    tlk_int total = 1;
    for (tlk_int axis = 0; axis < rank; axis++) total *= shape[axis];
    for (tlk_int i = 0; i < total; i++) {
      tlk_int from = source_first, to = 0, rest = i;
      for (tlk_int axis = rank - 1; axis >= 0; axis--) {
        from += rest % shape[axis] * source_strides[axis];
        to += rest % shape[axis] * destination_strides[axis];
        rest /= shape[axis];
      }
      memcpy(want + to * size, source + from * size, (size_t)size);
    }
    expect_status(tlk_copy(source + source_first * size, source_strides, destination, destination_strides, shape, rank, size), TLK_OK, "run");
    expect_true(memcmp(want, destination, (size_t)(destination_count * size)) == 0, "bytes are equal");
    free(want);
    release_guarded();
  }
}

#define L(...) (const tlk_int[]){__VA_ARGS__}

static void check_copies(void) {
  check_copy("dense", L(3, 5, 7), 3, L(35, 7, 1), L(35, 7, 1), 0, 105, 105);
  check_copy("transpose", L(37, 70), 2, L(1, 37), L(70, 1), 0, 37 * 70, 37 * 70);
  check_copy("transpose with pitches", L(64, 129), 2, L(1, 70), L(140, 1), 0, 128 * 70 + 64, 63 * 140 + 129);
  check_copy("NCHW to NHWC", L(2, 13, 11, 19), 4, L(13 * 11 * 19, 11, 1, 13 * 11), L(13 * 11 * 19, 11 * 19, 19, 1), 0, 2 * 13 * 11 * 19, 2 * 13 * 11 * 19);
  check_copy("a picture to NHWC", L(41, 67, 3), 3, L(67, 1, 41 * 67), L(67 * 3, 3, 1), 0, 3 * 41 * 67, 3 * 41 * 67);
  check_copy("heads", L(4, 9, 32), 3, L(32, 128, 1), L(9 * 32, 32, 1), 0, 9 * 128, 9 * 128);
  check_copy("reverse", L(9), 1, L(-1), L(1), 8, 9, 9);
  check_copy("tile", L(4, 6), 2, L(0, 1), L(6, 1), 0, 6, 24);
  check_copy("slice with steps", L(5, 4), 2, L(40, 3), L(4, 1), 7, 180, 20);
  check_copy("into a slice", L(50, 3), 2, L(3, 1), L(8, 1), 0, 150, 49 * 8 + 3);
  check_copy("scalar", NULL, 0, NULL, NULL, 0, 1, 1);
  check_copy("large", L(300, 257), 2, L(257, 1), L(1, 300), 0, 300 * 257, 300 * 257);
  begin_case("copy refusals");
  expect_status(tlk_copy(NULL, NULL, NULL, NULL, NULL, 9, 4), TLK_E_ARGUMENT, "rank 9");
  expect_status(tlk_copy(NULL, NULL, NULL, NULL, NULL, 0, 3), TLK_E_UNSUPPORTED, "elements of 3 bytes");
  expect_status(tlk_copy(NULL, L(1), NULL, L(1), L(0), 1, 4), TLK_OK, "nothing to copy");
}

static double limited(double value, tlk_dtype to) {
  switch (to) {
    case TLK_F16: return half_to_float(float_to_half((float)value));
    case TLK_BOOL: return value != 0;
    case TLK_F32: case TLK_F64: return value;
    default: return trunc(value);
  }
}

static void check_conversions(void) {
  for (int from = TLK_F16; from <= TLK_F64; from++)
    for (int to = TLK_F16; to <= TLK_F64; to++) {
      begin_case("convert dtype %d to %d", from, to);
      const tlk_int n = 301;
      // In the range of every dtype: limits have their own tests.
      void *source = random_tensor((tlk_dtype)from, n, 0, 100);
      void *destination = guarded((size_t)(n * tlk_dtype_size((tlk_dtype)to)));
      expect_status(tlk_convert(source, (tlk_dtype)from, destination, (tlk_dtype)to, n), TLK_OK, "run");
      for (tlk_int i = 0; i < n; i++)
        expect_near(element(destination, (tlk_dtype)to, i), limited(element(source, (tlk_dtype)from, i), (tlk_dtype)to), 0, "out", i);
      release_guarded();
    }
  begin_case("convert limits");
  const double reals[] = {1e300, -1e300, NAN, 0x1p62};
  int64_t integers[4];
  int32_t narrow[4];
  tlk_convert(reals, TLK_F64, integers, TLK_I64, 4);
  expect_true(integers[0] == INT64_MAX && integers[1] == INT64_MIN && integers[2] == 0 && integers[3] == INT64_C(1) << 62, "f64 to i64 saturates");
  tlk_convert(reals, TLK_F64, narrow, TLK_I32, 3);
  expect_true(narrow[0] == INT32_MAX && narrow[1] == INT32_MIN && narrow[2] == 0, "f64 to i32 saturates");
  const uint32_t large[] = {4000000000u};
  float real;
  tlk_convert(large, TLK_U32, &real, TLK_F32, 1);
  expect_true(real == 4e9f, "u32 above 2^31 to f32");
  begin_case("convert strided");
  float *source = random_tensor(TLK_F32, 20 * 30, -2, 2);
  uint16_t *destination = guarded(20 * 30 * 2);
  tlk_convert_strided(source, TLK_F32, L(1, 20), destination, TLK_F16, L(30, 1), L(20, 30), 2);
  for (int i = 0; i < 600; i++) expect_near(half_to_float(destination[i]), half_to_float(float_to_half(source[i % 30 * 20 + i / 30])), 0, "out", i);
  release_guarded();
}

static void check_gather_and_fill(void) {
  begin_case("gather rows");
  const tlk_int row = 13;
  uint8_t *input = guarded(2 * 7 * 13), *output = guarded(2 * 5 * 13);
  for (int i = 0; i < 2 * 7 * 13; i++) input[i] = (uint8_t)next_random();
  const int32_t indices[] = {6, 0, -1, -7, 3};
  const int rows[] = {6, 0, 6, 0, 3};
  expect_status(tlk_gather_rows(input, output, indices, 2, 7, 5, row, NULL), TLK_OK, "run");
  for (int o = 0; o < 2; o++)
    for (int i = 0; i < 5; i++) expect_true(memcmp(output + (o * 5 + i) * row, input + (o * 7 + rows[i]) * row, 13) == 0, "row");
  const int32_t outside[] = {0, -8};
  tlk_int bad = 0;
  expect_status(tlk_gather_rows(input, output, outside, 1, 7, 2, row, &bad), TLK_E_ARGUMENT, "index outside");
  expect_true(bad == -8, "the index is named");
  begin_case("fill");
  uint16_t *block = guarded(10 * 7 * 2);
  const uint16_t value = 0x3c00;
  expect_status(tlk_fill(block, L(7, 1), L(10, 6), 2, &value, 2), TLK_OK, "run");
  for (int i = 0; i < 70; i++) expect_true(block[i] == (i % 7 < 6 ? 0x3c00 : 0xfefe), "element");
  release_guarded();
}

void test_movement(void) {
  check_copies();
  check_conversions();
  check_gather_and_fill();
}
