// The portable Metal device's native part: threads of a group as fibers, the shaders that come with the library, the text of
// the headers that user shaders are compiled with.
#ifndef TLM_SHADERS_H
#define TLM_SHADERS_H

#include <stddef.h>

#include "shader_abi.h"

#define TLM_API __attribute__((visibility("hidden")))

#ifdef __cplusplus
extern "C" {
#endif

TLM_API const tlm_runtime *tlm_host_runtime(void);

// Runs every thread of the group on the calling OS thread. -1: no memory for the stacks.
TLM_API int tlm_run_group(const tlm_kernel *kernel, const tlm_group *group);

// Bytes of a thread's stack where threads wait for each other.
#define TLM_STACK_BYTES (256 * 1024)

// A shader that was compiled with the library; found by the SHA-256 of its source.
typedef struct {
  const char *source_hash;  // hexadecimal
  tlm_open_function open;
} tlm_builtin;
// NULL behind the last one. `open` is of the best instruction set that the machine has.
TLM_API const tlm_builtin *tlm_builtin_at(size_t index);

// The headers of the shim: name and text. NULL behind the last one.
typedef struct {
  const char *name;
  const char *text;
  size_t byte_length;
} tlm_shim_file;
TLM_API const tlm_shim_file *tlm_shim_file_at(size_t index);

#ifdef __cplusplus
}
#endif
#endif
