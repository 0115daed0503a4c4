// Floats of other widths; a block is one element.

// Two roundings, f64 to f32 to f16, equal one when the first rounds to odd: the last bit of an inexact result tells that there is more.
static void decode_f64(const uint8_t *source, float *out, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) {
    double value;
    memcpy(&value, source + i * 8, 8);
    float near = (float)value;
    uint32_t bits;
    memcpy(&bits, &near, 4);
    if ((double)near != value && value == value) {
      double size = value < 0 ? -value : value, near_size = near < 0 ? -(double)near : (double)near;
      bits -= near_size > size;
      bits |= 1;
    }
    out[i] = float_of(bits);
  }
}

static void decode_bf16(const uint8_t *source, float *out, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) out[i] = float_of((uint32_t)load_u16(source + i * 2) << 16);
}

// Bias 7, no infinities, NaN is all ones (OCP).
static void decode_f8_e4m3(const uint8_t *source, float *out, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) {
    uint32_t x = source[i], size = x & 0x7f;
    float f = size == 0x7f ? float_of(0x7fc00000) : float_of(size << 20) * 0x1p120f;
    out[i] = x & 0x80 ? -f : f;
  }
}

// The upper byte of a half.
static void decode_f8_e5m2(const uint8_t *source, float *out, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) out[i] = half_bits((uint32_t)source[i] << 8);
}

// A power of two: 2^(x - 127), 255 is NaN.
static void decode_f8_e8m0(const uint8_t *source, float *out, tlk_int count) {
  for (tlk_int i = 0; i < count; i++) {
    uint32_t x = source[i];
    out[i] = float_of(x == 255 ? 0x7fc00000 : x == 0 ? 0x00400000 : x << 23);
  }
}

// No infinities, no negative zero: its bits are NaN. `shift` brings the exponent into place, `scale` corrects its bias.
static void decode_f8_fnuz(const uint8_t *source, float *out, tlk_int count, const int shift, const float scale) {
  for (tlk_int i = 0; i < count; i++) {
    uint32_t x = source[i];
    float f = float_of((x & 0x7f) << shift) * scale;
    out[i] = x == 0x80 ? float_of(0x7fc00000) : x & 0x80 ? -f : f;
  }
}
