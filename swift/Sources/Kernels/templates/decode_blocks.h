// Blocks with one scale: Q4_0 to Q8_1, ternary, 1-bit and 4-bit floats.

// d * (q - 8); element i in the low, i + 16 in the high half of byte i.
static void decode_q4_0(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 18, out += 32) {
    float d = load_half(b);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)((b[2 + i] & 15) - 8);
      out[i + 16] = d * (float)((b[2 + i] >> 4) - 8);
    }
  }
}

// d * q + m
static void decode_q4_1(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 20, out += 32) {
    float d = load_half(b), m = load_half(b + 2);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)(b[4 + i] & 15) + m;
      out[i + 16] = d * (float)(b[4 + i] >> 4) + m;
    }
  }
}

// d * (q - 16); the fifth bits stand together.
static void decode_q5_0(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 22, out += 32) {
    float d = load_half(b);
    uint32_t high = load_u32(b + 2);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)((int)((b[6 + i] & 15) | (high >> i & 1) << 4) - 16);
      out[i + 16] = d * (float)((int)((b[6 + i] >> 4) | (high >> (i + 16) & 1) << 4) - 16);
    }
  }
}

static void decode_q5_1(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 24, out += 32) {
    float d = load_half(b), m = load_half(b + 2);
    uint32_t high = load_u32(b + 4);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)((b[8 + i] & 15) | (high >> i & 1) << 4) + m;
      out[i + 16] = d * (float)((b[8 + i] >> 4) | (high >> (i + 16) & 1) << 4) + m;
    }
  }
}

// d * q; Q8_1 has the sum of the block between scale and numbers.
static void decode_q8(const uint8_t *b, float *out, tlk_int blocks, const int bytes, const int header) {
  for (; blocks > 0; blocks--, b += bytes, out += 32) {
    float d = load_half(b);
    const int8_t *q = (const int8_t *)b + header;
    for (int i = 0; i < 32; i++) out[i] = d * (float)q[i];
  }
}

static void decode_q1_0(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 18, out += 128) {
    float d = load_half(b);
    for (int i = 0; i < 128; i++) out[i] = b[2 + i / 8] >> (i & 7) & 1 ? d : -d;
  }
}

// Five digits to the base of 3 in a byte, as a fixed-point fraction: the digit is the integer part of 3 * q * 3^n, modulo 3.
TLK_INLINE float ternary_digit(uint8_t byte, int power) { return (float)(((uint8_t)(byte * power) * 3 >> 8) - 1); }

static void decode_tq1_0(const uint8_t *b, float *out, tlk_int blocks) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  for (; blocks > 0; blocks--, b += 54) {
    float d = load_half(b + 52);
    for (int n = 0; n < 5; n++, out += 32)
      for (int i = 0; i < 32; i++) out[i] = d * ternary_digit(b[i], powers[n]);
    for (int n = 0; n < 5; n++, out += 16)
      for (int i = 0; i < 16; i++) out[i] = d * ternary_digit(b[32 + i], powers[n]);
    for (int n = 0; n < 4; n++, out += 4)
      for (int i = 0; i < 4; i++) out[i] = d * ternary_digit(b[48 + i], powers[n]);
  }
}

static void decode_tq2_0(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 66) {
    float d = load_half(b + 64);
    for (int part = 0; part < 8; part++, out += 32)
      for (int i = 0; i < 32; i++) out[i] = d * (float)((b[part / 4 * 32 + i] >> part % 4 * 2 & 3) - 1);
  }
}

// E2M1 values, doubled; the scales are halved.
static const int8_t TLK_KERNEL(e2m1)[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

static void decode_mxfp4(const uint8_t *b, float *out, tlk_int blocks) {
  const int8_t *values = TLK_KERNEL(e2m1);
  for (; blocks > 0; blocks--, b += 17, out += 32) {
    uint32_t e = b[0];
    float d = float_of(e < 2 ? 0x00200000u << e : (e - 1) << 23);
    for (int i = 0; i < 16; i++) {
      out[i] = d * (float)values[b[1 + i] & 15];
      out[i + 16] = d * (float)values[b[1 + i] >> 4];
    }
  }
}

// Four scales as unsigned E4M3, each for 16 elements; 0x7f counts as 0 and the top bit not at all.
static void decode_nvfp4(const uint8_t *b, float *out, tlk_int blocks) {
  const int8_t *values = TLK_KERNEL(e2m1);
  for (; blocks > 0; blocks--, b += 36) {
    for (int part = 0; part < 4; part++, out += 16) {
      uint32_t scale = b[part];
      float d = scale == 0x7f ? 0 : float_of((scale & 0x7f) << 20) * 0x1p120f * 0.5f;
      for (int i = 0; i < 8; i++) {
        uint8_t byte = b[4 + part * 8 + i];
        out[i] = d * (float)values[byte & 15];
        out[i + 8] = d * (float)values[byte >> 4];
      }
    }
  }
}
