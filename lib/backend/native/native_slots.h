/* The slots of the native backend's table. */
#ifndef XDI_NATIVE_SLOTS_H
#define XDI_NATIVE_SLOTS_H

#include "backend/native/native_state.h"

#define XDI_NATIVE_KERNEL(name, parameters) xd_status xdi_native_##name parameters;
XD_BACKEND_KERNELS(XDI_NATIVE_KERNEL)

xd_status xdi_native_dense_prepare(xd_backend *backend, xd_prepared **out, const xd_dense *args);
xd_status xdi_native_conv2d_prepare(xd_backend *backend, xd_prepared **out, const xd_convolution *args);
xd_status xdi_native_conv_transpose2d_prepare(xd_backend *backend, xd_prepared **out,
                                              const xd_convolution *args);
xd_status xdi_native_upsample_conv2d_prepare(xd_backend *backend, xd_prepared **out,
                                             const xd_convolution *args);
xd_status xdi_native_dense_backward(xd_backend *backend, const xd_dense *args);

#endif
