// MSL's language and standard library as C++ for the CPU. Own wording; what functions mean is Apple's Metal Shading Language
// Specification. Textures, ray tracing, simdgroup matrices and function constants are refused before this header is used.
#ifndef TLM_STDLIB_H
#define TLM_STDLIB_H

#include "shader_abi.h"

// Where a shader is compiled twice (one instruction set each), both copies need names of their own.
#ifdef TLM_NAMESPACE
#define metal TLM_NAMESPACE
#endif

#include "tlm_types.h"
#include "tlm_vector.h"
#include "tlm_matrix.h"
#include "tlm_math.h"
#include "tlm_vector_math.h"
#include "tlm_integer.h"
#include "tlm_simd.h"
#include "tlm_atomic.h"
#include "tlm_names.h"
#include "tlm_entry.h"

// Address spaces are one memory here. `threadgroup` variables of a kernel are marked by the translation instead.
#define device
#define thread
#define threadgroup
#define threadgroup_imageblock
#define constant const
#define kernel
#define vertex
#define fragment
#define ray_data
#define object_data
// A group stays on its OS thread, and each OS thread runs one group at a time.
#define TLM_THREADGROUP_VARIABLE static thread_local

#define METAL_FUNC inline __attribute__((always_inline))
#define METAL_INTERNAL inline
#define METAL_CONST constexpr

#endif
