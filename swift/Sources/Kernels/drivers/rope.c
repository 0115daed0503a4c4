#include "kernels.h"

#include <math.h>

typedef struct {
  const void *input;
  void *output;
  tlk_dtype dtype;
  tlk_int tokens, width, first_position;
  float log2_base;
  bool adjacent;
} rope_job;

static void run_line(void *context, tlk_int line) {
  const rope_job *job = context;
  tlk_int size = tlk_dtype_size(job->dtype), width = job->width, half = width / 2;
  // Small pieces: a line is a head's width.
  float in[256], out[256];
  const char *source = (const char *)job->input + line * width * size;
  char *target = (char *)job->output + line * width * size;
  float position = (float)(job->first_position + line % job->tokens);
  for (tlk_int start = 0; start < half; start += 128) {
    tlk_int count = half - start < 128 ? half - start : 128;
    tlk_int second = job->adjacent ? 2 * start + count : start + half;
    tlk_int first = job->adjacent ? 2 * start : start;
    tlk_convert(source + first * size, job->dtype, in, TLK_F32, count);
    tlk_convert(source + second * size, job->dtype, in + count, TLK_F32, count);
    for (tlk_int i = 0; i < count; i++) {
      float angle = position * exp2f(-job->log2_base * (float)(2 * (start + i)) / (float)width);
      float cosine = cosf(angle), sine = sinf(angle);
      tlk_int a = job->adjacent ? 2 * i : i, b = job->adjacent ? 2 * i + 1 : count + i;
      out[a] = in[a] * cosine - in[b] * sine;
      out[b] = in[a] * sine + in[b] * cosine;
    }
    tlk_convert(out, TLK_F32, target + first * size, job->dtype, count);
    tlk_convert(out + count, TLK_F32, target + second * size, job->dtype, count);
  }
}

tlk_status tlk_rope(const void *input, tlk_dtype dtype, void *output, tlk_int rows, tlk_int tokens, tlk_int width,
                    tlk_int first_position, float base, bool adjacent) {
  if (rows < 0 || tokens < 1 || width < 2 || width % 2 != 0 || !(base > 0)) return TLK_E_ARGUMENT;
  if (dtype != TLK_F16 && dtype != TLK_F32) return TLK_E_UNSUPPORTED;
  rope_job job = {input, output, dtype, tokens, width, first_position, log2f(base), adjacent};
  tlk_parallel(rows * tokens, run_line, &job);
  return TLK_OK;
}
