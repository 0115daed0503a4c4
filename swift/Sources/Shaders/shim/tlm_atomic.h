// Atomics. Groups run on several OS threads, so device memory needs real ones.
#ifndef TLM_ATOMIC_H
#define TLM_ATOMIC_H

#include "tlm_simd.h"

namespace metal {

enum memory_order { memory_order_relaxed = 0, memory_order_acquire = 2, memory_order_release = 3, memory_order_acq_rel = 4,
                    memory_order_seq_cst = 5 };
enum thread_scope { thread_scope_thread, thread_scope_simdgroup, thread_scope_threadgroup, thread_scope_device };
template <class T> struct atomic { T value; };
typedef atomic<int> atomic_int;
typedef atomic<uint> atomic_uint;
typedef atomic<bool> atomic_bool;
typedef atomic<float> atomic_float;
typedef atomic<ulong> atomic_ulong;

TLM_INLINE void atomic_thread_fence(mem_flags, memory_order, thread_scope = thread_scope_device) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

template <class T> struct tlm_plain { typedef T type; };
template <class T> TLM_INLINE T *tlm_address(const volatile atomic<T> *object) { return (T *)&object->value; }

template <class T> TLM_INLINE T atomic_load_explicit(const volatile atomic<T> *object, memory_order) {
  T result;
  __atomic_load(tlm_address(object), &result, __ATOMIC_RELAXED);
  return result;
}
template <class T>
TLM_INLINE void atomic_store_explicit(volatile atomic<T> *object, typename tlm_plain<T>::type value, memory_order) {
  __atomic_store(tlm_address(object), &value, __ATOMIC_RELAXED);
}
template <class T>
TLM_INLINE T atomic_exchange_explicit(volatile atomic<T> *object, typename tlm_plain<T>::type value, memory_order) {
  T old;
  __atomic_exchange(tlm_address(object), &value, &old, __ATOMIC_RELAXED);
  return old;
}
template <class T>
TLM_INLINE bool atomic_compare_exchange_weak_explicit(volatile atomic<T> *object, T *expected,
                                                      typename tlm_plain<T>::type desired, memory_order, memory_order) {
  return __atomic_compare_exchange(tlm_address(object), expected, &desired, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
#define TLM_ATOMIC(NAME, EXPRESSION)                                                                              \
  template <class T>                                                                                              \
  TLM_INLINE T NAME(volatile atomic<T> *object, typename tlm_plain<T>::type b, memory_order order) {              \
    T a = atomic_load_explicit(object, order), next;                                                              \
    do next = (T)(EXPRESSION);                                                                                    \
    while (!__atomic_compare_exchange(tlm_address(object), &a, &next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); \
    return a;                                                                                                     \
  }
TLM_ATOMIC(atomic_fetch_add_explicit, a + b)
TLM_ATOMIC(atomic_fetch_sub_explicit, a - b)
TLM_ATOMIC(atomic_fetch_min_explicit, b < a ? b : a)
TLM_ATOMIC(atomic_fetch_max_explicit, a < b ? b : a)
TLM_ATOMIC(atomic_fetch_and_explicit, a & b)
TLM_ATOMIC(atomic_fetch_or_explicit, a | b)
TLM_ATOMIC(atomic_fetch_xor_explicit, a ^ b)
template <class T>
TLM_INLINE void atomic_min_explicit(volatile atomic<T> *object, typename tlm_plain<T>::type value, memory_order order) {
  atomic_fetch_min_explicit(object, value, order);
}
template <class T>
TLM_INLINE void atomic_max_explicit(volatile atomic<T> *object, typename tlm_plain<T>::type value, memory_order order) {
  atomic_fetch_max_explicit(object, value, order);
}

}  // namespace metal
using metal::atomic_int;
using metal::atomic_uint;
using metal::atomic_bool;
using metal::atomic_float;
using metal::atomic_ulong;
#endif
