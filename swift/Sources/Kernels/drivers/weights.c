#include "checked.h"
#include "interleave.h"

tlk_int tlk_weights_packed_bytes(tlk_int columns, tlk_int taps, tlk_int channels, tlk_dtype dtype) {
  if (!tlk_is_float(dtype) || columns < 0 || columns > PTRDIFF_MAX - TLK_PANEL) return -1;
  tlk_int padded = tlk_ceil_div(columns, TLK_PANEL) * TLK_PANEL;
  return tlk_product(tlk_product3(padded, taps, channels), tlk_dtype_size(dtype));
}

typedef struct {
  const tlk_weights *source;
  char *packed;
  tlk_dtype dtype;
} pack_job;

// Rows that are gathered from all columns and taps before the next ones, so that what they read stays in a first-level cache.
#define ROW_BLOCK 32

static void pack_panel(void *context, tlk_int panel) {
  const pack_job *job = context;
  const tlk_weights *s = job->source;
  tlk_int first = panel * TLK_PANEL, size = tlk_dtype_size(job->dtype), from_size = tlk_dtype_size(s->dtype);
  char *out = job->packed + first * s->taps * s->channels * size;
  tlk_interleaving rows = {.from_dtype = s->dtype, .to_dtype = job->dtype, .column_step = s->column_stride,
                           .row_step = s->channel_stride, .columns = tlk_min(TLK_PANEL, s->columns - first)};
  for (tlk_int c = 0; c < s->channels; c += ROW_BLOCK)
    for (tlk_int tap = 0; tap < s->taps; tap++) {
      tlk_int element = first * s->column_stride + tap * s->tap_stride + c * s->channel_stride;
      rows.from = (const char *)s->data + element * from_size;
      tlk_interleave(&rows, tlk_min(ROW_BLOCK, s->channels - c), out + (tap * s->channels + c) * TLK_PANEL * size);
    }
}

tlk_status tlk_weights_pack(const tlk_weights *source, void *packed, tlk_dtype dtype) {
  if (!tlk_is_float(source->dtype) || !tlk_is_float(dtype)) return TLK_E_UNSUPPORTED;
  if (tlk_weights_packed_bytes(source->columns, source->taps, source->channels, dtype) < 0) return TLK_E_ARGUMENT;
  pack_job job = {source, packed, dtype};
  tlk_parallel(tlk_ceil_div(source->columns, TLK_PANEL), pack_panel, &job);
  return TLK_OK;
}
