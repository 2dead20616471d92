/* The kernels for any processor: vectors of four floats, as SSE2 has them. */
#define XDI_VECTOR_BYTES 16
#define TILE_ROWS 6

#include <string.h>

#include "backend/native/kernels.h"
#include "backend/native/vector.h"

#include "backend/native/vector_math.h"

#include "backend/native/activation_kernels.h"
#include "backend/native/loss_kernels.h"
#include "backend/native/matrix_kernels.h"
#include "backend/native/optimiser_kernels.h"
#include "backend/native/random_kernels.h"
#include "backend/native/tile_kernels.h"
#include "backend/native/winograd_kernels.h"

const xdi_kernels xdi_kernels_portable = {
    .name = "portable",
#include "backend/native/kernel_slots.h"
};
