// One thread that takes single calls off another thread's hands, and waits for the next one awake for a moment.
#ifndef TLK_HANDOFF_H
#define TLK_HANDOFF_H

#include "types.h"

// Runs body(context) on that thread, soon. false, and nothing happens, while it has another call or cannot be started.
// Waking a parked thread, or a dispatch queue's, takes longer than a small model's run (docs/performance.md has the figures).
TLK_API bool tlk_hand_off(void (*body)(void *context), void *context);

#endif
