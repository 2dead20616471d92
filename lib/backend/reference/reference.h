/* The reference kernels: plain C, double accumulators, serial; the oracle of every other backend.
 *
 * They look at slice.buffer->host alone, never at the xd_backend they are called with, so they serve
 * as the slots of any backend whose buffers the host can see. See xdomain/sys/backend.h for what each
 * one computes. */
#ifndef XDI_BACKEND_REFERENCE_H
#define XDI_BACKEND_REFERENCE_H

#include <stdbool.h>

#include "xdomain/sys/backend.h"

extern const xd_backend_table xdi_reference_table;

/* Where a slice begins; NULL for an absent one. */
static inline float *xdi_slice_host(xd_slice slice) {
  return slice.buffer ? slice.buffer->host + slice.offset : NULL;
}

/* y = f(a), and f'(a) from y. */
double xdi_activation_value(xd_activation activation, double a);
double xdi_activation_slope(xd_activation activation, double y);

/* A row of sums through an activation, and times the slope at x, the output of the activation before. */
void xdi_finish_forward(xd_activation activation, const double *sum, float *to, size_t count);
void xdi_finish_backward(xd_activation activation, const double *sum, const float *x, float *to,
                         size_t count);

/* Whether an upsample_conv2d has the form that it must have. */
bool xdi_upsample_convolution_fits(const xd_convolution *args);

#define XDI_REFERENCE_KERNEL(name, parameters) xd_status xdi_reference_##name parameters;
XD_BACKEND_KERNELS(XDI_REFERENCE_KERNEL)

/* All reference kernels as a table's values. */
#define XDI_REFERENCE_VALUE(name, parameters) .name = xdi_reference_##name,

#endif
