#ifndef TLK_KERNELS_AMX_H
#define TLK_KERNELS_AMX_H

#include "../core/table.h"

// Filled from the AVX-512 table; call it from one thread before the table is in use.
TLK_API const tlk_kernel_table *tlk_table_amx(void);

#endif
