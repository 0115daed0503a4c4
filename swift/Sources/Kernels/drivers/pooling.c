#include "kernels/pooling.h"

#include "checked.h"
#include "conv_geometry.h"
#include "window.h"

// Elements of the window of output q that lie in 0 - before ..< size + after.
static tlk_int inside(const tlk_conv_shape *s, int axis, tlk_int q, tlk_int before, tlk_int after) {
  tlk_int start = q * s->stride[axis] - s->padding[axis], count = 0;
  for (tlk_int j = 0; j < s->kernel[axis]; j++) {
    tlk_int at = start + j * s->dilation[axis];
    count += at >= -before && at < s->input[axis] + after;
  }
  return count;
}

static float reciprocal_count(const void *context, tlk_int d, tlk_int h, tlk_int w) {
  const tlk_pool *pool = context;
  const tlk_conv_shape *s = &pool->shape;
  const tlk_int q[3] = {d, h, w};
  float count = 1;
  for (int axis = 0; axis < 3; axis++) {
    bool padded = pool->kind == TLK_POOL_AVERAGE;
    count *= (float)inside(s, axis, q[axis], padded ? s->padding[axis] : 0, padded ? pool->padding_after[axis] : 0);
  }
  return 1 / count;
}

static float one(const void *context, tlk_int d, tlk_int h, tlk_int w) {
  (void)context, (void)d, (void)h, (void)w;
  return 1;
}

tlk_status tlk_pool_run(const tlk_pool *pool) {
  if (!tlk_is_float(pool->input_dtype) || !tlk_is_float(pool->output_dtype)) return TLK_E_UNSUPPORTED;
  tlk_epilogue epilogue = {.activation = pool->activation};
  tlk_window window = {.shape = pool->shape, .input = pool->input, .output = pool->output, .input_pitch = pool->input_pitch,
                       .output_pitch = pool->output_pitch, .input_dtype = pool->input_dtype, .output_dtype = pool->output_dtype,
                       .epilogue = &epilogue};
  window.shape.output_channels = window.shape.groups = window.shape.input_channels;
  window.shape.transposed = false;
  if (window.shape.groups < 1) return window.shape.groups == 0 ? TLK_OK : TLK_E_ARGUMENT;
  if (!tlk_conv_shape_valid(&window.shape)) return TLK_E_ARGUMENT;
  switch (pool->kind) {
    case TLK_POOL_MAX: window.kind = TLK_WINDOW_MAX; break;
    case TLK_POOL_AVERAGE:
    case TLK_POOL_AVERAGE_INSIDE:
      window.kind = TLK_WINDOW_SUM;
      window.factor = reciprocal_count;
      break;
    case TLK_POOL_L2:
      window.kind = TLK_WINDOW_SUM_SQUARE;
      window.factor = one;
      window.square_root = true;
      break;
    default: return TLK_E_ARGUMENT;
  }
  window.factor_context = pool;
  return tlk_window_run(&window);
}
