// Gather and scatter: indices are resolved to offsets first, so that the loops that move data need no checks.
#include <string.h>

#include "kernels/indexing.h"
#include "kernels/pool.h"

// false: not an integer dtype.
static inline bool load_index(const void *base, tlk_dtype dtype, tlk_int at, tlk_int *out) {
  switch (dtype) {
    case TLK_I32: *out = ((const int32_t *)base)[at]; return true;
    case TLK_U32: *out = ((const uint32_t *)base)[at]; return true;
    case TLK_I16: *out = ((const int16_t *)base)[at]; return true;
    case TLK_U16: *out = ((const uint16_t *)base)[at]; return true;
    case TLK_I8: *out = ((const int8_t *)base)[at]; return true;
    case TLK_U8: *out = ((const uint8_t *)base)[at]; return true;
    case TLK_BOOL: *out = ((const uint8_t *)base)[at] != 0; return true;
    case TLK_I64: *out = (tlk_int)((const int64_t *)base)[at]; return true;
    default: return false;
  }
}

static inline bool resolve(tlk_int *index, tlk_int size, bool validate) {
  tlk_int v = *index;
  if (size <= 0) return false;
  if (v >= 0 && v < size) return true;
  if (validate) return false;
  if (v < 0) v += size;
  *index = v < 0 ? 0 : v >= size ? size - 1 : v;
  return true;
}

tlk_status tlk_index_offsets(const void *indices, tlk_dtype dtype, tlk_int rows, tlk_int depth, const tlk_int *sizes,
                             const tlk_int *strides, bool validate, tlk_int *offsets, tlk_int *bad) {
  for (tlk_int row = 0; row < rows; row++) {
    tlk_int offset = 0;
    for (tlk_int axis = 0; axis < depth; axis++) {
      tlk_int index;
      if (!load_index(indices, dtype, row * depth + axis, &index)) return TLK_E_UNSUPPORTED;
      if (!resolve(&index, sizes[axis], validate)) {
        *bad = index;
        return TLK_E_ARGUMENT;
      }
      offset += index * strides[axis];
    }
    offsets[row] = offset;
  }
  return TLK_OK;
}

tlk_status tlk_axis_offsets(const void *indices, tlk_dtype dtype, tlk_int outer, tlk_int count, tlk_int inner, tlk_int size,
                            bool validate, tlk_int *offsets, tlk_int *bad) {
  tlk_int at = 0;
  for (tlk_int o = 0; o < outer; o++)
    for (tlk_int i = 0; i < count; i++)
      for (tlk_int n = 0; n < inner; n++, at++) {
        tlk_int index;
        if (!load_index(indices, dtype, at, &index)) return TLK_E_UNSUPPORTED;
        if (!resolve(&index, size, validate)) {
          *bad = index;
          return TLK_E_ARGUMENT;
        }
        offsets[at] = (o * size + index) * inner + n;
      }
  return TLK_OK;
}

// Blocks that one thread moves: about 64 KiB, enough to be worth a hand-over.
enum { GATHER_GRAIN = 1 << 16 };

typedef struct {
  const uint8_t *input;
  uint8_t *output;
  const tlk_int *offsets;
  tlk_int count, bytes, element_size, rows;
} gather_job;

static void gather_part(void *context, tlk_int part) {
  const gather_job *job = context;
  tlk_int begin = part * job->rows, end = begin + job->rows < job->count ? begin + job->rows : job->count;
  switch (job->bytes) {
#define CASE(BYTES)                                                                                              \
  case BYTES:                                                                                                    \
    for (tlk_int i = begin; i < end; i++)                                                                        \
      memcpy(job->output + i * BYTES, job->input + job->offsets[i] * job->element_size, BYTES);                  \
    break;
    CASE(1) CASE(2) CASE(4) CASE(8)
#undef CASE
    default:
      for (tlk_int i = begin; i < end; i++)
        memcpy(job->output + i * job->bytes, job->input + job->offsets[i] * job->element_size, (size_t)job->bytes);
  }
}

tlk_status tlk_gather_blocks(const void *input, void *output, const tlk_int *offsets, tlk_int count, tlk_int block,
                             tlk_int element_size) {
  if (count <= 0 || block <= 0) return TLK_OK;
  gather_job job = {input, output, offsets, count, block * element_size, element_size, 0};
  job.rows = job.bytes >= GATHER_GRAIN ? 1 : GATHER_GRAIN / job.bytes;
  tlk_int parts = (count + job.rows - 1) / job.rows;
  if (parts == 1) gather_part(&job, 0);
  else tlk_parallel(parts, gather_part, &job);
  return TLK_OK;
}

tlk_status tlk_scatter_update(void *output, const void *updates, const tlk_int *offsets, tlk_int count, tlk_int block,
                              tlk_int element_size) {
  const size_t bytes = (size_t)(block * element_size);
  for (tlk_int i = 0; i < count; i++)
    memcpy((uint8_t *)output + offsets[i] * element_size, (const uint8_t *)updates + (size_t)i * bytes, bytes);
  return TLK_OK;
}

// NaN in either operand gives NaN, as for MIL maximum and minimum.
static inline float max_f(float a, float b) { return a != a || a > b ? a : b; }
static inline float min_f(float a, float b) { return a != a || a < b ? a : b; }
static inline int32_t divide_i(int32_t a, int32_t b) {
  if (b == 0) return 0;
  return b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b;
}

#define BLOCKS(TYPE, EXPRESSION)                                        \
  do {                                                                  \
    for (tlk_int i = 0; i < count; i++) {                               \
      TYPE *to = (TYPE *)output + offsets[i];                           \
      const TYPE *from = (const TYPE *)updates + i * block;             \
      for (tlk_int n = 0; n < block; n++) {                             \
        const TYPE a = to[n], b = from[n];                              \
        to[n] = (TYPE)(EXPRESSION);                                     \
      }                                                                 \
    }                                                                   \
    return TLK_OK;                                                      \
  } while (0)

static tlk_status scatter_f32(tlk_scatter_mode mode, void *output, const void *updates, const tlk_int *offsets, tlk_int count,
                              tlk_int block) {
  switch (mode) {
    case TLK_SCATTER_ADD: BLOCKS(float, a + b);
    case TLK_SCATTER_SUB: BLOCKS(float, a - b);
    case TLK_SCATTER_MUL: BLOCKS(float, a * b);
    case TLK_SCATTER_DIV: BLOCKS(float, a / b);
    case TLK_SCATTER_MAX: BLOCKS(float, max_f(a, b));
    case TLK_SCATTER_MIN: BLOCKS(float, min_f(a, b));
    default: return tlk_scatter_update(output, updates, offsets, count, block, 4);
  }
}

static tlk_status scatter_i32(tlk_scatter_mode mode, void *output, const void *updates, const tlk_int *offsets, tlk_int count,
                              tlk_int block) {
  switch (mode) {
    case TLK_SCATTER_ADD: BLOCKS(int32_t, (uint32_t)a + (uint32_t)b);
    case TLK_SCATTER_SUB: BLOCKS(int32_t, (uint32_t)a - (uint32_t)b);
    case TLK_SCATTER_MUL: BLOCKS(int32_t, (uint32_t)a * (uint32_t)b);
    case TLK_SCATTER_DIV: BLOCKS(int32_t, divide_i(a, b));
    case TLK_SCATTER_MAX: BLOCKS(int32_t, a > b ? a : b);
    case TLK_SCATTER_MIN: BLOCKS(int32_t, a < b ? a : b);
    default: return tlk_scatter_update(output, updates, offsets, count, block, 4);
  }
}

tlk_status tlk_scatter_blocks(tlk_scatter_mode mode, tlk_dtype dtype, void *output, const void *updates,
                              const tlk_int *offsets, tlk_int count, tlk_int block) {
  if (dtype == TLK_F32) return scatter_f32(mode, output, updates, offsets, count, block);
  if (dtype == TLK_I32) return scatter_i32(mode, output, updates, offsets, count, block);
  return TLK_E_UNSUPPORTED;
}
