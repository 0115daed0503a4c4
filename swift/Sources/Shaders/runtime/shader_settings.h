// What other shaders are compiled with as flags (shaderFlags in Clang.swift), as far as the library's own need it: flags would be
// unsafe ones to SwiftPM, and a package with those is no dependency of others. The own shaders do without the rest: no arithmetic
// in half, no literals of double, no int that overflows, no memory read as two types (test/metal/generated.test.ts).
#pragma clang diagnostic ignored "-Weverything"
#pragma clang fp contract(fast)
#pragma GCC visibility push(hidden)

// Swizzles are __declspec properties.
#define TLM_HAS_NO_SWIZZLES
