/* The target holds a header only; SwiftPM wants one source. */
#include "tensorlogic.h"
