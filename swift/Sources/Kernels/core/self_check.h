#ifndef TLK_SELF_CHECK_H
#define TLK_SELF_CHECK_H

#include "table.h"

// Whether the table's product of f16 matrices equals the scalar one's, for numbers whose products and sums every correct path gets exactly.
TLK_API bool tlk_self_check(const tlk_kernel_table *table);

#endif
