// What generated entry points are made of: arguments that become whatever type the kernel's parameter has.
#ifndef TLM_ENTRY_H
#define TLM_ENTRY_H

#include "tlm_names.h"

namespace metal {

struct tlm_pointer {
  void *address;
  template <class T> TLM_INLINE operator T *() const { return (T *)address; }
  template <class T> TLM_INLINE operator T &() const { return *(T *)address; }
};

struct tlm_index {
  uint value;
  template <class T, TLM_SCALAR(T)> TLM_INLINE operator T() const { return (T)value; }
};

struct tlm_place {
  uint x, y, z;
  template <class T, TLM_SCALAR(T)> TLM_INLINE operator T() const { return (T)x; }
  template <class T> TLM_INLINE operator vec<T, 2>() const { return vec<T, 2>((T)x, (T)y); }
  template <class T> TLM_INLINE operator vec<T, 3>() const { return vec<T, 3>((T)x, (T)y, (T)z); }
};

// One thread of a group: the values behind MSL's attributes, by their names.
struct tlm_thread {
  const tlm_group &group;
  uint x, y, z;

  TLM_INLINE uint linear() const { return (z * group.size[1] + y) * group.size[0] + x; }
  static TLM_INLINE uint volume(const uint32_t *size) { return size[0] * size[1] * size[2]; }
  static TLM_INLINE tlm_place place(const uint32_t *p) { return {p[0], p[1], p[2]}; }
  static TLM_INLINE tlm_index parts(uint count, uint width) { return {(count + width - 1) / width}; }

  TLM_INLINE tlm_place thread_position_in_threadgroup() const { return {x, y, z}; }
  TLM_INLINE tlm_place thread_position_in_grid() const {
    return {group.position[0] * group.full_size[0] + x, group.position[1] * group.full_size[1] + y,
            group.position[2] * group.full_size[2] + z};
  }
  TLM_INLINE tlm_index thread_index_in_threadgroup() const { return {linear()}; }
  TLM_INLINE tlm_place threadgroup_position_in_grid() const { return place(group.position); }
  TLM_INLINE tlm_place threads_per_grid() const { return place(group.grid); }
  TLM_INLINE tlm_place grid_size() const { return place(group.grid); }
  TLM_INLINE tlm_place grid_origin() const { return {0, 0, 0}; }
  TLM_INLINE tlm_place threads_per_threadgroup() const { return place(group.size); }
  TLM_INLINE tlm_place dispatch_threads_per_threadgroup() const { return place(group.full_size); }
  TLM_INLINE tlm_place threadgroups_per_grid() const { return place(group.groups); }
  TLM_INLINE tlm_index thread_index_in_simdgroup() const { return {linear() % TLM_SIMD_WIDTH}; }
  TLM_INLINE tlm_index simdgroup_index_in_threadgroup() const { return {linear() / TLM_SIMD_WIDTH}; }
  TLM_INLINE tlm_index simdgroups_per_threadgroup() const { return parts(volume(group.size), TLM_SIMD_WIDTH); }
  TLM_INLINE tlm_index dispatch_simdgroups_per_threadgroup() const { return parts(volume(group.full_size), TLM_SIMD_WIDTH); }
  TLM_INLINE tlm_index threads_per_simdgroup() const { return {TLM_SIMD_WIDTH}; }
  TLM_INLINE tlm_index thread_execution_width() const { return {TLM_SIMD_WIDTH}; }
  TLM_INLINE tlm_index thread_index_in_quadgroup() const { return {linear() % 4}; }
  TLM_INLINE tlm_index quadgroup_index_in_threadgroup() const { return {linear() / 4}; }
  TLM_INLINE tlm_index quadgroups_per_threadgroup() const { return parts(volume(group.size), 4); }
  TLM_INLINE tlm_index dispatch_quadgroups_per_threadgroup() const { return parts(volume(group.full_size), 4); }
  TLM_INLINE tlm_index quadgroups_per_simdgroup() const { return {TLM_SIMD_WIDTH / 4}; }
};

}  // namespace metal

// Bodies of entry points. The arguments are the kernel's call, with `t` for the thread.
// Threads of a group are independent where no barrier orders them, so the loop along x may become vectors.
#define TLM_RUN_GROUP(...)                                                         \
  const tlm_group local = *group;                                                  \
  for (uint32_t z = 0; z < local.size[2]; z++)                                     \
    for (uint32_t y = 0; y < local.size[1]; y++) {                                 \
      _Pragma("clang loop vectorize(assume_safety)")                               \
      for (uint32_t x = 0; x < local.size[0]; x++) {                               \
        metal::tlm_thread t{local, x, y, z};                                       \
        __VA_ARGS__;                                                               \
      }                                                                            \
    }
#define TLM_RUN_THREAD(...)               \
  metal::tlm_thread t{*group, x, y, z};   \
  __VA_ARGS__;

#ifndef TLM_OPEN
#define TLM_OPEN tlm_open
#define TLM_OPEN_VISIBILITY "default"
#else
#define TLM_OPEN_VISIBILITY "hidden"
#endif

#endif
