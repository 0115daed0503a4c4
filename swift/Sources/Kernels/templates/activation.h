// tlk_activation on one vector. `slope` is used by PReLU only.
TLK_INLINE vf m_hard_sigmoid(vf x, vf alpha, vf beta) {
  return m_clamp(v_fma(x, alpha, beta), v_set(0.0f), v_set(1.0f));
}

// The exact gelu for results that are rounded to f16: a third of m_gelu's instructions, errors below 4e-6 of the result where f16 is
// normal and below 2e-8 where it is subnormal. max(x, 0) - |x| q(|x|) with q(a) = erfc(a / sqrt 2) / 2 = 2^P(a); beyond 5.8 the product
// rounds to zero. P and 2^f are weighted minimax fits.
TLK_INLINE vf m_gelu_half(vf x) {
  vf a = v_min(v_set(5.8f), m_abs(x));
  vf p = v_fma(v_set(-6.279645390e-07f), a, v_set(9.864902495e-06f));
  p = v_fma(p, a, v_set(-2.696655611e-05f));
  p = v_fma(p, a, v_set(-5.817633937e-04f));
  p = v_fma(p, a, v_set(7.749097887e-03f));
  p = v_fma(p, a, v_set(-5.306828767e-02f));
  p = v_fma(p, a, v_set(-4.589744508e-01f));
  p = v_fma(p, a, v_set(-1.151141524e+00f));
  p = v_fma(p, a, v_set(-9.999990463e-01f));
  vf sum = p + v_set(M_ROUNDER);
  vf f = p - (sum - v_set(M_ROUNDER));
  vf e = v_fma(v_set(1.327647129e-03f), f, v_set(9.675541893e-03f));
  e = v_fma(e, f, v_set(5.550713465e-02f));
  e = v_fma(e, f, v_set(2.402212024e-01f));
  e = v_fma(e, f, v_set(6.931469440e-01f));
  e = v_fma(e, f, v_set(1.000000119e+00f));
  vf q = (vf)((vi)e + (m_integer_of(sum) << 23));
  return v_fma(-a, q, v_max(v_set(0.0f), x));
}

TLK_INLINE vf m_gelu_tanh(vf x) {
  vf cubic = v_fma(x * x * x, v_set(0.044715f), x);
  // tanh(y) + 1 = 2 * sigmoid(2y)
  return x * m_sigmoid(cubic * v_set(2.0f * 0.79788456080286536f));
}

TLK_INLINE vf m_activation(tlk_activation_kind kind, vf x, float alpha_value, float beta_value, vf slope) {
  vf alpha = v_set(alpha_value), beta = v_set(beta_value), zero = v_set(0.0f);
  switch (kind) {
    case TLK_ACT_RELU: return v_max(zero, x);
    case TLK_ACT_CLAMP: return m_clamp(x, alpha, beta);
    case TLK_ACT_LEAKY_RELU: return v_select(x < zero, x * alpha, x);
    case TLK_ACT_PRELU: return v_select(x < zero, x * slope, x);
    case TLK_ACT_ELU: return v_select(x < zero, alpha * m_expm1_negative(x), x);
    case TLK_ACT_SIGMOID: return m_sigmoid(x);
    case TLK_ACT_TANH: return m_tanh(x);
    case TLK_ACT_GELU: return m_gelu(x);
    case TLK_ACT_GELU_TANH: return m_gelu_tanh(x);
    case TLK_ACT_GELU_SIGMOID: return x * m_sigmoid(x * v_set(1.702f));
    case TLK_ACT_SILU: return x * m_sigmoid(x);
    case TLK_ACT_HARD_SIGMOID: return m_hard_sigmoid(x, alpha, beta);
    case TLK_ACT_HARD_SWISH: return x * m_hard_sigmoid(x, alpha, beta);
    case TLK_ACT_SCALED_TANH: return alpha * m_tanh(x * beta);
    case TLK_ACT_SOFTPLUS: return alpha * m_softplus(x * beta);
    case TLK_ACT_SOFTSIGN: return x / (v_set(1.0f) + m_abs(x));
    case TLK_ACT_LINEAR: return v_fma(x, alpha, beta);
    case TLK_ACT_THRESHOLDED_RELU: return v_select(x < alpha, zero, x);
    default: return x;
  }
}

// In place on a buffer whose length is rounded up to whole vectors.
static void activate(tlk_activation_kind kind, float *x, tlk_int count, float alpha, float beta, const float *slope) {
#define ACTIVATE(KIND) \
  case KIND: \
    for (tlk_int i = 0; i < count; i += TLK_LANES) \
      v_store(x + i, m_activation(KIND, v_load(x + i), alpha, beta, slope ? v_load(slope + i) : v_set(0.0f))); \
    break;
  switch (kind) {
    ACTIVATE(TLK_ACT_RELU)
    ACTIVATE(TLK_ACT_CLAMP)
    ACTIVATE(TLK_ACT_LEAKY_RELU)
    ACTIVATE(TLK_ACT_PRELU)
    ACTIVATE(TLK_ACT_ELU)
    ACTIVATE(TLK_ACT_SIGMOID)
    ACTIVATE(TLK_ACT_TANH)
    ACTIVATE(TLK_ACT_GELU)
    ACTIVATE(TLK_ACT_GELU_TANH)
    ACTIVATE(TLK_ACT_GELU_SIGMOID)
    ACTIVATE(TLK_ACT_SILU)
    ACTIVATE(TLK_ACT_HARD_SIGMOID)
    ACTIVATE(TLK_ACT_HARD_SWISH)
    ACTIVATE(TLK_ACT_SCALED_TANH)
    ACTIVATE(TLK_ACT_SOFTPLUS)
    ACTIVATE(TLK_ACT_SOFTSIGN)
    ACTIVATE(TLK_ACT_LINEAR)
    ACTIVATE(TLK_ACT_THRESHOLDED_RELU)
    default: break;
  }
#undef ACTIVATE
}
