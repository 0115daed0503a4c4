// gemm_tile on AMX (tile + bf16): f16 operands as sums of two bf16 numbers, f32 sums in tile registers.
//
// Maths: x = hi + lo, hi the bf16 number nearest to x (half away from zero), lo = x - hi. An f16 number has 11 bits and each part takes 8,
// so both are exact, subnormal numbers too (f16's smallest is a normal bf16 number). x * y = lo*hi + hi*hi + hi*lo, without lo*lo, which
// is below 2^-18 of the product and of either sign: a third of the rounding error of an f16 result even if nothing cancelled, for three
// passes where the exact product takes four. A split that truncates would save one instruction in five, but then lo*lo always has the
// product's sign, and the errors of a sum add up.
// An infinite x has a NaN for lo, and in other splits inf * lo would be NaN too where lo is 0: a block of sums that are not all finite
// (sums of f16 products cannot overflow f32, so it met an infinity or a NaN) is computed again by the AVX-512 kernel.
// One pass, hi*hi alone, has bf16's error (3e-3 of the result); it runs only when the model was loaded with precision "fast".
//
// Order of K: 32 channels are a step. Word j of a tile row is the pair (channel j, channel j + 16): both operands need no shuffles, as an
// f32 vector of 16 channels shifted right by half a word, or'ed with the next vector's upper halves, is 16 pairs.
//
// Cost, counted from instruction tables, never timed: a step of a 32 x 32 block is 12 TDPBF16PS of 16 cycles (192; the AVX-512 form takes
// 1024 for the same products) and 8 tile loads. Splitting a row of A takes 5 cycles of both vector ports, a row of a panel 7 (it converts
// too): 160 and 224 a step. Standing alone they would add to the products; the reorder buffer overlaps them only in small portions, so
// each product carries a twelfth of the next step's splitting. A is split during the first block of columns and B during the first
// block of rows, once per call: 128 x 128 outputs should take some 220 cycles per step and block. Both stay in scratch memory, 4 bytes per
// element, which a second-level cache holds for all but the deepest products.
//
// Contract: rows of A hold numbers that f16 can represent (half_rows); panels are f16. Tile registers are configured at entry and released
// before return, so a thread has no tile state outside of this function. Reads nothing past `channels` of a row or past a panel.

#if defined(__x86_64__)
#include "kernels__amx.h"

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#define STEP 32
#define BLOCK_ROWS 32
#define BLOCK_COLUMNS (2 * TLK_PANEL)
#define TILE_ROWS 16
#define TILE_BYTES 1024
// Per step: hi of the first 16 rows (columns), hi of the second, lo of the first, lo of the second.
#define STEP_BYTES (4 * TILE_BYTES)
#define LO (2 * TILE_BYTES)
// A step costs the same for any number of rows and channels up to 16 and 32, and at least the splitting of its panels: by the counts above
// AVX-512 is as fast with 9 rows or with 8 channels.
#define FEWEST_ROWS 12
#define FEWEST_CHANNELS 12

#define AMX_INLINE static inline __attribute__((always_inline))

typedef struct {
  const tlk_gemm_tile *tile;
  const float *const *rows;  // of the group: [taps][row_count]
  const tlk_int *pixels;
  tlk_int row_count, column, columns;
  const char *weights;       // first panel of the block
  char *a, *b;               // [step][STEP_BYTES]
  char *pointers;            // for rows in other groups
  tlk_int steps_per_tap;
} amx_block;

// What is split for one step: `channels` of them are there, from `channel` of `tap`.
typedef struct {
  tlk_int tap, channel, channels, index;
} amx_step;

AMX_INLINE amx_step step_at(const amx_block *b, tlk_int tap, tlk_int step) {
  const tlk_int channel = step * STEP;
  return (amx_step){tap, channel, tlk_min(b->tile->channels - channel, STEP), tap * b->steps_per_tap + step};
}

// Rounds to bf16; NaN keep a payload when there is no lo part to carry it.
AMX_INLINE __m512i high_part(__m512 x, const bool with_lo) {
  const __m512i bits = _mm512_castps_si512(x), half = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32((int)0xffff0000);
  const __m512i rounded = with_lo ? _mm512_add_epi32(bits, half)
                                  : _mm512_mask_add_epi32(bits, _mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), bits, half);
  return _mm512_and_si512(rounded, upper);
}

AMX_INLINE __m512i low_part(__m512 x, __m512i hi) { return _mm512_castps_si512(_mm512_sub_ps(x, _mm512_castsi512_ps(hi))); }

// Pairs of bf16 numbers: low words from x, high words from y.
AMX_INLINE void store_split(__m512 x, __m512 y, char *hi, const bool with_lo) {
  const __m512i hx = high_part(x, with_lo), hy = high_part(y, with_lo);
  _mm512_store_si512(hi, _mm512_or_si512(_mm512_srli_epi32(hx, 16), hy));
  if (with_lo) _mm512_store_si512(hi + LO, _mm512_or_si512(_mm512_srli_epi32(low_part(x, hx), 16), low_part(y, hy)));
}

AMX_INLINE void split_row(const amx_block *b, const amx_step *s, tlk_int row, const bool whole, const bool with_lo) {
  const float *from = b->rows[s->tap * b->row_count + tlk_min(row, b->row_count - 1)] + s->channel;
  char *to = b->a + s->index * STEP_BYTES + row * 64;
  if (whole) {
    store_split(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16), to, with_lo);
    return;
  }
  const uint32_t there = (uint32_t)((UINT64_C(1) << s->channels) - 1);
  const __mmask16 first = (__mmask16)there, second = (__mmask16)(there >> 16);
  store_split(_mm512_maskz_loadu_ps(first, from), _mm512_maskz_loadu_ps(second, from + 16), to, with_lo);
}

AMX_INLINE __m512 load_halves(const char *from) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from)); }

// Row j of both B tiles' words: channels j and j + 16 of the 16 columns of one panel.
AMX_INLINE void split_panel_row(const amx_block *b, const amx_step *s, tlk_int panel, tlk_int j, const bool whole, const bool with_lo) {
  const tlk_gemm_tile *t = b->tile;
  const char *from = b->weights + panel * t->panel_bytes + (s->tap * t->channels + s->channel + j) * TLK_PANEL * 2;
  char *to = b->b + s->index * STEP_BYTES + panel * TILE_BYTES + j * 64;
  const bool first = whole || j < s->channels, second = whole || j + 16 < s->channels;
  store_split(first ? load_halves(from) : _mm512_setzero_ps(), second ? load_halves(from + 16 * TLK_PANEL * 2) : _mm512_setzero_ps(), to,
              with_lo);
}

// One twelfth of a step's splitting.
AMX_INLINE void split_part(const amx_block *b, const amx_step *s, const int part, const int MT, const int NT, const bool a_too,
                           const bool b_too, const bool whole, const bool with_lo) {
#pragma clang loop unroll(full)
  for (int i = part * 3; i < part * 3 + 3; i++) {
    if (a_too && i < MT * 16) split_row(b, s, i, whole, with_lo);
    if (b_too && i < NT * 16) split_panel_row(b, s, i / 16, i % 16, whole, with_lo);
  }
}

static __attribute__((noinline)) void split_alone(const amx_block *b, const amx_step *s, int MT, int NT, bool a_too, bool b_too,
                                                  bool with_lo) {
  for (int i = 0; a_too && i < MT * 16; i++) split_row(b, s, i, false, with_lo);
  for (int i = 0; b_too && i < NT * 16; i++) split_panel_row(b, s, i / 16, i % 16, false, with_lo);
}

// Registers 0…3: sums; 4, 5: A; 6, 7: B. Products that a smaller block lacks are left out, their part of the splitting is not.
#define PRODUCT(SUM, A, B, PART, IS_THERE)                                                                                  \
  do {                                                                                                                      \
    if (IS_THERE) _tile_dpbf16ps(SUM, A, B);                                                                                \
    if (splits) split_part(b, next, PART, MT, NT, a_too, b_too, true, passes > 1);                                          \
  } while (0)
#define PRODUCTS(FIRST_PART)                          \
  do {                                                \
    PRODUCT(0, 4, 6, FIRST_PART, true);               \
    PRODUCT(1, 4, 7, FIRST_PART + 1, NT == 2);        \
    PRODUCT(2, 5, 6, FIRST_PART + 2, MT == 2);        \
    PRODUCT(3, 5, 7, FIRST_PART + 3, MT == 2 && NT == 2); \
  } while (0)
#define LOAD_PAIR(FIRST, SECOND, FROM, COUNT)                    \
  do {                                                           \
    _tile_loadd(FIRST, (FROM), 64);                              \
    if ((COUNT) == 2) _tile_loadd(SECOND, (FROM) + TILE_BYTES, 64); \
  } while (0)

// One step of products; the whole step `next` is split meanwhile.
AMX_INLINE void multiply_step(const amx_block *b, tlk_int index, const amx_step *next, const int MT, const int NT, const int passes,
                              const bool splits, const bool a_too, const bool b_too) {
  const char *a = b->a + index * STEP_BYTES, *w = b->b + index * STEP_BYTES;
  if (passes == 1) {
    LOAD_PAIR(4, 5, a, MT);
    LOAD_PAIR(6, 7, w, NT);
    PRODUCTS(0);
    for (int part = 4; splits && part < 12; part++) split_part(b, next, part, MT, NT, a_too, b_too, true, false);
    return;
  }
  LOAD_PAIR(4, 5, a + LO, MT);
  LOAD_PAIR(6, 7, w, NT);
  PRODUCTS(0);
  LOAD_PAIR(4, 5, a, MT);
  PRODUCTS(4);
  LOAD_PAIR(6, 7, w + LO, NT);
  PRODUCTS(8);
}

AMX_INLINE void multiply_block(const amx_block *b, float *sums, const int MT, const int NT, const int passes, const bool a_too,
                               const bool b_too) {
  const tlk_int taps = b->tile->taps, steps = b->steps_per_tap;
  const bool splits = a_too || b_too;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  amx_step next = step_at(b, 0, 0);
  if (splits) split_alone(b, &next, MT, NT, a_too, b_too, passes > 1);
  for (tlk_int index = 0; index < taps * steps; index++) {
    const tlk_int following = next.channel + STEP < b->tile->channels ? next.channel / STEP + 1 : 0;
    next = step_at(b, following ? next.tap : next.tap + 1, following);
    const bool more = splits && index + 1 < taps * steps;
    if (more && next.channels == STEP) {
      multiply_step(b, index, &next, MT, NT, passes, splits, a_too, b_too);
      continue;
    }
    multiply_step(b, index, &next, MT, NT, passes, false, false, false);
    if (more) split_alone(b, &next, MT, NT, a_too, b_too, passes > 1);
  }
  const tlk_int pitch = NT * 16 * (tlk_int)sizeof(float);
  _tile_stored(0, sums, pitch);
  if (NT == 2) _tile_stored(1, sums + 16, pitch);
  if (MT == 2) _tile_stored(2, sums + 16 * NT * 16, pitch);
  if (MT == 2 && NT == 2) _tile_stored(3, sums + 16 * NT * 16 + 16, pitch);
}

#define DEFINE(MT, NT, PASSES)                                                                                    \
  static __attribute__((noinline)) void multiply_##MT##x##NT##_##PASSES(const amx_block *b, float *sums, bool a_too, bool b_too) { \
    if (a_too && b_too) multiply_block(b, sums, MT, NT, PASSES, true, true);                                      \
    else if (a_too) multiply_block(b, sums, MT, NT, PASSES, true, false);                                         \
    else if (b_too) multiply_block(b, sums, MT, NT, PASSES, false, true);                                         \
    else multiply_block(b, sums, MT, NT, PASSES, false, false);                                                   \
  }
DEFINE(1, 1, 1) DEFINE(1, 2, 1) DEFINE(2, 1, 1) DEFINE(2, 2, 1)
DEFINE(1, 1, 3) DEFINE(1, 2, 3) DEFINE(2, 1, 3) DEFINE(2, 2, 3)
static void (*const multiply[2][2][2])(const amx_block *, float *, bool, bool) = {
    {{multiply_1x1_3, multiply_1x2_3}, {multiply_2x1_3, multiply_2x2_3}},
    {{multiply_1x1_1, multiply_1x2_1}, {multiply_2x1_1, multiply_2x2_1}}};

static void configure(void) {
  // Palette 1; every register 16 rows of 64 bytes.
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } config = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    config.row_bytes[i] = 64;
    config.rows[i] = 16;
  }
  _tile_loadconfig(&config);
}

static bool pays(const tlk_gemm_tile *t) {
  return t->half_rows && t->half_weights && t->row_count >= FEWEST_ROWS && t->channels >= FEWEST_CHANNELS && t->taps > 0;
}

static tlk_int operand_bytes(const tlk_gemm_tile *t) { return t->taps * tlk_ceil_div(t->channels, STEP) * STEP_BYTES; }

static tlk_int gemm_scratch_amx(const tlk_gemm_tile *t) {
  const tlk_int groups = tlk_row_group_count(t->row_count, BLOCK_ROWS), rows = pays(t) ? tlk_min(t->row_count, BLOCK_ROWS) : t->row_count;
  const tlk_int pointers = t->taps > 1 ? rows * t->taps * (tlk_int)sizeof(float *) : 0;
  return pays(t) ? (groups + 1) * operand_bytes(t) + pointers : pointers;
}

static tlk_row_group group_of(tlk_int rows, tlk_int largest, tlk_int row) {
  const tlk_int groups = tlk_row_group_count(rows, largest), base = rows / groups, extra = rows % groups, large = extra * (base + 1);
  return tlk_row_group_at(rows, largest, row < large ? row / (base + 1) : extra + (row - large) / base);
}

// The AVX-512 kernel wants row groups of its own; with one tap all groupings are the same.
static void multiply_without_tiles(const tlk_gemm_tile *t) {
  tlk_gemm_tile regrouped = *t;
  if (t->taps > 1) {
    const float **to = t->scratch;
    for (tlk_int r = 0; r < t->row_count; r++) {
      const tlk_row_group here = group_of(t->row_count, BLOCK_ROWS, r), there = group_of(t->row_count, tlk_table_avx512.gemm_rows, r);
      for (tlk_int tap = 0; tap < t->taps; tap++)
        to[there.start * t->taps + tap * there.count + r - there.start] = t->rows[here.start * t->taps + tap * here.count + r - here.start];
    }
    regrouped.rows = to;
  }
  tlk_table_avx512.gemm_tile(&regrouped);
}

static bool are_finite(const float *sums, tlk_int count) {
  __mmask16 special = 0;
  // 0x99: quiet NaN, both infinities, signalling NaN.
  for (tlk_int i = 0; i < count; i += 16) special |= _mm512_fpclass_ps_mask(_mm512_load_ps(sums + i), 0x99);
  return special == 0;
}

// Runs of rows that are side by side in the output go through the epilogue together.
static void store_sums(const amx_block *b, float *sums, tlk_int pitch) {
  const tlk_gemm_tile *t = b->tile;
  if (!are_finite(sums, b->row_count * pitch)) {
    tlk_gemm_tile again = *t;
    again.rows = b->rows, again.pixels = b->pixels, again.row_count = b->row_count, again.scratch = b->pointers;
    again.weights = b->weights, again.column = b->column, again.column_count = b->columns;
    multiply_without_tiles(&again);
    return;
  }
  for (tlk_int i = 0; t->alpha != 1 && i < b->row_count * pitch; i += 16)
    _mm512_storeu_ps(sums + i, _mm512_mul_ps(_mm512_loadu_ps(sums + i), _mm512_set1_ps(t->alpha)));
  for (tlk_int row = 0, count; row < b->row_count; row += count) {
    count = 1;
    while (row + count < b->row_count && b->pixels[row + count] == b->pixels[row] + count) count++;
    tlk_table_avx512.store_rows(sums + row * pitch, pitch, t->epilogue, b->pixels[row], count, b->column, b->columns, t->out, t->out_dtype,
                                t->out_pitch);
  }
}

static void gemm_tile_amx(const tlk_gemm_tile *t) {
  if (!pays(t)) {
    multiply_without_tiles(t);
    return;
  }
  const tlk_int groups = tlk_row_group_count(t->row_count, BLOCK_ROWS), bytes = operand_bytes(t);
  float sums[BLOCK_ROWS * BLOCK_COLUMNS] __attribute__((aligned(64)));
  amx_block b = {.tile = t, .b = t->scratch, .steps_per_tap = tlk_ceil_div(t->channels, STEP)};
  b.pointers = b.b + (groups + 1) * bytes;
  configure();
  for (tlk_int done = 0; done < t->column_count; done += BLOCK_COLUMNS) {
    b.column = t->column + done;
    b.columns = tlk_min(t->column_count - done, BLOCK_COLUMNS);
    b.weights = (const char *)t->weights + done / TLK_PANEL * t->panel_bytes;
    const int wide = b.columns > TLK_PANEL;
    for (tlk_int g = 0; g < groups; g++) {
      tlk_row_group group = tlk_row_group_at(t->row_count, BLOCK_ROWS, g);
      b.rows = t->rows + group.start * t->taps;
      b.pixels = t->pixels + group.start;
      b.row_count = group.count;
      b.a = b.b + (g + 1) * bytes;
      multiply[t->fast][group.count > TILE_ROWS][wide](&b, sums, done == 0, g == 0);
      store_sums(&b, sums, (1 + wide) * TLK_PANEL);
    }
  }
  _tile_release();
}

#pragma clang attribute pop

const tlk_kernel_table *tlk_table_amx(void) {
  static tlk_kernel_table table;
  table = tlk_table_avx512;
  table.gemm_tile = gemm_tile_amx;
  table.gemm_rows = BLOCK_ROWS;
  table.row_multiple = TILE_ROWS;
  table.gemm_scratch = gemm_scratch_amx;
  return &table;
}
#endif
