#ifndef TLK_TRANSPOSE_H
#define TLK_TRANSPOSE_H

#include "kernels/types.h"

// destination[column][row] = source[row][column]; pitches in elements of element_size (1, 2, 4, 8) bytes. On the calling thread.
TLK_API void tlk_transpose(const void *source, tlk_int source_pitch, void *destination, tlk_int destination_pitch, tlk_int rows,
                           tlk_int columns, tlk_int element_size);

#endif
