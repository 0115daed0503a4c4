// f32 functions on vectors. Errors are at most 2 units in the last place unless a comment says otherwise; infinities, NaN and
// subnormal numbers as in C. Polynomials: Cephes (S. Moshier) except where named.

TLK_INLINE vf m_abs(vf x) { return (vf)((vu)x & 0x7fffffff); }
TLK_INLINE vf m_copysign(vf magnitude, vf sign) { return (vf)(((vu)magnitude & 0x7fffffff) | ((vu)sign & 0x80000000)); }
TLK_INLINE vf m_clamp(vf x, vf low, vf high) { return v_min(high, v_max(low, x)); }

// 2^k for k in -126…127.
TLK_INLINE vf m_power_of_two(vi k) { return (vf)((k + 127) << 23); }

// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2.
TLK_INLINE vf m_exp_polynomial(vf r) {
  vf p = v_fma(v_set(1.9875691500e-4f), r, v_set(1.3981999507e-3f));
  p = v_fma(p, r, v_set(8.3334519073e-3f));
  p = v_fma(p, r, v_set(4.1665795894e-2f));
  p = v_fma(p, r, v_set(1.6666665459e-1f));
  return v_fma(p, r, v_set(5.0000001201e-1f));
}

// Rounds to the nearest integer for |x| < 2^22: the sum leaves the integer in the mantissa.
#define M_ROUNDER 0x1.8p23f
TLK_INLINE vi m_integer_of(vf rounded_sum) { return (vi)rounded_sum - (vi)v_set(M_ROUNDER); }

// The product with 2^k is done in two halves: k may leave the range of one normal number.
TLK_INLINE vf m_scale(vf x, vi k) {
  vi half = k >> 1;
  return x * m_power_of_two(half) * m_power_of_two(k - half);
}

// 2^shift * e^x
TLK_INLINE vf m_exp_shifted(vf x, int32_t shift) {
  x = m_clamp(x, v_set(-105.0f), v_set(90.0f));
  vf sum = v_fma(x, v_set(1.44269504088896341f), v_set(M_ROUNDER));
  vf k = sum - v_set(M_ROUNDER);
  vf r = v_fma(k, v_set(-0.693359375f), x);
  r = v_fma(k, v_set(2.12194440e-4f), r);
  vf e = v_fma(m_exp_polynomial(r), r * r, r) + v_set(1.0f);
  return m_scale(e, m_integer_of(sum) + shift);
}
TLK_INLINE vf m_exp(vf x) { return m_exp_shifted(x, 0); }

TLK_INLINE vf m_exp2(vf x) {
  x = m_clamp(x, v_set(-151.0f), v_set(129.0f));
  vf sum = x + v_set(M_ROUNDER);
  vf r = (x - (sum - v_set(M_ROUNDER))) * v_set(0.693147180559945f);
  vf e = v_fma(m_exp_polynomial(r), r * r, r) + v_set(1.0f);
  return m_scale(e, m_integer_of(sum));
}

// e^x - 1 for x <= 0 and NaN.
TLK_INLINE vf m_expm1_negative(vf x) {
  x = v_max(v_set(-30.0f), x);
  vf sum = v_fma(x, v_set(1.44269504088896341f), v_set(M_ROUNDER));
  vf k = sum - v_set(M_ROUNDER);
  vf r = v_fma(k, v_set(-0.693359375f), x);
  r = v_fma(k, v_set(2.12194440e-4f), r);
  vf scale = m_power_of_two(m_integer_of(sum));
  return v_fma(scale, v_fma(m_exp_polynomial(r), r * r, r), scale - v_set(1.0f));
}

TLK_INLINE vf m_log(vf x) {
  vi tiny = x < v_set(0x1p-126f);
  vf scaled = v_select(tiny, x * v_set(0x1p23f), x);
  vi bits = (vi)scaled;
  // Mantissa in sqrt(1/2)…sqrt(2).
  vi e = ((bits - 0x3f3504f3) >> 23);
  vf f = (vf)(bits - (e << 23)) - v_set(1.0f);
  vf exponent = v_from_i(e - (tiny & 23));
  vf p = v_fma(v_set(7.0376836292e-2f), f, v_set(-1.1514610310e-1f));
  p = v_fma(p, f, v_set(1.1676998740e-1f));
  p = v_fma(p, f, v_set(-1.2420140846e-1f));
  p = v_fma(p, f, v_set(1.4249322787e-1f));
  p = v_fma(p, f, v_set(-1.6668057665e-1f));
  p = v_fma(p, f, v_set(2.0000714765e-1f));
  p = v_fma(p, f, v_set(-2.4999993993e-1f));
  p = v_fma(p, f, v_set(3.3333331174e-1f));
  vf square = f * f;
  vf r = p * f * square;
  r = v_fma(exponent, v_set(-2.12194440e-4f), r);
  r = v_fma(square, v_set(-0.5f), r);
  r = v_fma(exponent, v_set(0.693359375f), f + r);
  r = v_select(x == v_set(0.0f), v_set(-INFINITY), r);
  r = v_select(x == v_set(INFINITY), x, r);
  vi invalid = ~(x >= v_set(0.0f));
  return v_select(invalid, v_set(NAN), r);
}

// log(1 + x) for x in -1/2…1 and above: the rounding of 1 + x is put back.
TLK_INLINE vf m_log1p(vf x) {
  vf w = v_set(1.0f) + x;
  vf correction = (x - (w - v_set(1.0f))) / w;
  return m_log(w) + v_select(w < v_set(INFINITY), correction, v_set(0.0f));
}

TLK_INLINE vf m_sigmoid(vf x) {
  vf e = m_exp((vf)((vu)x | 0x80000000));
  return v_select(x < v_set(0.0f), e, v_set(1.0f)) / (v_set(1.0f) + e);
}

TLK_INLINE vf m_tanh(vf x) {
  vf a = m_abs(x), s = x * x;
  vf p = v_fma(v_set(-5.70498872745e-3f), s, v_set(2.06390887954e-2f));
  p = v_fma(p, s, v_set(-5.37397155531e-2f));
  p = v_fma(p, s, v_set(1.33314422036e-1f));
  p = v_fma(p, s, v_set(-3.33332819422e-1f));
  vf small = v_fma(p * s, x, x);
  vf large = v_set(1.0f) - v_set(2.0f) / (m_exp(a + a) + v_set(1.0f));
  return v_select(a < v_set(0.625f), small, m_copysign(large, x));
}

// log(erfc(t)) for t >= 0.92 (N. Juffa's fit, errors below 1 unit in the last place of erf).
TLK_INLINE vf m_log_erfc(vf t) {
  vf s = t * t;
  vf r = v_fma(v_set(-1.72853470e-5f), t, v_set(3.83197126e-4f));
  vf u = v_fma(v_set(-3.88396438e-3f), t, v_set(2.42546219e-2f));
  r = v_fma(r, s, u);
  r = v_fma(r, t, v_set(-1.06777877e-1f));
  r = v_fma(r, t, v_set(-6.34846687e-1f));
  r = v_fma(r, t, v_set(-1.28717512e-1f));
  return v_fma(r, t, -t);
}
TLK_INLINE vf m_erf_small(vf x) {
  vf s = x * x;
  vf r = v_fma(v_set(-5.96761703e-4f), s, v_set(4.99119423e-3f));
  r = v_fma(r, s, v_set(-2.67681349e-2f));
  r = v_fma(r, s, v_set(1.12819925e-1f));
  r = v_fma(r, s, v_set(-3.76125336e-1f));
  r = v_fma(r, s, v_set(1.28379166e-1f));
  return v_fma(r, x, x);
}
TLK_INLINE vf m_erf(vf x) {
  vf t = m_abs(x);
  vf large = v_set(1.0f) - m_exp(m_log_erfc(v_min(v_set(12.0f), t)));
  return v_select(t > v_set(0.927734375f), m_copysign(large, x), m_erf_small(x));
}

// x/2 * erfc(-x / sqrt 2): at least as exact as x/2 * (1 + erf), and the left tail goes smoothly to zero.
TLK_INLINE vf m_gelu(vf x) {
  vf a = x * v_set(0.70710678118654752f), t = m_abs(a), half = x * v_set(0.5f);
  vf tail = m_exp(m_log_erfc(v_min(v_set(12.0f), t)));
  vf large = v_select(x < v_set(0.0f), tail, v_set(2.0f) - tail);
  return half * v_select(t > v_set(0.927734375f), large, v_set(1.0f) + m_erf_small(a));
}

// Reduction in f64 keeps its accuracy to |x| = 2^22; beyond that sine and cosine of an f32 are taken from libm.
typedef double vd __attribute__((vector_size(TLK_LANES * 8)));
typedef int64_t vl __attribute__((vector_size(TLK_LANES * 8)));
#define M_LARGEST_REDUCED 0x1p22f
TLK_INLINE vf m_reduce_angle(vf x, vi *quadrant) {
  vd wide = __builtin_convertvector(x, vd);
  vd sum = wide * 0.63661977236758134308 + 0x1.8p52;
  vd k = sum - 0x1.8p52;
  *quadrant = __builtin_convertvector((vl)sum & 3, vi);
  // A quarter turn in three parts, whose first two products with k are exact: beside a zero of the sine, all that is left counts.
  vd left = wide - k * 0x1.921fb548p+0 - k * -0x1.de973dcp-31 - k * -0x1.676733ae8fe48p-60;
  return __builtin_convertvector(left, vf);
}
TLK_INLINE vf m_sin_polynomial(vf r) {
  vf s = r * r;
  vf p = v_fma(v_set(-1.9515295891e-4f), s, v_set(8.3321608736e-3f));
  p = v_fma(p, s, v_set(-1.6666654611e-1f));
  return v_fma(p * s, r, r);
}
TLK_INLINE vf m_cos_polynomial(vf r) {
  vf s = r * r;
  vf p = v_fma(v_set(2.443315711809948e-5f), s, v_set(-1.388731625493765e-3f));
  p = v_fma(p, s, v_set(4.166664568298827e-2f));
  return v_fma(p * s, s, v_fma(s, v_set(-0.5f), v_set(1.0f)));
}
TLK_INLINE vf m_sin_cos(vf x, int32_t quarter_turns, float (*exact)(float)) {
  vi q;
  vf r = m_reduce_angle(x, &q);
  q += quarter_turns;
  vf result = v_select((q & 1) != 0, m_cos_polynomial(r), m_sin_polynomial(r));
  result = (vf)((vu)result ^ (((vu)q & 2) << 30));
  for (int i = 0; i < TLK_LANES; i++)
    if (!(fabsf(x[i]) <= M_LARGEST_REDUCED)) result[i] = exact(x[i]);
  return result;
}
TLK_INLINE vf m_sin(vf x) { return v_select(x == v_set(0.0f), x, m_sin_cos(x, 0, sinf)); }
TLK_INLINE vf m_cos(vf x) { return m_sin_cos(x, 1, cosf); }

TLK_INLINE vf m_softplus(vf x) {
  vf e = m_exp((vf)((vu)x | 0x80000000));
  return v_max(v_set(0.0f), x) + m_log1p(e);
}

TLK_INLINE vf m_cosh(vf x) {
  vf e = m_exp_shifted(m_abs(x), -1);
  return e + v_set(0.25f) / e;
}
TLK_INLINE vf m_sinh(vf x) {
  vf a = m_abs(x), s = x * x;
  vf e = m_exp_shifted(a, -1);
  vf p = v_fma(v_set(2.03721912945e-4f), s, v_set(8.33028376239e-3f));
  p = v_fma(p, s, v_set(1.66667160211e-1f));
  return v_select(a < v_set(1.0f), v_fma(p * s, x, x), m_copysign(e - v_set(0.25f) / e, x));
}

TLK_INLINE vf m_asin_small(vf x) {
  vf z = x * x;
  vf p = v_fma(v_set(4.2163199048e-2f), z, v_set(2.4181311049e-2f));
  p = v_fma(p, z, v_set(4.5470025998e-2f));
  p = v_fma(p, z, v_set(7.4953002686e-2f));
  p = v_fma(p, z, v_set(1.6666752422e-1f));
  return v_fma(p * z, x, x);
}
TLK_INLINE vf m_asin(vf x) {
  vf a = m_abs(x);
  vf half = m_asin_small(v_sqrt((v_set(1.0f) - a) * v_set(0.5f)));
  vf large = v_fma(half, v_set(-2.0f), v_set(1.57079632679489662f));
  return v_select(a < v_set(0.5f), m_asin_small(x), m_copysign(large, x));
}
TLK_INLINE vf m_acos(vf x) {
  vf a = m_abs(x);
  vf twice = m_asin_small(v_sqrt((v_set(1.0f) - a) * v_set(0.5f))) * v_set(2.0f);
  vf large = v_select(x < v_set(0.0f), v_set(3.14159265358979324f) - twice, twice);
  return v_select(a < v_set(0.5f), v_set(1.57079632679489662f) - m_asin_small(x), large);
}
TLK_INLINE vf m_atan(vf x) {
  vf a = m_abs(x);
  vi high = a > v_set(2.414213562373095f), middle = (a > v_set(0.4142135623730950f)) & ~high;
  vf z = v_select(high, v_set(-1.0f) / a, v_select(middle, (a - v_set(1.0f)) / (a + v_set(1.0f)), a));
  vf base = v_select(high, v_set(1.57079632679489662f), v_select(middle, v_set(0.78539816339744831f), v_set(0.0f)));
  vf s = z * z;
  vf p = v_fma(v_set(8.05374449538e-2f), s, v_set(-1.38776856032e-1f));
  p = v_fma(p, s, v_set(1.99777106478e-1f));
  p = v_fma(p, s, v_set(-3.33329491539e-1f));
  return m_copysign(base + v_fma(p * s, z, z), x);
}
TLK_INLINE vf m_atanh(vf x) {
  vf a = m_abs(x), z = x * x;
  vf p = v_fma(v_set(1.81740078349e-1f), z, v_set(8.24370301058e-2f));
  p = v_fma(p, z, v_set(1.46691431730e-1f));
  p = v_fma(p, z, v_set(1.99782164500e-1f));
  p = v_fma(p, z, v_set(3.33337300303e-1f));
  vf large = v_set(0.5f) * m_log((v_set(1.0f) + a) / (v_set(1.0f) - a));
  return v_select(a < v_set(0.5f), v_fma(p * z, x, x), (vf)((vu)large ^ ((vu)x & 0x80000000)));
}
