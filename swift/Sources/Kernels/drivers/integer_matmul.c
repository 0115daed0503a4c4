// Products of integers: shape arithmetic and counting in converted programs, never large.
#include <string.h>

#include "kernels/gemm.h"

static inline tlk_int offset_of(const tlk_int *offsets, tlk_int stride, tlk_int entry) {
  return offsets ? offsets[entry] : entry * stride;
}

tlk_status tlk_matmul_i32(const tlk_matmul *p) {
  const tlk_int a_row = p->transpose_a ? 1 : p->a_pitch, a_step = p->transpose_a ? p->a_pitch : 1;
  const tlk_int b_row = p->transpose_b ? 1 : p->b_pitch, b_step = p->transpose_b ? p->b_pitch : 1;
  for (tlk_int entry = 0; entry < p->batch; entry++) {
    const uint32_t *a = (const uint32_t *)p->a + offset_of(p->a_offsets, p->a_stride, entry);
    const uint32_t *b = (const uint32_t *)p->b + offset_of(p->b_offsets, p->b_stride, entry);
    uint32_t *out = (uint32_t *)p->out + offset_of(p->out_offsets, p->out_stride, entry);
    for (tlk_int i = 0; i < p->m; i++) {
      uint32_t *row = out + i * p->out_pitch;
      memset(row, 0, (size_t)p->n * sizeof *row);
      for (tlk_int k = 0; k < p->k; k++) {
        const uint32_t factor = a[i * a_row + k * a_step];
        for (tlk_int j = 0; j < p->n; j++) row[j] += factor * b[k * b_row + j * b_step];
      }
    }
  }
  return TLK_OK;
}
