// Grids of the IQ quantisations; scripts/make_iq_grids.py says how entries are packed.
#ifndef TLK_IQ_GRIDS_H
#define TLK_IQ_GRIDS_H

#include "kernels/types.h"

extern TLK_API const uint16_t tlk_iq2_xxs_grid[256], tlk_iq2_xs_grid[512], tlk_iq2_s_grid[1024];
extern TLK_API const uint16_t tlk_iq3_xxs_grid[256], tlk_iq3_s_grid[512];
extern TLK_API const uint16_t tlk_iq1_s_grid[2048];

#endif
