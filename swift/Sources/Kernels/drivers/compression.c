#include "kernels/compression.h"

#include <stdatomic.h>
#include <string.h>

#include "block_grid.h"

typedef struct {
  const tlk_block_grid *grid;
  const uint8_t *indices;
  const char *lut;
  char *output;
  tlk_int entries, lanes, vector_axis, element_size;
  tlk_int table_bytes;  // one block's entries
  tlk_int inner;        // index elements behind the vector axis
  _Atomic(bool) outside;
} lookup;

static inline void copy_element(char *output, const char *input, tlk_int size) {
  switch (size) {
    case 1: *output = *input; break;
    case 2: memcpy(output, input, 2); break;
    default: memcpy(output, input, 4); break;
  }
}

static inline __attribute__((always_inline)) bool lookup_run(const uint8_t *indices, tlk_int count, const char *table, tlk_int entries,
                                                             tlk_int size, char *output) {
  bool outside = false;
  for (tlk_int i = 0; i < count; i++) {
    tlk_int index = indices[i];
    if (index >= entries) outside = true, index = 0;
    copy_element(output + i * size, table + index * size, size);
  }
  return outside;
}

static bool lookup_vectors(lookup *work, tlk_int row, tlk_int width, tlk_int length, const char *table) {
  tlk_int size = work->element_size, lanes = work->lanes;
  bool outside = false;
  for (tlk_int column = 0; column < width; column++) {
    tlk_int position = row * width + column, index = work->indices[position];
    if (index >= work->entries) outside = true, index = 0;
    const char *entry = table + column / length * work->table_bytes + index * lanes * size;
    tlk_int outer = position / work->inner, rest = position % work->inner;
    char *output = work->output + (outer * lanes * work->inner + rest) * size;
    for (tlk_int lane = 0; lane < lanes; lane++) copy_element(output + lane * work->inner * size, entry + lane * size, size);
  }
  return outside;
}

static void lookup_row(void *context, tlk_int row) {
  lookup *work = context;
  const tlk_block_grid *grid = work->grid;
  tlk_int width = tlk_grid_width(grid), length = width / grid->groups[grid->rank - 1], size = work->element_size;
  const char *table = work->lut + tlk_grid_block(grid, row) * work->table_bytes;
  bool outside = false;
  if (work->lanes > 1) {
    outside = lookup_vectors(work, row, width, length, table);
  } else {
    for (tlk_int first = 0; first < width; first += length, table += work->table_bytes) {
      const uint8_t *indices = work->indices + row * width + first;
      char *output = work->output + (row * width + first) * size;
      switch (size) {
        case 1: outside |= lookup_run(indices, length, table, work->entries, 1, output); break;
        case 2: outside |= lookup_run(indices, length, table, work->entries, 2, output); break;
        default: outside |= lookup_run(indices, length, table, work->entries, 4, output); break;
      }
    }
  }
  if (outside) atomic_store(&work->outside, true);
}

tlk_status tlk_lookup(const tlk_block_grid *grid, const uint8_t *indices, const void *lut, tlk_int entries, tlk_int lanes,
                      tlk_int vector_axis, tlk_int element_size, void *output) {
  if (!tlk_grid_valid(grid) || entries < 1 || lanes < 1 || vector_axis < 0 || vector_axis >= grid->rank) return TLK_E_ARGUMENT;
  if (element_size != 1 && element_size != 2 && element_size != 4) return TLK_E_UNSUPPORTED;
  lookup work = {.grid = grid, .indices = indices, .lut = lut, .output = output, .entries = entries, .lanes = lanes,
                 .vector_axis = vector_axis, .element_size = element_size, .table_bytes = entries * lanes * element_size, .inner = 1};
  for (tlk_int axis = vector_axis + 1; axis < grid->rank; axis++) work.inner *= grid->shape[axis];
  tlk_for_each_row(grid, lookup_row, &work);
  return atomic_load(&work.outside) ? TLK_E_ARGUMENT : TLK_OK;
}

tlk_status tlk_unpack_bits(const uint8_t *source, tlk_int source_bytes, tlk_int bits, uint8_t *output, tlk_int count) {
  if (bits < 1 || bits > 8) return TLK_E_ARGUMENT;
  uint32_t accumulator = 0, mask = (1u << bits) - 1;
  tlk_int available = 0, next = 0;
  for (tlk_int i = 0; i < count; i++) {
    if (available < bits) {
      accumulator |= (uint32_t)(next < source_bytes ? source[next] : 0) << available;
      next++;
      available += 8;
    }
    output[i] = (uint8_t)(accumulator & mask);
    accumulator >>= bits;
    available -= bits;
  }
  return TLK_OK;
}

static tlk_int ones(const uint8_t *mask, tlk_int count) {
  tlk_int total = 0;
  for (tlk_int i = 0; i < count; i++) total += mask[i] != 0;
  return total;
}

tlk_status tlk_sparse_expand(const uint8_t *mask, tlk_int count, const void *values, tlk_int value_count, tlk_int element_size,
                             void *output) {
  if (element_size != 1 && element_size != 2 && element_size != 4) return TLK_E_UNSUPPORTED;
  if (ones(mask, count) != value_count) return TLK_E_ARGUMENT;
  memset(output, 0, (size_t)(count * element_size));
  const char *next = values;
  for (tlk_int i = 0; i < count; i++) {
    if (!mask[i]) continue;
    copy_element((char *)output + i * element_size, next, element_size);
    next += element_size;
  }
  return TLK_OK;
}

tlk_status tlk_sparse_collect(const uint8_t *mask, tlk_int count, const void *input, tlk_int value_count, tlk_int element_size,
                              void *values) {
  if (element_size != 1 && element_size != 2 && element_size != 4) return TLK_E_UNSUPPORTED;
  if (ones(mask, count) != value_count) return TLK_E_ARGUMENT;
  char *next = values;
  for (tlk_int i = 0; i < count; i++) {
    if (!mask[i]) continue;
    copy_element(next, (const char *)input + i * element_size, element_size);
    next += element_size;
  }
  return TLK_OK;
}
