// One line per instruction-set kernel: K(name, parameters). From it come the declarations, the dispatch table and its entries.
// All return nothing; contracts stand beside the templates that implement them.
K(gemm_tile, (const tlk_gemm_tile *tile))
K(window_tile, (const tlk_window_tile *tile))
K(elementwise, (const tlk_ew_instruction *instruction, float (*registers)[TLK_EW_CHUNK], tlk_int count))
K(halves_to_floats, (const uint16_t *source, float *destination, tlk_int count))
K(floats_to_halves, (const float *source, uint16_t *destination, tlk_int count))
