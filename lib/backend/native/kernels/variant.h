/* One variant of the kernels, the table XDI_VARIANT: included once by each kernels_*.c, which says its vectors'
 * bytes (XDI_VECTOR_BYTES), its tallest tile (TILE_ROWS) and its name (VARIANT_NAME). No file here but kernels.h
 * has an include guard: in the amalgamation, one source of all, each variant has its own copy. */
#include <string.h>

#include "backend/native/kernels/kernels.h"
#include "backend/native/kernels/vector.h"

#include "backend/native/kernels/vector_math.h"

#include "backend/native/kernels/activation_kernels.h"
#include "backend/native/kernels/channel_kernels.h"
#include "backend/native/kernels/loss_kernels.h"
#include "backend/native/kernels/matrix_kernels.h"
#include "backend/native/kernels/optimiser_kernels.h"
#include "backend/native/kernels/random_kernels.h"
#include "backend/native/kernels/tile_kernels.h"
#include "backend/native/kernels/winograd_kernels.h"

#include "backend/native/kernels/narrow_kernels.h"

const xdi_kernels XDI_VARIANT = {.name = VARIANT_NAME,
                                 .lanes = LANES,
                                 .tile_rows = TILE_ROWS,
                                 .tile = {TILES(1), TILES(2)},
#if HAS_SCATTERED_TILES
                                 .scattered_tile = {SCATTERED_TILES(1), SCATTERED_TILES(2)},
#endif
                                 .byte_tile = BYTE_TILES,
                                 .row = row,
                                 .filters = FILTERS,
#if HAS_HALF
                                 .half = {sizeof(uint16_t), half_row, expand_halves},
                                 .shrink = shrink,
#endif
                                 .byte = {2 * sizeof(int8_t), byte_row, NULL},
#define VARIANT_KERNEL(result, name, parameters) .name = XDI_LOCAL(name),
                                 XDI_KERNELS(VARIANT_KERNEL)
#undef VARIANT_KERNEL
};
