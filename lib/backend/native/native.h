/* The native backend: packed products and convolutions of our own, with kernels for AVX-512, AVX2, NEON
 * and any processor, chosen when a context opens it and sharded by the context's runner. */
#ifndef XDI_NATIVE_NATIVE_H
#define XDI_NATIVE_NATIVE_H

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_native_table;

/* "AVX-512", "AVX2", "NEON" or "portable": the kernels that xdi_native_table uses on this processor. */
const char *xdi_native_processor(void);

/* The same backend held to lesser kernels ("native-avx2", "native-portable"), for tests. Opening the
 * first where there is no AVX2 gives XD_ERROR_UNSUPPORTED. */
extern const xd_backend_table xdi_native_avx2_table, xdi_native_portable_table;

#endif
