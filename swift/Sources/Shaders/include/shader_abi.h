// What a compiled shader and the portable Metal device agree on. Shared by the runtime (C), the shim (C++) and Swift.
#ifndef TLM_SHADER_ABI_H
#define TLM_SHADER_ABI_H

#ifdef __cplusplus
// Shaders are compiled without any system's headers.
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
extern "C" {
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define TLM_ABI_VERSION 1
#define TLM_ARGUMENTS 31     // argument table entries, as on Apple's GPUs
#define TLM_SIMD_WIDTH 32
#define TLM_VALUE_BYTES 32   // the largest value that lanes exchange: a vector of four 64-bit numbers

// One threadgroup as a kernel sees it. Sizes are threads or groups along x, y, z.
typedef struct {
  void *buffers[TLM_ARGUMENTS];
  void *memory[TLM_ARGUMENTS];  // threadgroup memory that the dispatch asked for
  uint32_t position[3];         // of the group in the grid of groups
  uint32_t size[3];             // of this group: smaller than full_size at the end of a grid
  uint32_t full_size[3];
  uint32_t grid[3];             // threads of the whole grid
  uint32_t groups[3];
} tlm_group;

// Values of the lanes that take part in one simdgroup function.
typedef struct {
  uint32_t mask;  // bit per lane
  unsigned char values[TLM_SIMD_WIDTH][TLM_VALUE_BYTES];
} tlm_exchange;

// What compiled code calls. `exchange` hands over size bytes and answers when all lanes of the simdgroup that reach the same
// call have done so; the result is valid until the next call of this thread.
typedef struct {
  void (*barrier)(void);
  void (*simd_barrier)(void);
  const tlm_exchange *(*exchange)(const void *value, uint32_t size, uint32_t *lane);
} tlm_runtime;

typedef struct {
  const char *name;
  uint8_t index;
  bool is_threadgroup;  // threadgroup memory, else a buffer
} tlm_argument;

typedef struct {
  const char *name;
  // All threads of a group, one after the other: kernels without barriers. NULL where threads wait for each other.
  void (*run_group)(const tlm_group *group);
  // One thread, on a stack of its own. NULL where run_group is set.
  void (*run_thread)(const tlm_group *group, uint32_t x, uint32_t y, uint32_t z);
  uint32_t max_threads;  // [[max_total_threads_per_threadgroup]], 0: none given
  uint32_t argument_count;
  const tlm_argument *arguments;
} tlm_kernel;

typedef struct {
  uint32_t version;
  uint32_t kernel_count;
  const tlm_kernel *kernels;
} tlm_library;

// The one function that a compiled shader exports, named tlm_open.
typedef const tlm_library *(*tlm_open_function)(const tlm_runtime *runtime);

#ifdef __cplusplus
}
#endif
#endif
