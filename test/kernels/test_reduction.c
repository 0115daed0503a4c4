#include "check.h"

static double reference_reduce(tlk_reduce_kind kind, const void *x, tlk_dtype type, tlk_int first, tlk_int axis, tlk_int inner) {
  double sum = 0, low = INFINITY, high = -INFINITY, product = 1, absolute = 0, squares = 0, exponentials = 0;
  bool nan = false;
  for (tlk_int a = 0; a < axis; a++) {
    double v = element(x, type, first + a * inner);
    nan |= isnan(v);
    sum += v, product *= v, absolute += fabs(v), squares += v * v, exponentials += exp(v);
    low = fmin(low, v), high = fmax(high, v);
  }
  switch (kind) {
    case TLK_REDUCE_SUM: return sum;
    case TLK_REDUCE_MEAN: return sum / (double)axis;
    case TLK_REDUCE_MIN: return nan ? NAN : low;
    case TLK_REDUCE_MAX: return nan ? NAN : high;
    case TLK_REDUCE_PROD: return product;
    case TLK_REDUCE_L1: return absolute;
    case TLK_REDUCE_L2: return sqrt(squares);
    case TLK_REDUCE_SUM_SQUARE: return squares;
    case TLK_REDUCE_LOG_SUM: return log(sum);
    default: return log(exponentials);
  }
}

static void check_reduce(tlk_int outer, tlk_int axis, tlk_int inner, tlk_dtype in, tlk_dtype out, bool special) {
  for (tlk_reduce_kind kind = TLK_REDUCE_SUM; kind < TLK_REDUCE_COUNT; kind++) {
    begin_case("reduce kind %d over %td %td %td dtypes %d %d special %d", kind, outer, axis, inner, in, out, special);
    void *x = random_tensor(in, outer * axis * inner, 0.25f, 1.5f), *y = guarded((size_t)(outer * inner * tlk_dtype_size(out)));
    if (special && in == TLK_F16) {
      ((uint16_t *)x)[0] = 0x7e00;
      ((uint16_t *)x)[axis * inner] = kind == TLK_REDUCE_LOG_SUM_EXP ? 0x7c00 : 0xfc00;
    }
    expect_status(tlk_reduce(kind, x, in, y, out, outer, axis, inner), TLK_OK, "run");
    for (tlk_int o = 0; o < outer; o++)
      for (tlk_int i = 0; i < inner; i++) {
        double want = reference_reduce(kind, x, in, o * axis * inner + i, axis, inner);
        double bound = storage_error(out, want) + fabs(want) * (kind == TLK_REDUCE_PROD ? (double)axis : 8) * 0x1p-23 + 1e-6;
        if (out == TLK_F16 && fabs(want) > 65504) want = copysign(INFINITY, want);
        expect_near(element(y, out, o * inner + i), want, bound, "out", o * inner + i);
      }
    release_guarded();
  }
}

static void check_integers(tlk_dtype type) {
  static const tlk_reduce_kind kinds[] = {TLK_REDUCE_SUM, TLK_REDUCE_MEAN, TLK_REDUCE_MIN, TLK_REDUCE_MAX, TLK_REDUCE_PROD, TLK_REDUCE_L1, TLK_REDUCE_SUM_SQUARE};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    begin_case("reduce integers kind %d dtype %d", kinds[k], type);
    void *x = random_tensor(type, 3 * 5 * 7, type == TLK_I32 || type == TLK_I8 ? -9 : 0, 9);
    int32_t *y = guarded(3 * 7 * 4);
    expect_status(tlk_reduce(kinds[k], x, type, y, TLK_I32, 3, 5, 7), TLK_OK, "run");
    for (tlk_int o = 0; o < 3; o++)
      for (tlk_int i = 0; i < 7; i++)
        expect_near(y[o * 7 + i], trunc(reference_reduce(kinds[k], x, type, o * 35 + i, 5, 7)), 0, "out", o * 7 + i);
    release_guarded();
  }
  begin_case("reduce integers, refusals and wrapping");
  int32_t large[2] = {INT32_MAX, 1}, result;
  expect_status(tlk_reduce(TLK_REDUCE_SUM, large, TLK_I32, &result, TLK_I32, 1, 2, 1), TLK_OK, "run");
  expect_true(result == INT32_MIN, "sums wrap");
  expect_status(tlk_reduce(TLK_REDUCE_L2, large, TLK_I32, &result, TLK_I32, 1, 2, 1), TLK_E_UNSUPPORTED, "L2 of integers");
}

static void check_search(tlk_int outer, tlk_int axis, tlk_int inner, tlk_dtype type) {
  begin_case("arg and top-k over %td %td %td dtype %d", outer, axis, inner, type);
  // Few different values: ties are frequent.
  void *x = random_tensor(type, outer * axis * inner, 0, 20);
  for (tlk_int i = 0; type == TLK_F16 && i < outer * axis * inner; i++) ((uint16_t *)x)[i] &= 0xff00;
  if (type == TLK_F16 && axis > 4) ((uint16_t *)x)[4 * inner] = 0x7e00;
  int32_t *best = guarded((size_t)(outer * inner * 4));
  for (int maximum = 0; maximum < 2; maximum++) {
    expect_status(tlk_arg_reduce(maximum, x, type, best, outer, axis, inner), TLK_OK, "arg");
    for (tlk_int o = 0; o < outer; o++)
      for (tlk_int i = 0; i < inner; i++) {
        tlk_int want = 0;
        for (tlk_int a = 1; a < axis; a++) {
          double v = element(x, type, (o * axis + a) * inner + i), b = element(x, type, (o * axis + want) * inner + i);
          if (!isnan(b) && (isnan(v) || (maximum ? v > b : v < b))) want = a;
        }
        expect_near(best[o * inner + i], (double)want, 0, "arg", o * inner + i);
      }
  }
  if (inner == 1) {
    tlk_int count = axis / 2 + 1;
    int32_t *indices = guarded((size_t)(outer * count * 4));
    void *values = guarded((size_t)(outer * count * tlk_dtype_size(type)));
    for (int largest = 0; largest < 2; largest++) {
      expect_status(tlk_top_k(largest, x, type, values, indices, outer, axis, count), TLK_OK, "top_k");
      for (tlk_int o = 0; o < outer; o++) {
        bool *used = calloc((size_t)axis, 1);
        for (tlk_int n = 0; n < count; n++) {
          tlk_int want = -1;
          for (tlk_int a = 0; a < axis; a++) {
            if (used[a]) continue;
            double v = element(x, type, o * axis + a), b = want < 0 ? NAN : element(x, type, o * axis + want);
            if (want < 0 || (isnan(b) && !isnan(v)) || (largest ? v > b : v < b)) want = a;
          }
          used[want] = true;
          expect_near(indices[o * count + n], (double)want, 0, "top_k index", o * count + n);
          expect_near(element(values, type, o * count + n), element(x, type, o * axis + want), 0, "top_k value", o * count + n);
        }
        free(used);
      }
    }
  }
  release_guarded();
}

static void check_running_sum(void) {
  for (int mode = 0; mode < 4; mode++) {
    begin_case("cumulative sum mode %d", mode);
    float *x = random_tensor(TLK_F32, 2 * 9 * 3, -2, 2), *y = guarded(2 * 9 * 3 * 4);
    int32_t *xi = random_tensor(TLK_I32, 9, -50, 50), *yi = guarded(9 * 4);
    bool exclusive = mode & 1, reverse = mode & 2;
    expect_status(tlk_cumulative_sum(x, y, TLK_F32, 2, 9, 3, exclusive, reverse), TLK_OK, "floats");
    expect_status(tlk_cumulative_sum(xi, yi, TLK_I32, 1, 9, 1, exclusive, reverse), TLK_OK, "integers");
    for (tlk_int a = 0; a < 9; a++) {
      double integer = 0;
      for (tlk_int o = 0; o < 6; o++) {
        double want = 0;
        for (tlk_int k = 0; k < 9; k++)
          if ((reverse ? k > a : k < a) || (k == a && !exclusive)) want += x[(o / 3 * 9 + k) * 3 + o % 3];
        expect_near(y[(o / 3 * 9 + a) * 3 + o % 3], want, 1e-5, "float", a);
      }
      for (tlk_int k = 0; k < 9; k++)
        if ((reverse ? k > a : k < a) || (k == a && !exclusive)) integer += xi[k];
      expect_near(yi[a], integer, 0, "integer", a);
    }
    release_guarded();
  }
}

void test_reduction(void) {
  check_reduce(3, 1, 1, TLK_F16, TLK_F32, false);
  check_reduce(5, 37, 1, TLK_F16, TLK_F16, true);
  check_reduce(2, 3000, 1, TLK_F32, TLK_F32, false);
  check_reduce(2, 19, 33, TLK_F16, TLK_F32, true);
  check_reduce(1, 49, 130, TLK_F16, TLK_F16, false);
  check_reduce(300, 5, 2, TLK_F32, TLK_F16, false);
  check_reduce(2, 0, 3, TLK_F32, TLK_F32, false);
  check_integers(TLK_I32);
  check_integers(TLK_U8);
  check_integers(TLK_I8);
  check_search(4, 31, 1, TLK_F16);
  check_search(3, 600, 1, TLK_F32);
  check_search(2, 9, 5, TLK_F16);
  check_search(2, 50, 1, TLK_U8);
  check_running_sum();
  begin_case("reduction refusals");
  int32_t index;
  expect_status(tlk_arg_reduce(true, NULL, TLK_F16, &index, 1, 0, 1), TLK_E_ARGUMENT, "arg of an empty axis");
  expect_status(tlk_top_k(true, NULL, TLK_F16, NULL, NULL, 1, 3, 4), TLK_E_ARGUMENT, "more than there are");
  expect_status(tlk_reduce(TLK_REDUCE_SUM, NULL, TLK_F16, NULL, TLK_F16, PTRDIFF_MAX, 2, 1), TLK_E_ARGUMENT, "overflow");
  begin_case("statistics");
  const float values[] = {1, -3, NAN, INFINITY, 2, -INFINITY};
  tlk_statistics s;
  tlk_statistics_of(values, TLK_F32, 6, &s);
  expect_true(s.minimum == -3 && s.maximum == 2 && s.sum == 0 && s.nan_count == 1 && s.infinity_count == 2, "of six numbers");
}
