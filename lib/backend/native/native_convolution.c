/* Convolution slots of the native backend: conv2d and conv_transpose2d are one geometry seen from two
 * sides (backend/geometry.h), so three drivers serve all six. */
#include "backend/native/gather.h"
#include "backend/native/native_slots.h"
#include "backend/native/pair.h"

static xd_status forward(xd_backend *backend, const xd_convolution *args, xdi_gather gather) {
  gather.source = xdi_slice_host(args->x);
  gather.weights = xdi_slice_host(args->weights);
  gather.panels = args->prepared ? args->prepared->panels : NULL;
  gather.target = xdi_slice_host(args->y);
  gather.bias = xdi_slice_host(args->bias);
  gather.activation = args->activation;
  return xdi_gather_run(backend, &gather);
}

static xd_status backward_data(xd_backend *backend, const xd_convolution *args, xdi_gather gather) {
  gather.source = xdi_slice_host(args->dy);
  gather.weights = xdi_slice_host(args->weights);
  gather.turned = true;
  gather.target = xdi_slice_host(args->dx);
  gather.derived_by = args->x_activation != XD_ACTIVATION_IDENTITY ? xdi_slice_host(args->x) : NULL;
  gather.x_activation = args->x_activation;
  return xdi_gather_run(backend, &gather);
}

static xd_status prepare(xd_backend *backend, xd_prepared **out, const xd_convolution *args,
                         xdi_gather gather) {
  gather.weights = xdi_slice_host(args->weights);
  const size_t floats = xdi_gather_panel_floats(backend->kernels, &gather);
  const xd_status status = xdi_native_prepared_create(backend, out, floats, false);
  if (status == XD_OK)
    xdi_gather_pack(backend->kernels, &gather, (*out)->panels);
  return status;
}

xd_status xdi_native_conv2d_prepare(xd_backend *backend, xd_prepared **out, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  return prepare(backend, out, args, xdi_gather_wide(&g));
}

xd_status xdi_native_conv_transpose2d_prepare(xd_backend *backend, xd_prepared **out,
                                              const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  return prepare(backend, out, args, xdi_gather_narrow(&g));
}

xd_status xdi_native_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  return forward(backend, args, xdi_gather_wide(&g));
}

xd_status xdi_native_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  return backward_data(backend, args, xdi_gather_narrow(&g));
}

xd_status xdi_native_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  return xdi_pair_run(backend, &g, xdi_slice_host(args->x), xdi_slice_host(args->dy), false,
                      xdi_slice_host(args->dweights), false, xdi_slice_host(args->dbias));
}

xd_status xdi_native_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  return forward(backend, args, xdi_gather_narrow(&g));
}

xd_status xdi_native_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  return backward_data(backend, args, xdi_gather_wide(&g));
}

xd_status xdi_native_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  return xdi_pair_run(backend, &g, xdi_slice_host(args->dy), xdi_slice_host(args->x), true,
                      xdi_slice_host(args->dweights), true, xdi_slice_host(args->dbias));
}
