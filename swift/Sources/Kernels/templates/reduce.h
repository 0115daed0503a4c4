// Reductions of f32 data. `shift` belongs to TLK_REDUCE_LOG_SUM_EXP: exp(x - shift) is summed.

TLK_INLINE vf reduce_identity(tlk_reduce_kind kind) {
  switch (kind) {
    case TLK_REDUCE_MIN: return v_set(INFINITY);
    case TLK_REDUCE_MAX: return v_set(-INFINITY);
    case TLK_REDUCE_PROD: return v_set(1);
    default: return v_set(0);
  }
}

TLK_INLINE vf reduce_element(const tlk_reduce_kind kind, vf acc, vf x, vf shift) {
  switch (kind) {
    case TLK_REDUCE_MIN: return ew_minimum(x, acc);
    case TLK_REDUCE_MAX: return ew_maximum(x, acc);
    case TLK_REDUCE_PROD: return acc * x;
    case TLK_REDUCE_L1: return acc + m_abs(x);
    case TLK_REDUCE_L2:
    case TLK_REDUCE_SUM_SQUARE: return v_fma(x, x, acc);
    case TLK_REDUCE_LOG_SUM_EXP: return acc + m_exp(x - shift);
    default: return acc + x;
  }
}

// Partial results of one kind.
TLK_INLINE vf reduce_join(const tlk_reduce_kind kind, vf a, vf b) {
  switch (kind) {
    case TLK_REDUCE_MIN: return ew_minimum(a, b);
    case TLK_REDUCE_MAX: return ew_maximum(a, b);
    case TLK_REDUCE_PROD: return a * b;
    default: return a + b;
  }
}

TLK_INLINE void reduce_columns_of(const tlk_reduce_kind kind, const float *block, tlk_int rows, tlk_int width, const float *shift, float *acc) {
  for (tlk_int c = 0; c < width; c += TLK_LANES) {
    vf partial = reduce_identity(kind), by = shift ? v_load(shift + c) : v_set(0);
    for (tlk_int r = 0; r < rows; r++) partial = reduce_element(kind, partial, v_load(block + r * width + c), by);
    v_store(acc + c, reduce_join(kind, v_load(acc + c), partial));
  }
}

TLK_INLINE float reduce_row_of(const tlk_reduce_kind kind, const float *row, tlk_int count, float shift) {
  vf partial[4], by = v_set(shift);
  for (int j = 0; j < 4; j++) partial[j] = reduce_identity(kind);
  tlk_int i = 0;
  for (; i + 4 * TLK_LANES <= count; i += 4 * TLK_LANES)
    for (int j = 0; j < 4; j++) partial[j] = reduce_element(kind, partial[j], v_load(row + i + j * TLK_LANES), by);
  for (; i + TLK_LANES <= count; i += TLK_LANES) partial[0] = reduce_element(kind, partial[0], v_load(row + i), by);
  float lanes[2 * TLK_LANES];
  for (int j = 1; j < 4; j++) partial[0] = reduce_join(kind, partial[0], partial[j]);
  v_store(lanes, partial[0]);
  // The last elements, one lane each, beside identities.
  v_store(lanes + TLK_LANES, reduce_identity(kind));
  for (int j = 0; i < count; i++, j++) lanes[TLK_LANES + j] = reduce_element(kind, v_set(lanes[TLK_LANES + j]), v_set(row[i]), by)[0];
  for (int step = TLK_LANES; step > 0; step /= 2)
    for (int j = 0; j < step; j++) lanes[j] = reduce_join(kind, v_set(lanes[j]), v_set(lanes[j + step]))[0];
  return lanes[0];
}

#define REDUCE_EACH(X) \
  X(TLK_REDUCE_SUM) X(TLK_REDUCE_MIN) X(TLK_REDUCE_MAX) X(TLK_REDUCE_PROD) X(TLK_REDUCE_L1) X(TLK_REDUCE_SUM_SQUARE) X(TLK_REDUCE_LOG_SUM_EXP)

// [rows][width] into acc[width]; width is a multiple of 16. Only the kinds of REDUCE_EACH: the others end differently but sum alike.
static void TLK_KERNEL(reduce_columns)(tlk_reduce_kind kind, const float *block, tlk_int rows, tlk_int width, const float *shift, float *acc) {
#define X(KIND) case KIND: reduce_columns_of(KIND, block, rows, width, shift, acc); break;
  switch (kind) {
    REDUCE_EACH(X)
    default: break;
  }
#undef X
}

static void TLK_KERNEL(reduce_row)(tlk_reduce_kind kind, const float *row, tlk_int count, float shift, float *result) {
#define X(KIND) case KIND: *result = reduce_row_of(KIND, row, count, shift); break;
  switch (kind) {
    REDUCE_EACH(X)
    default: break;
  }
#undef X
}
