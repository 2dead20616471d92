/* The kernels for processors with AVX-512. */
#include "backend/native/kernels/kernels.h"

#if defined(__x86_64__)
#define XDI_VARIANT xdi_kernels_avx512
#define VARIANT_NAME "AVX-512"
#define XDI_VECTOR_BYTES 64
#define TILE_ROWS 14
#include "backend/native/kernels/variant.h"
#endif
