/* The kernels for processors with AVX-512. */
#include <string.h>

#include "backend/native/kernels.h"

#if defined(__AVX512F__)
#define XDI_VECTOR_BYTES 64
#define TILE_ROWS 14

#include "backend/native/vector.h"

#include "backend/native/vector_math.h"

#include "backend/native/activation_kernels.h"
#include "backend/native/loss_kernels.h"
#include "backend/native/matrix_kernels.h"
#include "backend/native/optimiser_kernels.h"
#include "backend/native/random_kernels.h"
#include "backend/native/tile_kernels.h"
#include "backend/native/winograd_kernels.h"

const xdi_kernels xdi_kernels_avx512 = {
    .name = "AVX-512",
#include "backend/native/kernel_slots.h"
};
#endif
