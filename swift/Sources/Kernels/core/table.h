// The dispatch table: one per instruction set, chosen once.
#ifndef TLK_TABLE_H
#define TLK_TABLE_H

#include "kernels.h"
#include "tiles.h"

typedef struct {
#define K(NAME, PARAMETERS) void(*NAME) PARAMETERS;
#include "kernel_list.h"
#undef K
  tlk_int gemm_rows;     // rows of the largest micro tile of gemm_tile
  tlk_int row_multiple;  // row counts that are not a multiple of this waste time
  // Bytes of scratch that gemm_tile needs for a tile of these sizes and dtypes; its pointers are not read.
  tlk_int (*gemm_scratch)(const tlk_gemm_tile *tile);
  tlk_int lanes;
} tlk_kernel_table;

extern TLK_API const tlk_kernel_table tlk_table_scalar;
#if defined(__x86_64__)
extern TLK_API const tlk_kernel_table tlk_table_avx2;
extern TLK_API const tlk_kernel_table tlk_table_avx512;
#elif defined(__aarch64__)
extern TLK_API const tlk_kernel_table tlk_table_neon;
#endif

// The table in use.
TLK_API const tlk_kernel_table *tlk_kernels(void);
// For tests: puts a table of their own in use.
TLK_API void tlk_kernels_use(const tlk_kernel_table *table);

#endif
