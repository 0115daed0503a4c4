#ifndef TLK_DEPTHWISE_H
#define TLK_DEPTHWISE_H

#include "kernels/conv.h"

// The depthwise case of tlk_conv_run; arguments are checked.
TLK_API tlk_status tlk_depthwise_run(const tlk_conv *conv);

#endif
