/* The native backend: packed products and convolutions of our own, with kernels for AVX-512, AVX2, NEON
 * and any processor, chosen when a context opens it and sharded by the context's runner. */
#ifndef XDI_NATIVE_NATIVE_H
#define XDI_NATIVE_NATIVE_H

#include <stdbool.h>

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_native_table;

/* "AVX-512", "AVX2", "NEON" or "portable": the kernels that xdi_native_table uses on this processor. */
const char *xdi_native_processor(void);

/* The same backend held to one variant of the kernels: "native:avx512", "native:avx2", "native:neon",
 * "native:portable". Opening one gives XD_ERROR_UNSUPPORTED where the processor lacks its instructions. */
extern const xd_backend_table xdi_native_avx512_table, xdi_native_avx2_table, xdi_native_neon_table,
    xdi_native_portable_table;

/* Whether this processor has what one of these tables needs. */
bool xdi_native_can_run(const xd_backend_table *table);

#endif
