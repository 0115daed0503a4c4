#include <math.h>
#include <string.h>

#include "../core/table.h"
#include "registers.h"
#include "strides.h"

#define TILE_ELEMENTS 16384
#define CHUNK 256

static bool wide(tlk_dtype dtype) { return dtype == TLK_I64 || dtype == TLK_F64; }
static bool valid(tlk_dtype dtype) { return (unsigned)dtype <= TLK_F64; }
static bool is_float(tlk_dtype dtype) { return dtype == TLK_F16 || dtype == TLK_F32 || dtype == TLK_F64; }

// 64-bit types go element by element: they occur only at the edges of a model.
static void convert_wide(const char *from, tlk_dtype from_type, tlk_int from_stride, char *to, tlk_dtype to_type, tlk_int to_stride,
                         tlk_int count) {
  for (tlk_int i = 0; i < count; i++) {
    const char *source = from + i * from_stride * tlk_dtype_size(from_type);
    char *destination = to + i * to_stride * tlk_dtype_size(to_type);
    double real = 0;
    int64_t integer = 0;
    uint32_t narrow = 0;
    if (from_type == TLK_F64) memcpy(&real, source, 8);
    else if (from_type == TLK_I64) memcpy(&integer, source, 8);
    else {
      tlk_register_load(&narrow, source, from_type, 0, 1, 1);
      float f;
      memcpy(&f, &narrow, 4);
      if (is_float(from_type)) real = f;
      else integer = from_type == TLK_U32 ? (int64_t)narrow : (int64_t)(int32_t)narrow;
    }
    if (to_type == TLK_F64) {
      double result = is_float(from_type) ? real : (double)integer;
      memcpy(destination, &result, 8);
    } else if (to_type == TLK_I64) {
      if (is_float(from_type))
        integer = real != real ? 0 : real >= 0x1p63 ? INT64_MAX : real < -0x1p63 ? INT64_MIN : (int64_t)real;
      memcpy(destination, &integer, 8);
    } else if (is_float(to_type) || is_float(from_type)) {
      float f = is_float(from_type) ? (float)real : (float)integer;
      tlk_register_store(&f, true, destination, to_type, 0, 1, 1);
    } else {
      int32_t low = to_type == TLK_BOOL ? integer != 0 : (int32_t)(uint32_t)(uint64_t)integer;
      tlk_register_store(&low, false, destination, to_type, 0, 1, 1);
    }
  }
}

static void convert_run(const char *from, tlk_dtype from_type, tlk_int from_stride, char *to, tlk_dtype to_type, tlk_int to_stride,
                        tlk_int count) {
  if (wide(from_type) || wide(to_type)) {
    convert_wide(from, from_type, from_stride, to, to_type, to_stride, count);
    return;
  }
  if (from_stride == 1 && to_stride == 1) {
    if (from_type == TLK_F16 && to_type == TLK_F32) {
      tlk_kernels()->halves_to_floats((const uint16_t *)from, (float *)to, count);
      return;
    }
    if (from_type == TLK_F32 && to_type == TLK_F16) {
      tlk_kernels()->floats_to_halves((const float *)from, (uint16_t *)to, count);
      return;
    }
  }
  uint32_t reg[CHUNK];
  for (tlk_int done = 0; done < count; done += CHUNK) {
    tlk_int n = tlk_min(CHUNK, count - done);
    bool real = is_float(from_type);
    tlk_register_load(reg, from, from_type, done * from_stride, from_stride, n);
    if (from_type == TLK_U32 && is_float(to_type)) {
      for (tlk_int i = 0; i < n; i++) {
        float f = (float)reg[i];
        memcpy(&reg[i], &f, 4);
      }
      real = true;
    }
    tlk_register_store(reg, real, to, to_type, done * to_stride, to_stride, n);
  }
}

typedef struct {
  const char *source;
  char *destination;
  tlk_dtype from, to;
  tlk_block block;
} convert_job;

static void convert_tile(void *context, tlk_int index) {
  const convert_job *job = context;
  const tlk_block *b = &job->block;
  tlk_int last = b->rank - 1, start = index * TILE_ELEMENTS, left = tlk_min(TILE_ELEMENTS, b->count - start);
  tlk_position p = tlk_position_at(b, start);
  while (left > 0) {
    tlk_int run = tlk_min(left, b->shape[last] - p.index[last]);
    convert_run(job->source + tlk_offset_at(b, 0, &p) * tlk_dtype_size(job->from), job->from, b->strides[0][last],
                job->destination + tlk_offset_at(b, 1, &p) * tlk_dtype_size(job->to), job->to, b->strides[1][last], run);
    tlk_position_advance(b, &p, run);
    left -= run;
  }
}

tlk_status tlk_convert_strided(const void *source, tlk_dtype source_dtype, const tlk_int *source_strides, void *destination,
                               tlk_dtype destination_dtype, const tlk_int *destination_strides, const tlk_int *shape,
                               tlk_int rank) {
  if (rank < 0 || rank > TLK_MAX_RANK) return TLK_E_ARGUMENT;
  if (!valid(source_dtype) || !valid(destination_dtype)) return TLK_E_UNSUPPORTED;
  if (source_dtype == destination_dtype && source_dtype != TLK_BOOL)
    return tlk_copy(source, source_strides, destination, destination_strides, shape, rank, tlk_dtype_size(source_dtype));
  convert_job job = {.source = source, .destination = destination, .from = source_dtype, .to = destination_dtype};
  job.block.rank = rank;
  job.block.operands = 2;
  for (tlk_int axis = 0; axis < rank; axis++) {
    job.block.shape[axis] = shape[axis];
    job.block.strides[0][axis] = source_strides[axis];
    job.block.strides[1][axis] = destination_strides[axis];
  }
  tlk_block_simplify(&job.block);
  if (job.block.count < 0) return TLK_E_ARGUMENT;
  tlk_parallel(tlk_ceil_div(job.block.count, TILE_ELEMENTS), convert_tile, &job);
  return TLK_OK;
}

tlk_status tlk_convert(const void *source, tlk_dtype source_dtype, void *destination, tlk_dtype destination_dtype, tlk_int count) {
  const tlk_int one = 1;
  return tlk_convert_strided(source, source_dtype, &one, destination, destination_dtype, &one, &count, 1);
}
