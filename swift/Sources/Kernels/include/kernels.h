// CPU kernels of the portable engine. One topic per header; this file includes them all.
//
// Conventions, valid everywhere unless a function says otherwise:
// - Activations are channels-last, dense and row-major: a row is one pixel (or token) of C contiguous elements.
//   NWC, NHWC and NDHWC differ only in the number of spatial axes.
// - Sizes, strides and pitches count elements, not bytes, and are `tlk_int` (Swift: Int).
// - Storage is the dtype that is named per tensor; arithmetic is f32 (i32 for integers); each stored value is rounded once.
//   Infinities and NaN follow IEEE 754. No kernel reads or writes outside the elements that its arguments describe.
// - Every pointer is borrowed for the call. Outputs may not overlap inputs except where "in place" is allowed.
// - Calls divide their own work over the thread pool (pool.h). A call from inside a pool body runs on the calling thread.
// - Functions that return tlk_status answer TLK_OK or a negative code and never trap, whatever the numbers are; sizes of
//   zero are allowed and do nothing. Buffers are trusted: the caller has checked that they hold what the sizes say.
#ifndef TLK_KERNELS_H
#define TLK_KERNELS_H

#include "kernels/types.h"
#include "kernels/isa.h"
#include "kernels/pool.h"
#include "kernels/activation.h"
#include "kernels/gemm.h"
#include "kernels/conv.h"
#include "kernels/pooling.h"
#include "kernels/normalization.h"
#include "kernels/elementwise.h"
#include "kernels/reduction.h"
#include "kernels/movement.h"
#include "kernels/indexing.h"
#include "kernels/image.h"
#include "kernels/resize.h"
#include "kernels/sampling.h"
#include "kernels/recurrent.h"
#include "kernels/copies.h"
#include "kernels/compression.h"
#include "kernels/stored.h"
#include "kernels/comparison.h"
#include "kernels/peak.h"
#include "kernels/rope.h"
#include "kernels/handoff.h"

#endif
