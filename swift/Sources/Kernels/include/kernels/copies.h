// How many bytes were copied that a caller could have avoided: the proof behind "zero-copy".
#ifndef TLK_COPIES_H
#define TLK_COPIES_H

#include "types.h"

// Counts one copy of tensor or pixel bytes between the caller's memory and the model's: another layout, another element type, an
// output that could not be written in place. Work inside the model is not counted.
TLK_API void tlk_count_copy(tlk_int byte_count);
TLK_API uint64_t tlk_copied_bytes(void);
TLK_API uint64_t tlk_copies(void);

#endif
