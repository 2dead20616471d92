/* The kernels for processors with AVX2. */
#include "backend/native/kernels/kernels.h"

#if defined(__x86_64__)
#define XDI_VARIANT xdi_kernels_avx2
#define VARIANT_NAME "AVX2"
#define XDI_VECTOR_BYTES 32
#define TILE_ROWS 6
#include "backend/native/kernels/variant.h"
#endif
