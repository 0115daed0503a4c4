// All templates for one instruction set. The including file has defined TLK_ISA_SUFFIX and included its vector header.
#include "../core/table.h"

#define TLK_PASTE_(A, B) A##__##B
#define TLK_PASTE(A, B) TLK_PASTE_(A, B)
#define TLK_KERNEL(NAME) TLK_PASTE(tlk_##NAME, TLK_ISA_SUFFIX)

#define K(NAME, PARAMETERS) static void TLK_KERNEL(NAME) PARAMETERS;
#include "../core/kernel_list.h"
#undef K

#include "../templates/vmath.h"
#include "../templates/activation.h"
#include "../templates/convert.h"
#include "../templates/epilogue.h"
#include "../templates/gemm.h"
#include "../templates/window.h"
#include "../templates/depthwise.h"
#include "../templates/elementwise.h"
#include "../templates/normalize.h"
#include "../templates/reduce.h"
#include "../templates/peak.h"
// Last: it turns the contraction of products and sums off.
#include "../templates/decode.h"

static tlk_int TLK_KERNEL(gemm_scratch)(const tlk_gemm_tile *tile) { (void)tile; return 0; }

#define TLK_TABLE_(SUFFIX) tlk_table_##SUFFIX
#define TLK_TABLE(SUFFIX) TLK_TABLE_(SUFFIX)
const tlk_kernel_table TLK_TABLE(TLK_ISA_SUFFIX) = {
#define K(NAME, PARAMETERS) .NAME = TLK_KERNEL(NAME),
#include "../core/kernel_list.h"
#undef K
    .gemm_rows = GEMM_ROWS,
    // Twelve rows are two micro tiles of 6 or nearly one of 14.
    .row_multiple = 6,
    .gemm_scratch = TLK_KERNEL(gemm_scratch),
    .lanes = TLK_LANES,
};
