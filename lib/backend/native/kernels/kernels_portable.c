/* The kernels for any processor: vectors of four floats, as SSE2 has them. */
#include "backend/native/kernels/kernels.h"

#define XDI_VARIANT xdi_kernels_portable
#define VARIANT_NAME "portable"
#define XDI_VECTOR_BYTES 16
#define TILE_ROWS 6
#include "backend/native/kernels/variant.h"
