// The table of the library's own shaders, for the best instruction set that the machine has.
#include "kernels.h"
#include "shaders.h"

#define TLM_SHADER(NAME, HASH)                                                       \
  const tlm_library *tlm_open_##NAME##__baseline(const tlm_runtime *runtime) TLM_API; \
  const tlm_library *tlm_open_##NAME##__avx2(const tlm_runtime *runtime) TLM_API;
#include "../generated/list.inc"
#undef TLM_SHADER

static const tlm_builtin baseline[] = {
#define TLM_SHADER(NAME, HASH) {HASH, tlm_open_##NAME##__baseline},
#include "../generated/list.inc"
#undef TLM_SHADER
};

#if defined(__x86_64__)
static const tlm_builtin avx2[] = {
#define TLM_SHADER(NAME, HASH) {HASH, tlm_open_##NAME##__avx2},
#include "../generated/list.inc"
#undef TLM_SHADER
};
#endif

const tlm_builtin *tlm_builtin_at(size_t index) {
  if (index >= sizeof baseline / sizeof *baseline) return NULL;
#if defined(__x86_64__)
  if (tlk_isa_active() >= TLK_ISA_AVX2) return &avx2[index];
#endif
  return &baseline[index];
}
