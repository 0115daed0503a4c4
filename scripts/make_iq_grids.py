"""Writes iq_grids.c: the grids of the IQ quantisations, out of the Python package gguf (made with 0.19.0).

    python scripts/make_iq_grids.py > swift/Sources/Kernels/core/iq_grids.c

One entry is 16 bits: 8 elements of 2 bits (IQ1, IQ2) or 4 elements of 4 bits (IQ3), the first in the lowest bits.
"""
from gguf import quants

print('// Made by scripts/make_iq_grids.py from the Python package gguf (MIT licence, Georgi Gerganov and contributors). Do not edit.')
print('#include "iq_grids.h"')
for name in ["IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S"]:
    grid = getattr(quants, name)
    data = bytes.fromhex(grid.grid_hex.decode())
    entries = [data[i] | data[i + 1] << 8 for i in range(0, len(data), 2)]
    assert len(entries) == grid.grid_shape[0]
    print(f"\nconst uint16_t tlk_{name.lower()}_grid[{len(entries)}] = {{")
    for i in range(0, len(entries), 16):
        print("    " + ", ".join(f"0x{entry:04x}" for entry in entries[i : i + 16]) + ",")
    print("};")
