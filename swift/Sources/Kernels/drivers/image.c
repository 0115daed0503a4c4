#include "kernels/image.h"

#include <math.h>
#include <stdatomic.h>

#include "operand.h"
#include "registers.h"
#include "tiling.h"

// Where red, green and blue lie in a pixel; gray has them all in one place.
typedef struct {
  int bytes, red, green, blue;
} pixel_layout;

static pixel_layout layout_of(tlk_pixel_format format) {
  switch (format) {
    case TLK_PIXEL_RGBA: return (pixel_layout){4, 0, 1, 2};
    case TLK_PIXEL_BGRA: return (pixel_layout){4, 2, 1, 0};
    case TLK_PIXEL_RGB: return (pixel_layout){3, 0, 1, 2};
    case TLK_PIXEL_BGR: return (pixel_layout){3, 2, 1, 0};
    default: return (pixel_layout){1, 0, 0, 0};
  }
}

typedef struct {
  uint8_t *pixels;
  tlk_pixel_format format;
  tlk_int width, height, row_bytes;
  char *tensor;
  tlk_dtype dtype;
  tlk_color_layout layout;
  tlk_int channel_stride, row_stride, column_stride, channels;
  const float *scale, *bias;
  _Atomic(int) status;
} image_job;

// Byte of channel c (in the tensor's order) in a pixel.
static int byte_of(const image_job *job, tlk_int c) {
  pixel_layout p = layout_of(job->format);
  if (c == 1) return p.green;
  return (c == 0) == (job->layout == TLK_COLOR_RGB) ? p.red : p.blue;
}

static uint8_t luma(const uint8_t *pixel, pixel_layout p) {
  if (p.bytes == 1) return pixel[0];
  // BT.601 in thousandths, rounded.
  return (uint8_t)((299 * pixel[p.red] + 587 * pixel[p.green] + 114 * pixel[p.blue] + 500) / 1000);
}

static void read_row(void *context, tlk_int y) {
  image_job *job = context;
  pixel_layout p = layout_of(job->format);
  const uint8_t *row = job->pixels + y * job->row_bytes;
  float *line = tlk_scratch((size_t)job->width * 4);
  if (!line) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  for (tlk_int c = 0; c < job->channels; c++) {
    float scale = job->scale ? job->scale[c] : 1, bias = job->bias ? job->bias[c] : 0;
    int byte = byte_of(job, c);
    if (job->layout == TLK_COLOR_GRAY)
      for (tlk_int x = 0; x < job->width; x++) line[x] = (float)luma(row + x * p.bytes, p) * scale + bias;
    else
      for (tlk_int x = 0; x < job->width; x++) line[x] = (float)row[x * p.bytes + byte] * scale + bias;
    tlk_register_store(line, true, job->tensor, job->dtype, c * job->channel_stride + y * job->row_stride, job->column_stride, job->width);
  }
}

static uint8_t to_byte(float x) {
  // NaN fails both comparisons and becomes 0.
  return x >= 254.5f ? 255 : x > 0.5f ? (uint8_t)lrintf(x) : 0;
}

static void write_row(void *context, tlk_int y) {
  image_job *job = context;
  pixel_layout p = layout_of(job->format);
  uint8_t *row = job->pixels + y * job->row_bytes;
  float *line = tlk_scratch((size_t)(job->width * job->channels) * 4);
  if (!line) {
    atomic_store(&job->status, TLK_E_MEMORY);
    return;
  }
  for (tlk_int c = 0; c < job->channels; c++) {
    float *plane = line + c * job->width, scale = job->scale ? job->scale[c] : 1, bias = job->bias ? job->bias[c] : 0;
    tlk_register_load(plane, job->tensor, job->dtype, c * job->channel_stride + y * job->row_stride, job->column_stride, job->width);
    for (tlk_int x = 0; x < job->width; x++) {
      float value = job->dtype == TLK_F16 || job->dtype == TLK_F32 ? plane[x] : (float)((const int32_t *)plane)[x];
      plane[x] = (float)to_byte(value * scale + bias);
    }
  }
  for (tlk_int x = 0; x < job->width; x++) {
    uint8_t *pixel = row + x * p.bytes, color[4];
    for (tlk_int c = 0; c < 3; c++) color[byte_of(job, c) % 4] = (uint8_t)line[(job->channels == 3 ? c : 0) * job->width + x];
    if (p.bytes == 1 && job->channels == 3) {
      const float *r = line + (job->layout == TLK_COLOR_RGB ? 0 : 2) * job->width, *b = line + (job->layout == TLK_COLOR_RGB ? 2 : 0) * job->width;
      const uint8_t rgb[3] = {(uint8_t)r[x], (uint8_t)line[job->width + x], (uint8_t)b[x]};
      pixel[0] = luma(rgb, layout_of(TLK_PIXEL_RGB));
      continue;
    }
    if (p.bytes == 4) color[3] = 255;
    for (int i = 0; i < p.bytes; i++) pixel[i] = color[i];
  }
}

static tlk_status run(image_job *job, bool write) {
  if (job->dtype != TLK_F16 && job->dtype != TLK_F32 && job->dtype != TLK_I32 && job->dtype != TLK_U8) return TLK_E_UNSUPPORTED;
  if (job->width < 0 || job->height < 0 || job->width > INT32_MAX || job->height > INT32_MAX) return TLK_E_ARGUMENT;
  if ((unsigned)job->format > TLK_PIXEL_GRAY || (unsigned)job->layout > TLK_COLOR_GRAY) return TLK_E_ARGUMENT;
  job->channels = job->layout == TLK_COLOR_GRAY ? 1 : 3;
  if (job->width > 0) tlk_parallel(job->height, write ? write_row : read_row, job);
  return (tlk_status)atomic_load(&job->status);
}

tlk_status tlk_image_to_tensor(const uint8_t *pixels, tlk_pixel_format format, tlk_int width, tlk_int height, tlk_int row_bytes,
                               void *tensor, tlk_dtype dtype, tlk_color_layout layout, tlk_int channel_stride, tlk_int row_stride,
                               tlk_int column_stride, const float *scale, const float *bias) {
  image_job job = {(uint8_t *)pixels, format, width, height, row_bytes, tensor, dtype, layout, channel_stride, row_stride, column_stride,
                   0, scale, bias, 0};
  return run(&job, false);
}

tlk_status tlk_image_from_tensor(const void *tensor, tlk_dtype dtype, tlk_color_layout layout, tlk_int channel_stride, tlk_int row_stride,
                                 tlk_int column_stride, const float *scale, const float *bias, uint8_t *pixels, tlk_pixel_format format,
                                 tlk_int width, tlk_int height, tlk_int row_bytes) {
  image_job job = {pixels, format, width, height, row_bytes, (char *)tensor, dtype, layout, channel_stride, row_stride, column_stride,
                   0, scale, bias, 0};
  return run(&job, true);
}
