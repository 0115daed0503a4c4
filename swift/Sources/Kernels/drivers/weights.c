#include <string.h>

#include "../core/table.h"
#include "checked.h"

tlk_int tlk_weights_packed_bytes(tlk_int columns, tlk_int taps, tlk_int channels, tlk_dtype dtype) {
  if (!tlk_is_float(dtype) || columns < 0 || columns > PTRDIFF_MAX - TLK_PANEL) return -1;
  tlk_int padded = tlk_ceil_div(columns, TLK_PANEL) * TLK_PANEL;
  return tlk_product(tlk_product3(padded, taps, channels), tlk_dtype_size(dtype));
}

static float load(const void *data, tlk_dtype dtype, tlk_int index) {
  if (dtype == TLK_F32) return ((const float *)data)[index];
  float value;
  tlk_kernels()->halves_to_floats((const uint16_t *)data + index, &value, 1);
  return value;
}

static void store(void *data, tlk_dtype dtype, tlk_int index, float value) {
  if (dtype == TLK_F32) ((float *)data)[index] = value;
  else tlk_kernels()->floats_to_halves(&value, (uint16_t *)data + index, 1);
}

typedef struct {
  const tlk_weights *source;
  char *packed;
  tlk_dtype dtype;
} pack_job;

static void pack_panel(void *context, tlk_int panel) {
  const pack_job *job = context;
  const tlk_weights *s = job->source;
  tlk_int first = panel * TLK_PANEL, count = tlk_min(TLK_PANEL, s->columns - first);
  tlk_int size = tlk_dtype_size(job->dtype), depth = s->taps * s->channels;
  char *out = job->packed + panel * depth * TLK_PANEL * size;
  memset(out, 0, (size_t)(depth * TLK_PANEL * size));
  for (tlk_int tap = 0; tap < s->taps; tap++)
    for (tlk_int column = 0; column < count; column++) {
      tlk_int from = (first + column) * s->column_stride + tap * s->tap_stride;
      tlk_int to = tap * s->channels * TLK_PANEL + column;
      for (tlk_int c = 0; c < s->channels; c++, from += s->channel_stride, to += TLK_PANEL) {
        if (s->dtype != job->dtype) store(out, job->dtype, to, load(s->data, s->dtype, from));
        else if (size == 2) ((uint16_t *)out)[to] = ((const uint16_t *)s->data)[from];
        else ((uint32_t *)out)[to] = ((const uint32_t *)s->data)[from];
      }
    }
}

tlk_status tlk_weights_pack(const tlk_weights *source, void *packed, tlk_dtype dtype) {
  if (!tlk_is_float(source->dtype) || !tlk_is_float(dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_weights_packed_bytes(source->columns, source->taps, source->channels, dtype) < 0) return TLK_E_ARGUMENT;
  pack_job job = {source, packed, dtype};
  tlk_parallel(tlk_ceil_div(source->columns, TLK_PANEL), pack_panel, &job);
  return TLK_OK;
}
