/* The kernels for aarch64, where NEON is always there: of its 32 registers a tile of 12 rows takes 24
 * for sums. */
#include "backend/native/kernels/kernels.h"

#if defined(__aarch64__)
#define XDI_VARIANT xdi_kernels_neon
#define VARIANT_NAME "NEON"
#define XDI_VECTOR_BYTES 16
#define TILE_ROWS 12
#include "backend/native/kernels/variant.h"
#endif
