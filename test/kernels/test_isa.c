#include "../../swift/Sources/Kernels/core/self_check.h"
#include "check.h"

static void multiply_almost(const tlk_gemm_tile *tile) {
  tlk_table_scalar.gemm_tile(tile);
  ((uint16_t *)tile->out)[tile->row_count * tile->out_pitch - 1] ^= 1;
}

void test_isa(void) {
  begin_case("trial product of an instruction set");
  expect_true(tlk_self_check(tlk_kernels()), "the set under test passes");
  tlk_kernel_table wrong = tlk_table_scalar;
  wrong.gemm_tile = multiply_almost;
  expect_true(!tlk_self_check(&wrong), "one wrong bit of the last result is seen");
}
