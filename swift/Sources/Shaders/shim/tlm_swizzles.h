// Swizzles as properties: v.zyx is a value, v.xy = … writes. TLM_SWIZZLES_2…4(V) declare those of a vector type whose elements
// are e[]; V<N> is the type of N of them.
#ifndef TLM_SWIZZLES_H
#define TLM_SWIZZLES_H

#define TLM_SWIZZLE2(V, a, r, i, b, g, j)                                                    \
  TLM_INLINE V<2> tlm_get_##a##b() const { return V<2>(e[i], e[j]); }                         \
  TLM_INLINE void tlm_put_##a##b(V<2> v) { e[i] = v.e[0], e[j] = v.e[1]; }                    \
  __declspec(property(get = tlm_get_##a##b, put = tlm_put_##a##b)) V<2> a##b;                 \
  __declspec(property(get = tlm_get_##a##b, put = tlm_put_##a##b)) V<2> r##g;
#define TLM_SWIZZLE3(V, a, r, i, b, g, j, c, h, k)                                           \
  TLM_INLINE V<3> tlm_get_##a##b##c() const { return V<3>(e[i], e[j], e[k]); }                \
  TLM_INLINE void tlm_put_##a##b##c(V<3> v) { e[i] = v.e[0], e[j] = v.e[1], e[k] = v.e[2]; }  \
  __declspec(property(get = tlm_get_##a##b##c, put = tlm_put_##a##b##c)) V<3> a##b##c;        \
  __declspec(property(get = tlm_get_##a##b##c, put = tlm_put_##a##b##c)) V<3> r##g##h;
#define TLM_SWIZZLE4(V, a, r, i, b, g, j, c, h, k, d, q, l)                                  \
  TLM_INLINE V<4> tlm_get_##a##b##c##d() const { return V<4>(e[i], e[j], e[k], e[l]); }       \
  TLM_INLINE void tlm_put_##a##b##c##d(V<4> v) {                                             \
    e[i] = v.e[0], e[j] = v.e[1], e[k] = v.e[2], e[l] = v.e[3];                               \
  }                                                                                          \
  __declspec(property(get = tlm_get_##a##b##c##d, put = tlm_put_##a##b##c##d)) V<4> a##b##c##d; \
  __declspec(property(get = tlm_get_##a##b##c##d, put = tlm_put_##a##b##c##d)) V<4> r##g##h##q;

// M(…, component names, index) for each component. One macro per nesting level: none may expand inside itself.
#define TLM_EACH_A2(M, ...) M(__VA_ARGS__, x, r, 0) M(__VA_ARGS__, y, g, 1)
#define TLM_EACH_A3(M, ...) TLM_EACH_A2(M, __VA_ARGS__) M(__VA_ARGS__, z, b, 2)
#define TLM_EACH_A4(M, ...) TLM_EACH_A3(M, __VA_ARGS__) M(__VA_ARGS__, w, a, 3)
#define TLM_EACH_B2(M, ...) M(__VA_ARGS__, x, r, 0) M(__VA_ARGS__, y, g, 1)
#define TLM_EACH_B3(M, ...) TLM_EACH_B2(M, __VA_ARGS__) M(__VA_ARGS__, z, b, 2)
#define TLM_EACH_B4(M, ...) TLM_EACH_B3(M, __VA_ARGS__) M(__VA_ARGS__, w, a, 3)
#define TLM_EACH_C2(M, ...) M(__VA_ARGS__, x, r, 0) M(__VA_ARGS__, y, g, 1)
#define TLM_EACH_C3(M, ...) TLM_EACH_C2(M, __VA_ARGS__) M(__VA_ARGS__, z, b, 2)
#define TLM_EACH_C4(M, ...) TLM_EACH_C3(M, __VA_ARGS__) M(__VA_ARGS__, w, a, 3)
#define TLM_EACH_D2(M, ...) M(__VA_ARGS__, x, r, 0) M(__VA_ARGS__, y, g, 1)
#define TLM_EACH_D3(M, ...) TLM_EACH_D2(M, __VA_ARGS__) M(__VA_ARGS__, z, b, 2)
#define TLM_EACH_D4(M, ...) TLM_EACH_D3(M, __VA_ARGS__) M(__VA_ARGS__, w, a, 3)

#define TLM_THIRD2(...) TLM_SWIZZLE3(__VA_ARGS__) TLM_EACH_D2(TLM_SWIZZLE4, __VA_ARGS__)
#define TLM_SECOND2(...) TLM_SWIZZLE2(__VA_ARGS__) TLM_EACH_C2(TLM_THIRD2, __VA_ARGS__)
#define TLM_FIRST2(...) TLM_EACH_B2(TLM_SECOND2, __VA_ARGS__)
#define TLM_THIRD3(...) TLM_SWIZZLE3(__VA_ARGS__) TLM_EACH_D3(TLM_SWIZZLE4, __VA_ARGS__)
#define TLM_SECOND3(...) TLM_SWIZZLE2(__VA_ARGS__) TLM_EACH_C3(TLM_THIRD3, __VA_ARGS__)
#define TLM_FIRST3(...) TLM_EACH_B3(TLM_SECOND3, __VA_ARGS__)
#define TLM_THIRD4(...) TLM_SWIZZLE3(__VA_ARGS__) TLM_EACH_D4(TLM_SWIZZLE4, __VA_ARGS__)
#define TLM_SECOND4(...) TLM_SWIZZLE2(__VA_ARGS__) TLM_EACH_C4(TLM_THIRD4, __VA_ARGS__)
#define TLM_FIRST4(...) TLM_EACH_B4(TLM_SECOND4, __VA_ARGS__)

// Properties need the flag -fdeclspec; the library's own shaders are compiled without.
#ifdef TLM_HAS_NO_SWIZZLES
#define TLM_SWIZZLES_2(V)
#define TLM_SWIZZLES_3(V)
#define TLM_SWIZZLES_4(V)
#else
#define TLM_SWIZZLES_2(V) TLM_EACH_A2(TLM_FIRST2, V)
#define TLM_SWIZZLES_3(V) TLM_EACH_A3(TLM_FIRST3, V)
#define TLM_SWIZZLES_4(V) TLM_EACH_A4(TLM_FIRST4, V)
#endif

#endif
