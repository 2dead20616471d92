/* The kernels for aarch64, where NEON is always there: of its 32 registers a tile of 12 rows takes 24
 * for sums. */
#include <string.h>

#include "backend/native/kernels.h"

#if defined(__aarch64__)
#define XDI_VECTOR_BYTES 16
#define TILE_ROWS 12

#include "backend/native/vector.h"

#include "backend/native/vector_math.h"

#include "backend/native/activation_kernels.h"
#include "backend/native/loss_kernels.h"
#include "backend/native/matrix_kernels.h"
#include "backend/native/optimiser_kernels.h"
#include "backend/native/random_kernels.h"
#include "backend/native/tile_kernels.h"
#include "backend/native/winograd_kernels.h"

const xdi_kernels xdi_kernels_neon = {
    .name = "NEON",
#include "backend/native/kernel_slots.h"
};
#endif
