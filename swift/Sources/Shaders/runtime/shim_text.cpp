// The headers of the shim as text. `.incbin` finds them by the target's search paths; the include at the end, which
// compiles to nothing, makes the build notice a change of one of them.
#include <string.h>

#include "shaders.h"

#define TLM_FILES(M) \
  M(stdlib, "metal_stdlib") \
  M(abi, "shader_abi.h") \
  M(all, "tlm_stdlib.h") \
  M(types, "tlm_types.h") \
  M(swizzles, "tlm_swizzles.h") \
  M(vector, "tlm_vector.h") \
  M(matrix, "tlm_matrix.h") \
  M(math, "tlm_math.h") \
  M(vector_math, "tlm_vector_math.h") \
  M(integer, "tlm_integer.h") \
  M(simd, "tlm_simd.h") \
  M(atomic, "tlm_atomic.h") \
  M(names, "tlm_names.h") \
  M(entry, "tlm_entry.h")

#define TLM_EMBED(ID, NAME) \
  __asm__(".section .rodata\n" \
          "tlm_text_" #ID ":\n" \
          ".incbin \"" NAME "\"\n" \
          "tlm_text_end_" #ID ":\n" \
          ".previous\n"); \
  extern "C" const char tlm_text_##ID[], tlm_text_end_##ID[];
TLM_FILES(TLM_EMBED)

#define TLM_LENGTH(ID, NAME) \
  files[count++] = tlm_shim_file{NAME, tlm_text_##ID, (size_t)(tlm_text_end_##ID - tlm_text_##ID)};

const tlm_shim_file *tlm_shim_file_at(size_t index) {
  static thread_local tlm_shim_file files[24];
  size_t count = 0;
  TLM_FILES(TLM_LENGTH)
  return index < count ? &files[index] : nullptr;
}

#include "shader_settings.h"
#include "tlm_stdlib.h"
#include <metal_stdlib>
