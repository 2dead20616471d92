/* libxdomain, unstable: how a backend was chosen, in words for people.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_BACKEND_DETAIL_H
#define XDOMAIN_UNSTABLE_BACKEND_DETAIL_H

#include "../context.h"

XD_BEGIN_DECLS

/* How the backend was chosen, in one line, e.g. "native: AVX-512 kernels, ahead of OpenBLAS's,
 * which was not loaded". Never NULL; borrowed from the context; "" of NULL. */
XD_API const char *xd_context_backend_detail(const xd_context *context);

XD_END_DECLS

#endif
