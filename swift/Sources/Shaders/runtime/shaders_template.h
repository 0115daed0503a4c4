// The library's own shaders for one instruction set, each in a namespace of its own. The file that includes this has set TLM_ISA.
#include "shader_settings.h"

#define TLM_JOIN_(a, b, c) a##b##c
#define TLM_JOIN(a, b, c) TLM_JOIN_(a, b, c)
#define TLM_NAMESPACE TLM_JOIN(metal, __, TLM_ISA)
#define TLM_OPEN tlm_open_unused
#include "tlm_stdlib.h"
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_activation, __, TLM_ISA)
namespace TLM_JOIN(activation, __, TLM_ISA) {
#include "../generated/activation.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_arithmetic, __, TLM_ISA)
namespace TLM_JOIN(arithmetic, __, TLM_ISA) {
#include "../generated/arithmetic.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_conversion, __, TLM_ISA)
namespace TLM_JOIN(conversion, __, TLM_ISA) {
#include "../generated/conversion.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_convolution, __, TLM_ISA)
namespace TLM_JOIN(convolution, __, TLM_ISA) {
#include "../generated/convolution.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_image, __, TLM_ISA)
namespace TLM_JOIN(image, __, TLM_ISA) {
#include "../generated/image.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_matmul, __, TLM_ISA)
namespace TLM_JOIN(matmul, __, TLM_ISA) {
#include "../generated/matmul.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_normalization, __, TLM_ISA)
namespace TLM_JOIN(normalization, __, TLM_ISA) {
#include "../generated/normalization.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_pooling, __, TLM_ISA)
namespace TLM_JOIN(pooling, __, TLM_ISA) {
#include "../generated/pooling.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_rope, __, TLM_ISA)
namespace TLM_JOIN(rope, __, TLM_ISA) {
#include "../generated/rope.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_search, __, TLM_ISA)
namespace TLM_JOIN(search, __, TLM_ISA) {
#include "../generated/search.inc"
}
#undef TLM_OPEN

#define TLM_OPEN TLM_JOIN(tlm_open_softmax, __, TLM_ISA)
namespace TLM_JOIN(softmax, __, TLM_ISA) {
#include "../generated/softmax.inc"
}
#undef TLM_OPEN
