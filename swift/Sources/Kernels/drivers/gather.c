#include <string.h>

#include "checked.h"
#include "../core/tiles.h"
#include "kernels/movement.h"
#include "kernels/pool.h"

typedef struct {
  const char *input;
  char *output;
  const int32_t *indices;
  tlk_int input_rows, index_count, row_bytes, total, rows_per_tile;
} gather_job;

static void gather_tile(void *context, tlk_int index) {
  const gather_job *job = context;
  tlk_int first = index * job->rows_per_tile, end = tlk_min(first + job->rows_per_tile, job->total);
  for (tlk_int row = first; row < end; row++) {
    tlk_int outer = row / job->index_count, wanted = job->indices[row % job->index_count];
    if (wanted < 0) wanted += job->input_rows;
    memcpy(job->output + row * job->row_bytes, job->input + (outer * job->input_rows + wanted) * job->row_bytes,
           (size_t)job->row_bytes);
  }
}

tlk_status tlk_gather_rows(const void *input, void *output, const int32_t *indices, tlk_int outer, tlk_int input_rows,
                           tlk_int index_count, tlk_int row_bytes, tlk_int *bad_index) {
  tlk_int total = tlk_product(outer, index_count);
  if (total < 0 || input_rows < 0 || row_bytes < 0) return TLK_E_ARGUMENT;
  for (tlk_int i = 0; i < index_count; i++)
    if (indices[i] >= input_rows || indices[i] < -input_rows) {
      if (bad_index) *bad_index = indices[i];
      return TLK_E_ARGUMENT;
    }
  gather_job job = {input, output, indices, input_rows, index_count, row_bytes, total,
                    tlk_max(1, 32768 / tlk_max(row_bytes, 1))};
  tlk_parallel(tlk_ceil_div(total, job.rows_per_tile), gather_tile, &job);
  return TLK_OK;
}
