// Softmax and normalisation of f32 rows in place. Rows may have any length. Behind the last element normalisation neither reads nor
// writes; softmax writes up to the next whole vector.

TLK_INLINE float m_horizontal_sum(vf x) {
  float s[TLK_LANES];
  v_store(s, x);
  for (int step = TLK_LANES / 2; step > 0; step /= 2)
    for (int i = 0; i < step; i++) s[i] += s[i + step];
  return s[0];
}
TLK_INLINE float m_horizontal_max(vf x) {
  float m = x[0];
  for (int i = 1; i < TLK_LANES; i++) m = x[i] > m ? x[i] : m;
  return m;
}

// EXPRESSION of x summed over a row in four sums per lane; lanes behind the end hold `FILL`, for which it must be 0.
#define ROW_SUM(RESULT, ROW, COUNT, FILL, EXPRESSION) \
  float RESULT; \
  { \
    vf sums[4] = {v_set(0), v_set(0), v_set(0), v_set(0)}; \
    tlk_int i = 0; \
    for (; i + 4 * TLK_LANES <= (COUNT); i += 4 * TLK_LANES) \
      for (int j = 0; j < 4; j++) { \
        vf x = v_load((ROW) + i + j * TLK_LANES); \
        sums[j] += EXPRESSION; \
      } \
    for (; i < (COUNT); i += TLK_LANES) { \
      vf x = i + TLK_LANES <= (COUNT) ? v_load((ROW) + i) : v_load_part(ROW, i, false, (COUNT) - i, FILL); \
      sums[0] += EXPRESSION; \
    } \
    RESULT = m_horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3])); \
  }

// x -> EXPRESSION for a row in place; `at` is the position.
#define ROW_MAP(ROW, COUNT, EXPRESSION) \
  for (tlk_int at = 0; at < (COUNT); at += TLK_LANES) { \
    const tlk_int n = tlk_min((COUNT) - at, TLK_LANES); \
    vf x = n == TLK_LANES ? v_load((ROW) + at) : v_load_part(ROW, at, false, n, 0); \
    vf y = EXPRESSION; \
    if (n == TLK_LANES) v_store((ROW) + at, y); \
    else v_store_part(ROW, at, false, n, y); \
  }

// e^x for x <= 0, zero below f32's normal numbers; NaN stays.
TLK_INLINE vf m_exp_negative(vf x) {
  vi is_tiny = x < v_set(-87.0f);
  vf sum = v_fma(x, v_set(1.44269504088896341f), v_set(M_ROUNDER));
  vf k = sum - v_set(M_ROUNDER);
  vf r = v_fma(k, v_set(-0.693359375f), x);
  r = v_fma(k, v_set(2.12194440e-4f), r);
  vf e = v_fma(m_exp_polynomial(r), r * r, r) + v_set(1.0f);
  return v_select(is_tiny, v_set(0.0f), e * m_power_of_two(m_integer_of(sum)));
}

static void softmax_row(float *row, tlk_int columns) {
  const tlk_int end = tlk_ceil_div(columns, TLK_LANES) * TLK_LANES;
  for (tlk_int i = columns; i < end; i++) row[i] = -INFINITY;
  vf most = v_set(-INFINITY);
  for (tlk_int i = 0; i < end; i += TLK_LANES) most = v_max(v_load(row + i), most);
  // Sums of sums: one sum would lose a digit over some ten thousand elements.
  vf shift = v_set(m_horizontal_max(most)), sums = v_set(0), total = v_set(0);
  for (tlk_int i = 0; i < end; i += TLK_LANES) {
    if (i % (64 * TLK_LANES) == 0) {
      total += sums;
      sums = v_set(0);
    }
    vf e = m_exp_negative(v_load(row + i) - shift);
    v_store(row + i, e);
    sums += e;
  }
  vf scale = v_set(1.0f / m_horizontal_sum(total + sums));
  for (tlk_int i = 0; i < end; i += TLK_LANES) v_store(row + i, v_load(row + i) * scale);
}

static void TLK_KERNEL(softmax_rows)(float *rows, tlk_int count, tlk_int columns, tlk_int pitch) {
  for (tlk_int r = 0; r < count; r++) softmax_row(rows + r * pitch, columns);
}

// Softmax down the columns of [axis][width]; width is a multiple of 16.
static void TLK_KERNEL(softmax_columns)(float *block, tlk_int axis, tlk_int width) {
  for (tlk_int c = 0; c < width; c += TLK_LANES) {
    float *column = block + c;
    vf most = v_set(-INFINITY), sum = v_set(0), total = v_set(0);
    for (tlk_int i = 0; i < axis; i++) most = v_max(v_load(column + i * width), most);
    for (tlk_int i = 0; i < axis; i++) {
      if (i % 64 == 0) {
        total += sum;
        sum = v_set(0);
      }
      vf e = m_exp(v_load(column + i * width) - most);
      v_store(column + i * width, e);
      sum += e;
    }
    vf scale = v_set(1.0f) / (total + sum);
    for (tlk_int i = 0; i < axis; i++) v_store(column + i * width, v_load(column + i * width) * scale);
  }
}

TLK_INLINE vf row_parameter(const float *parameter, tlk_int at, tlk_int n, float missing) {
  if (!parameter) return v_set(missing);
  return n == TLK_LANES ? v_load(parameter + at) : v_load_part(parameter, at, false, n, 0);
}

static void normalize_row(tlk_norm_kind kind, float *row, tlk_int columns, const float *gamma, const float *beta, float epsilon) {
  if (kind == TLK_NORM_LAYER) {
    ROW_SUM(total, row, columns, 0, x)
    vf mean = v_set(total / (float)columns);
    // Lanes behind the end hold the mean, so that their deviation is 0.
    ROW_SUM(squares, row, columns, mean[0], (x - mean) * (x - mean))
    vf scale = v_set(1.0f / sqrtf(squares / (float)columns + epsilon));
    ROW_MAP(row, columns, v_fma((x - mean) * scale, row_parameter(gamma, at, n, 1), row_parameter(beta, at, n, 0)))
  } else {
    ROW_SUM(squares, row, columns, 0, x * x)
    float sum = kind == TLK_NORM_RMS ? squares / (float)columns : squares;
    vf scale = v_set(1.0f / sqrtf(sum + epsilon));
    ROW_MAP(row, columns, x * scale * row_parameter(gamma, at, n, 1))
  }
}

static void TLK_KERNEL(normalize_rows)(tlk_norm_kind kind, float *rows, tlk_int count, tlk_int columns, const float *gamma,
                                       const float *beta, float epsilon) {
  for (tlk_int r = 0; r < count; r++) normalize_row(kind, rows + r * columns, columns, gamma, beta, epsilon);
}

// Rows of a product's operand, `pitch` apart from element `first` on, packed as f32.
static void TLK_KERNEL(prologue_rows)(const tlk_prologue *p, const void *source, tlk_dtype dtype, tlk_int first, tlk_int pitch,
                                      tlk_int rows, tlk_int columns, float *out) {
  const vf low = v_set(p->low), high = v_set(p->high);
  const bool half = dtype == TLK_F16;
  for (tlk_int r = 0; r < rows; r++, first += pitch, out += columns) {
    tlk_int i = 0;
    for (; i + TLK_LANES <= columns; i += TLK_LANES)
      v_store(out + i, m_clamp(v_fma(v_load_as(source, first + i, half), v_load(p->scale + i), v_load(p->shift + i)), low, high));
    const tlk_int n = columns - i;
    if (n == 0) continue;
    vf x = v_load_part(source, first + i, half, n, 0);
    v_store_part(out, i, false, n, m_clamp(v_fma(x, v_load_part(p->scale, i, false, n, 0), v_load_part(p->shift, i, false, n, 0)), low, high));
  }
}

// activation(x * scale + shift) for rows of `columns` in place, through the epilogue.
static void TLK_KERNEL(store_rows)(float *rows, tlk_int row_pitch, const tlk_epilogue *epilogue, tlk_int first_row, tlk_int count,
                                   tlk_int column, tlk_int columns, void *out, tlk_dtype out_dtype, tlk_int out_pitch) {
  const epilogue_target target = {.epilogue = epilogue, .alpha = 1, .first_pixel = first_row, .column = column, .columns = columns,
                                  .out = out, .out_dtype = out_dtype, .out_pitch = out_pitch};
  epilogue_rows(&target, rows, row_pitch, count);
}

static void TLK_KERNEL(activate)(const tlk_activation *activation, float *x, tlk_int count) {
  activate(activation->kind, x, count, activation->alpha, activation->beta, activation->slope);
}

static void TLK_KERNEL(blend_rows)(const float *a, const float *b, float weight, float *out, tlk_int count) {
  const vf w = v_set(weight);
  for (tlk_int i = 0; i < count; i += TLK_LANES) {
    vf x = v_load(a + i);
    v_store(out + i, v_fma(v_load(b + i) - x, w, x));
  }
}
