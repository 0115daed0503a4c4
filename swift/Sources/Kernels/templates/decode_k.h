// "K" quantisations: blocks of 256 elements with scales of their parts, which are themselves quantised.

// (d * s) * q - (dmin * m); scales and minima in the halves of one byte, for 16 elements each.
static void decode_q2_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 84) {
    const uint8_t *scales = b, *q = b + 16;
    float d = load_half(b + 80), dmin = load_half(b + 82);
    for (int part = 0; part < 16; part++, out += 16) {
      float dl = d * (float)(scales[part] & 15), ml = dmin * (float)(scales[part] >> 4);
      const uint8_t *bytes = q + part / 8 * 32 + part % 2 * 16;
      int shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) out[i] = dl * (float)(bytes[i] >> shift & 3) - ml;
    }
  }
}

// (d * (s - 32)) * q, q of two bits and a third one that takes 4 off where it is 0.
static void decode_q3_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 110) {
    const uint8_t *mask = b, *q = b + 32, *scales = b + 96;
    float d = load_half(b + 108);
    for (int part = 0; part < 16; part++, out += 16) {
      int low = scales[part % 8] >> part / 8 * 4 & 15, high = scales[8 + part % 4] >> part / 4 * 2 & 3;
      float dl = d * (float)((low | high << 4) - 32);
      const uint8_t *bytes = q + part / 8 * 32 + part % 2 * 16, *high_bits = mask + part % 2 * 16;
      int shift = part % 8 / 2 * 2, bit = part / 2;
      for (int i = 0; i < 16; i++) out[i] = dl * (float)((bytes[i] >> shift & 3) - (high_bits[i] >> bit & 1 ? 0 : 4));
    }
  }
}

// Scale and minimum of part 0…7 out of 12 bytes, 6 bits each.
TLK_INLINE void scale_and_minimum(const uint8_t *s, int part, float *scale, float *minimum) {
  if (part < 4) {
    *scale = (float)(s[part] & 63);
    *minimum = (float)(s[part + 4] & 63);
  } else {
    *scale = (float)((s[part + 4] & 15) | (s[part - 4] >> 2 & 0x30));
    *minimum = (float)((s[part + 4] >> 4) | (s[part] >> 2 & 0x30));
  }
}

// (d * s) * q - (dmin * m), 32 elements to a part.
static void decode_q4_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 144) {
    float d = load_half(b), dmin = load_half(b + 2);
    for (int part = 0; part < 8; part++, out += 32) {
      float scale, minimum;
      scale_and_minimum(b + 4, part, &scale, &minimum);
      float dl = d * scale, ml = dmin * minimum;
      const uint8_t *bytes = b + 16 + part / 2 * 32;
      int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) out[i] = dl * (float)(bytes[i] >> shift & 15) - ml;
    }
  }
}

static void decode_q5_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 176) {
    float d = load_half(b), dmin = load_half(b + 2);
    const uint8_t *high = b + 16;
    for (int part = 0; part < 8; part++, out += 32) {
      float scale, minimum;
      scale_and_minimum(b + 4, part, &scale, &minimum);
      float dl = d * scale, ml = dmin * minimum;
      const uint8_t *bytes = b + 48 + part / 2 * 32;
      int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) out[i] = dl * (float)((bytes[i] >> shift & 15) | (high[i] >> part & 1) << 4) - ml;
    }
  }
}

// (d * s) * (q - 32), s of 8 bits for 16 elements.
static void decode_q6_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 210) {
    const int8_t *scales = (const int8_t *)b + 192;
    float d = load_half(b + 208);
    for (int part = 0; part < 16; part++, out += 16) {
      float dl = d * (float)scales[part];
      const uint8_t *low = b + part / 8 * 64 + part % 4 * 16, *high = b + 128 + part / 8 * 32 + part % 2 * 16;
      int low_shift = part % 8 / 4 * 4, high_shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) out[i] = dl * (float)(((low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4) - 32);
    }
  }
}

// d * q with an f32 scale; sums of 16 elements follow the numbers.
static void decode_q8_k(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 292, out += 256) {
    float d = float_of(load_u32(b));
    const int8_t *q = (const int8_t *)b + 4;
    for (int i = 0; i < 256; i++) out[i] = d * (float)q[i];
  }
}
