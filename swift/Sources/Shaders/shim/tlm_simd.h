// Barriers, simdgroup and quadgroup functions.
#ifndef TLM_SIMD_H
#define TLM_SIMD_H

#include "tlm_integer.h"

namespace metal {

// Set by tlm_open. Each compiled shader has its own.
static const tlm_runtime *tlm_host;

enum class mem_flags { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4, mem_threadgroup_imageblock = 8,
                       mem_object_data = 16 };
TLM_INLINE constexpr mem_flags operator|(mem_flags a, mem_flags b) { return (mem_flags)((int)a | (int)b); }

// All threads of a group are on one OS thread: what one has written, the others see.
TLM_INLINE void threadgroup_barrier(mem_flags) {
  __asm__ volatile("" ::: "memory");
  tlm_host->barrier();
  __asm__ volatile("" ::: "memory");
}
TLM_INLINE void simdgroup_barrier(mem_flags) {
  __asm__ volatile("" ::: "memory");
  tlm_host->simd_barrier();
  __asm__ volatile("" ::: "memory");
}

struct tlm_lanes {
  const tlm_exchange *all;
  uint lane;
  template <class T> TLM_INLINE tlm_lanes(const T &value) {
    static_assert(sizeof(T) <= TLM_VALUE_BYTES, "the value is too large for a simdgroup function");
    all = tlm_host->exchange(&value, sizeof value, &lane);
  }
  TLM_INLINE bool has(uint other) const { return other < TLM_SIMD_WIDTH && (all->mask >> other & 1); }
  // The value of a lane that takes part; else undefined on a GPU, and the caller's own here.
  template <class T> TLM_INLINE T get(uint other) const {
    T result;
    __builtin_memcpy(&result, all->values[has(other) ? other : lane], sizeof result);
    return result;
  }
};

template <class T> TLM_INLINE T simd_shuffle(T value, ushort lane) { return tlm_lanes(value).get<T>(lane); }
template <class T> TLM_INLINE T simd_broadcast(T value, ushort lane) { return tlm_lanes(value).get<T>(lane); }
template <class T> TLM_INLINE T simd_broadcast_first(T value) {
  tlm_lanes lanes(value);
  return lanes.get<T>((uint)__builtin_ctz(lanes.all->mask));
}
template <class T> TLM_INLINE T simd_shuffle_xor(T value, ushort mask) {
  tlm_lanes lanes(value);
  return lanes.get<T>(lanes.lane ^ mask);
}
template <class T> TLM_INLINE T simd_shuffle_up(T value, ushort delta) {
  tlm_lanes lanes(value);
  return lanes.lane < delta ? value : lanes.get<T>(lanes.lane - delta);
}
template <class T> TLM_INLINE T simd_shuffle_down(T value, ushort delta) {
  tlm_lanes lanes(value);
  return lanes.get<T>(lanes.lane + delta);
}
template <class T> TLM_INLINE T simd_shuffle_rotate_up(T value, ushort delta) {
  tlm_lanes lanes(value);
  return lanes.get<T>((lanes.lane - delta) & (TLM_SIMD_WIDTH - 1));
}
template <class T> TLM_INLINE T simd_shuffle_rotate_down(T value, ushort delta) {
  tlm_lanes lanes(value);
  return lanes.get<T>((lanes.lane + delta) & (TLM_SIMD_WIDTH - 1));
}
template <class T> TLM_INLINE T simd_shuffle_and_fill_up(T value, T fill, ushort delta) {
  tlm_lanes lanes(value);
  T filled = tlm_lanes(fill).get<T>((lanes.lane - delta) & (TLM_SIMD_WIDTH - 1));
  return lanes.lane < delta ? filled : tlm_lanes(value).get<T>(lanes.lane - delta);
}
template <class T> TLM_INLINE T simd_shuffle_and_fill_down(T value, T fill, ushort delta) {
  tlm_lanes lanes(value);
  uint from = lanes.lane + delta;
  T filled = tlm_lanes(fill).get<T>(from & (TLM_SIMD_WIDTH - 1));
  return from >= TLM_SIMD_WIDTH ? filled : tlm_lanes(value).get<T>(from);
}

#define TLM_REDUCTION(NAME, EXPRESSION)                                                        \
  template <class T> TLM_INLINE T NAME##_over(T value, uint first, uint width, const tlm_lanes &lanes) { \
    bool is_first = true;                                                                      \
    T a = value;                                                                               \
    for (uint i = first; i < first + width; i++) {                                             \
      if (!lanes.has(i)) continue;                                                             \
      T b = lanes.get<T>(i);                                                                   \
      a = is_first ? b : (T)(EXPRESSION);                                                      \
      is_first = false;                                                                        \
    }                                                                                          \
    return a;                                                                                  \
  }                                                                                            \
  template <class T> TLM_INLINE T simd_##NAME(T value) {                                       \
    tlm_lanes lanes(value);                                                                    \
    return NAME##_over(value, 0, TLM_SIMD_WIDTH, lanes);                                       \
  }                                                                                            \
  template <class T> TLM_INLINE T quad_##NAME(T value) {                                       \
    tlm_lanes lanes(value);                                                                    \
    return NAME##_over(value, lanes.lane & ~3u, 4, lanes);                                     \
  }
TLM_REDUCTION(sum, a + b)
TLM_REDUCTION(product, a * b)
TLM_REDUCTION(min, min(a, b))
TLM_REDUCTION(max, max(a, b))
TLM_REDUCTION(and, a & b)
TLM_REDUCTION(or, a | b)
TLM_REDUCTION(xor, a ^ b)

#define TLM_PREFIX(NAME, OP, NEUTRAL)                                                         \
  template <class T> TLM_INLINE T NAME##_prefix(const tlm_lanes &lanes, uint first, uint last) { \
    T a = (T)(NEUTRAL);                                                                       \
    for (uint i = first; i < last; i++)                                                       \
      if (lanes.has(i)) a = (T)(a OP lanes.get<T>(i));                                        \
    return a;                                                                                 \
  }                                                                                           \
  template <class T> TLM_INLINE T simd_prefix_inclusive_##NAME(T value) {                     \
    tlm_lanes lanes(value);                                                                   \
    return NAME##_prefix<T>(lanes, 0, lanes.lane + 1);                                        \
  }                                                                                           \
  template <class T> TLM_INLINE T simd_prefix_exclusive_##NAME(T value) {                     \
    tlm_lanes lanes(value);                                                                   \
    return NAME##_prefix<T>(lanes, 0, lanes.lane);                                            \
  }                                                                                           \
  template <class T> TLM_INLINE T quad_prefix_inclusive_##NAME(T value) {                     \
    tlm_lanes lanes(value);                                                                   \
    return NAME##_prefix<T>(lanes, lanes.lane & ~3u, lanes.lane + 1);                         \
  }                                                                                           \
  template <class T> TLM_INLINE T quad_prefix_exclusive_##NAME(T value) {                     \
    tlm_lanes lanes(value);                                                                   \
    return NAME##_prefix<T>(lanes, lanes.lane & ~3u, lanes.lane);                             \
  }
TLM_PREFIX(sum, +, 0)
TLM_PREFIX(product, *, 1)

template <class T> TLM_INLINE T quad_shuffle(T value, ushort lane) {
  tlm_lanes lanes(value);
  return lanes.get<T>((lanes.lane & ~3u) + (lane & 3));
}
template <class T> TLM_INLINE T quad_broadcast(T value, ushort lane) { return quad_shuffle(value, lane); }
template <class T> TLM_INLINE T quad_shuffle_xor(T value, ushort mask) {
  tlm_lanes lanes(value);
  return lanes.get<T>(lanes.lane ^ (mask & 3));
}
template <class T> TLM_INLINE T quad_shuffle_up(T value, ushort delta) {
  tlm_lanes lanes(value);
  return (lanes.lane & 3) < delta ? value : lanes.get<T>(lanes.lane - delta);
}
template <class T> TLM_INLINE T quad_shuffle_down(T value, ushort delta) {
  tlm_lanes lanes(value);
  return (lanes.lane & 3) + delta > 3 ? value : lanes.get<T>(lanes.lane + delta);
}

class simd_vote {
 public:
  typedef ulong vote_t;
  TLM_INLINE explicit simd_vote(vote_t bits = 0) : bits(bits) {}
  TLM_INLINE explicit operator vote_t() const { return bits; }
  TLM_INLINE bool all() const { return (bits & 0xffffffff) == 0xffffffff; }
  TLM_INLINE bool any() const { return bits != 0; }

 private:
  vote_t bits;
};
TLM_INLINE uint tlm_votes(bool value, uint &mask, uint &lane) {
  tlm_lanes lanes(value);
  uint votes = 0;
  for (uint i = 0; i < TLM_SIMD_WIDTH; i++)
    if (lanes.has(i) && lanes.get<bool>(i)) votes |= 1u << i;
  mask = lanes.all->mask;
  lane = lanes.lane;
  return votes;
}
TLM_INLINE simd_vote simd_ballot(bool value) {
  uint mask, lane;
  return simd_vote(tlm_votes(value, mask, lane));
}
TLM_INLINE bool simd_all(bool value) {
  uint mask, lane, votes = tlm_votes(value, mask, lane);
  return votes == mask;
}
TLM_INLINE bool simd_any(bool value) {
  uint mask, lane;
  return tlm_votes(value, mask, lane) != 0;
}
TLM_INLINE bool simd_is_first() {
  uint mask, lane;
  tlm_votes(true, mask, lane);
  return lane == (uint)__builtin_ctz(mask);
}
TLM_INLINE simd_vote simd_active_threads_mask() { return simd_ballot(true); }

}  // namespace metal
#endif
