// Plain f64 counterparts of what kernels do.
#ifndef REFERENCE_H
#define REFERENCE_H

#include "check.h"

double reference_activation(const tlk_activation *activation, double x, tlk_int column);
// Epilogue on an exact sum, for output row `pixel`.
double reference_epilogue(const tlk_epilogue *epilogue, double sum, tlk_int pixel, tlk_int column);
// A random epilogue; `variant` chooses which parts are present. Memory is guarded.
tlk_epilogue random_epilogue(int variant, tlk_int rows, tlk_int columns);
#define EPILOGUE_VARIANTS 9

#endif
