// "IQ" quantisations: 8 or 4 elements are an entry of a grid, with signs apart. Blocks of 256 elements.
#include "../core/iq_grids.h"

// Element i of an 8-element entry: two bits, 0, 1, 2 for 8, 25, 43.
TLK_INLINE float grid2_value(uint16_t entry, int i) {
  int code = entry >> 2 * i & 3;
  return (float)(8 + 17 * code + (code >> 1));
}
// Element i of a 4-element entry of IQ3_XXS: three bits for 4, 12, …, 52, 62.
TLK_INLINE float grid3_value(uint16_t entry, int i) {
  int code = entry >> 4 * i & 7;
  return (float)(4 + 8 * code + (code == 7 ? 2 : 0));
}
// Seven signs are stored, the eighth makes their number even.
TLK_INLINE uint8_t even_signs(uint32_t seven) { return (uint8_t)(seven | (uint32_t)__builtin_parity(seven) << 7); }
TLK_INLINE float signed_by(float value, uint8_t signs, int i) { return signs >> i & 1 ? -value : value; }

static void decode_grid2(float *out, float scale, uint16_t entry, uint8_t signs) {
  for (int i = 0; i < 8; i++) out[i] = signed_by(scale * grid2_value(entry, i), signs, i);
}

static void decode_iq2_xxs(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 66) {
    float d = load_half(b);
    for (int part = 0; part < 8; part++) {
      const uint8_t *indices = b + 2 + part * 8;
      uint32_t rest = load_u32(indices + 4);
      float scale = d * (0.5f + (float)(rest >> 28)) * 0.25f;
      for (int l = 0; l < 4; l++, out += 8) decode_grid2(out, scale, tlk_iq2_xxs_grid[indices[l]], even_signs(rest >> 7 * l & 127));
    }
  }
}

static void decode_iq2_xs(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 74) {
    float d = load_half(b);
    const uint8_t *scales = b + 66;
    for (int l = 0; l < 32; l++, out += 8) {
      uint16_t code = load_u16(b + 2 + l * 2);
      float scale = d * (0.5f + (float)(scales[l / 4] >> l / 2 % 2 * 4 & 15)) * 0.25f;
      decode_grid2(out, scale, tlk_iq2_xs_grid[code & 511], even_signs(code >> 9));
    }
  }
}

static void decode_iq2_s(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 82) {
    float d = load_half(b);
    const uint8_t *indices = b + 2, *signs = b + 34, *high = b + 66, *scales = b + 74;
    for (int l = 0; l < 32; l++, out += 8) {
      float scale = d * (0.5f + (float)(scales[l / 4] >> l / 2 % 2 * 4 & 15)) * 0.25f;
      decode_grid2(out, scale, tlk_iq2_s_grid[indices[l] | (high[l / 4] >> l % 4 * 2 & 3) << 8], signs[l]);
    }
  }
}

static void decode_iq3_xxs(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 98) {
    float d = load_half(b);
    for (int part = 0; part < 8; part++) {
      const uint8_t *indices = b + 2 + part * 8;
      uint32_t rest = load_u32(b + 66 + part * 4);
      float scale = d * (0.5f + (float)(rest >> 28)) * 0.5f;
      for (int l = 0; l < 4; l++, out += 8) {
        uint8_t signs = even_signs(rest >> 7 * l & 127);
        for (int i = 0; i < 8; i++)
          out[i] = signed_by(scale * grid3_value(tlk_iq3_xxs_grid[indices[l * 2 + i / 4]], i % 4), signs, i);
      }
    }
  }
}

static void decode_iq3_s(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 110) {
    float d = load_half(b);
    const uint8_t *indices = b + 2, *high = b + 66, *signs = b + 74, *scales = b + 106;
    for (int l = 0; l < 32; l++, out += 8) {
      float scale = d * (float)(1 + 2 * (scales[l / 8] >> l / 4 % 2 * 4 & 15));
      for (int i = 0; i < 8; i++) {
        int entry = l * 2 + i / 4;
        uint16_t codes = tlk_iq3_s_grid[indices[entry] | (high[entry / 8] >> entry % 8 & 1) << 8];
        out[i] = signed_by(scale * (float)(1 + 2 * (codes >> i % 4 * 4 & 7)), signs[l], i);
      }
    }
  }
}

// scale * (-1, 0 or 1, and an eighth more or less)
static void decode_grid1(float *out, float scale, uint16_t entry, float delta) {
  for (int i = 0; i < 8; i++) out[i] = scale * ((float)((entry >> 2 * i & 3) - 1) + delta);
}

static void decode_iq1_s(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 50) {
    float d = load_half(b);
    for (int part = 0; part < 8; part++) {
      uint32_t high = load_u16(b + 34 + part * 2);
      float scale = d * (float)(2 * (high >> 12 & 7) + 1), delta = high & 0x8000 ? -0.125f : 0.125f;
      for (int l = 0; l < 4; l++, out += 8)
        decode_grid1(out, scale, tlk_iq1_s_grid[b[2 + part * 4 + l] | (high >> 3 * l & 7) << 8], delta);
    }
  }
}

// The half scale is spread over the top bits of the four scale words.
static void decode_iq1_m(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 56) {
    const uint8_t *indices = b, *high = b + 32, *words = b + 48;
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) bits |= (uint32_t)(load_u16(words + i * 2) & 0xf000) >> (12 - 4 * i);
    float d = half_bits(bits);
    for (int l = 0; l < 32; l++, out += 8) {
      int nibble = high[l / 2] >> l % 2 * 4 & 15, part = l / 2;
      float scale = d * (float)(2 * (load_u16(words + part / 4 * 2) >> part % 4 * 3 & 7) + 1);
      decode_grid1(out, scale, tlk_iq1_s_grid[indices[l] | (nibble & 7) << 8], nibble & 8 ? -0.125f : 0.125f);
    }
  }
}

static const int8_t TLK_KERNEL(nonlinear)[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

TLK_INLINE void decode_nonlinear(const uint8_t *q, float *out, float d) {
  const int8_t *values = TLK_KERNEL(nonlinear);
  for (int i = 0; i < 16; i++) {
    out[i] = d * (float)values[q[i] & 15];
    out[i + 16] = d * (float)values[q[i] >> 4];
  }
}

static void decode_iq4_nl(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 18, out += 32) decode_nonlinear(b + 2, out, load_half(b));
}

static void decode_iq4_xs(const uint8_t *b, float *out, tlk_int blocks) {
  for (; blocks > 0; blocks--, b += 136) {
    float d = load_half(b);
    uint32_t high = load_u16(b + 2);
    for (int part = 0; part < 8; part++, out += 32) {
      int scale = (b[4 + part / 2] >> part % 2 * 4 & 15) | (int)(high >> 2 * part & 3) << 4;
      decode_nonlinear(b + 8 + part * 16, out, d * (float)(scale - 32));
    }
  }
}
