#include "kernels/stored.h"

#include <string.h>

#include "../core/table.h"
#include "checked.h"

#define TILE_ELEMENTS 16384
// f32 results wait here for their rounding; a multiple of every block.
#define CHUNK 1024

typedef struct {
  uint16_t elements, bytes;
} block_size;

static const block_size blocks[TLK_STORED_COUNT] = {
    [TLK_STORED_F16] = {1, 2},           [TLK_STORED_F32] = {1, 4},           [TLK_STORED_F64] = {1, 8},
    [TLK_STORED_BF16] = {1, 2},          [TLK_STORED_F8_E4M3] = {1, 1},       [TLK_STORED_F8_E5M2] = {1, 1},
    [TLK_STORED_F8_E8M0] = {1, 1},       [TLK_STORED_F8_E4M3FNUZ] = {1, 1},   [TLK_STORED_F8_E5M2FNUZ] = {1, 1},
    [TLK_STORED_Q4_0] = {32, 18},        [TLK_STORED_Q4_1] = {32, 20},        [TLK_STORED_Q5_0] = {32, 22},
    [TLK_STORED_Q5_1] = {32, 24},        [TLK_STORED_Q8_0] = {32, 34},        [TLK_STORED_Q8_1] = {32, 36},
    [TLK_STORED_Q2_K] = {256, 84},       [TLK_STORED_Q3_K] = {256, 110},      [TLK_STORED_Q4_K] = {256, 144},
    [TLK_STORED_Q5_K] = {256, 176},      [TLK_STORED_Q6_K] = {256, 210},      [TLK_STORED_Q8_K] = {256, 292},
    [TLK_STORED_IQ2_XXS] = {256, 66},    [TLK_STORED_IQ2_XS] = {256, 74},     [TLK_STORED_IQ2_S] = {256, 82},
    [TLK_STORED_IQ3_XXS] = {256, 98},    [TLK_STORED_IQ3_S] = {256, 110},     [TLK_STORED_IQ1_S] = {256, 50},
    [TLK_STORED_IQ1_M] = {256, 56},      [TLK_STORED_IQ4_NL] = {32, 18},      [TLK_STORED_IQ4_XS] = {256, 136},
    [TLK_STORED_TQ1_0] = {256, 54},      [TLK_STORED_TQ2_0] = {256, 66},      [TLK_STORED_MXFP4] = {32, 17},
    [TLK_STORED_NVFP4] = {64, 36},       [TLK_STORED_Q1_0] = {128, 18},
};

typedef struct {
  tlk_stored type;
  const uint8_t *source;
  uint16_t *destination;
  tlk_int count;
} stored_job;

static void decode_tile(void *context, tlk_int index) {
  const stored_job *job = context;
  const block_size block = blocks[job->type];
  float values[CHUNK];
  tlk_int end = tlk_min(job->count, (index + 1) * TILE_ELEMENTS);
  for (tlk_int at = index * TILE_ELEMENTS; at < end; at += CHUNK) {
    tlk_int n = tlk_min(CHUNK, end - at);
    const uint8_t *source = job->source + at / block.elements * block.bytes;
    if (job->type == TLK_STORED_F16) {
      memcpy(job->destination + at, source, (size_t)n * 2);
      continue;
    }
    tlk_kernels()->decode(job->type, source, values, n / block.elements);
    tlk_kernels()->floats_to_halves(values, job->destination + at, n);
  }
}

tlk_status tlk_stored_to_halves(tlk_stored type, const void *source, tlk_int source_bytes, uint16_t *destination, tlk_int count) {
  if ((unsigned)type >= TLK_STORED_COUNT) return TLK_E_UNSUPPORTED;
  const block_size block = blocks[type];
  if (count < 0 || count % block.elements || tlk_product(count / block.elements, block.bytes) != source_bytes) return TLK_E_ARGUMENT;
  stored_job job = {.type = type, .source = source, .destination = destination, .count = count};
  tlk_parallel(tlk_ceil_div(count, TILE_ELEMENTS), decode_tile, &job);
  return TLK_OK;
}
