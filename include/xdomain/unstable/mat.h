/* libxdomain, unstable: sets from MATLAB files, as SVHN is published.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_MAT_H
#define XDOMAIN_UNSTABLE_MAT_H

#include "../dataset.h"

XD_BEGIN_DECLS

/* From a MATLAB level 5 file, plain or packed, as SVHN is published: `X` uint8 of height x width x
 * channels x count, `y` count labels 0..10 of any number type, of which 10 becomes 0; other
 * variables are passed over. The caller owns *out. XD_ERROR_NOT_FOUND, XD_ERROR_IO,
 * XD_ERROR_BAD_DATA (no such file, variable, type or label; damaged), XD_ERROR_TRUNCATED,
 * XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_UNSUPPORTED (MATLAB 7.3; packed, in a build
 * without zlib), XD_ERROR_CANCELLED. */
XD_API xd_status xd_dataset_load_mat(xd_dataset **out, xd_context *context, const char *path);

XD_END_DECLS

#endif
