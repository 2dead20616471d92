/* Convolution slots of the native backend: conv2d and conv_transpose2d are one geometry seen from two
 * sides (backend/geometry.h). Forward and backward_data gather, in a way that is chosen here; the gradients of
 * weights have a driver of their own. */
#include "backend/native/native_slots.h"
#include "backend/native/ways.h"
#include "backend/native/weight_gradients.h"

/* Best first. */
static const xdi_way *const ways[] = {&xdi_scattered_way, &xdi_winograd_way, &xdi_direct_way};
static const xdi_way *const prepared_ways[] = {&xdi_scattered_way, &xdi_direct_bytes_way, &xdi_winograd_way,
                                               &xdi_direct_way};

/* The last one always fits. */
static const xdi_way *choose_way(const xdi_way *const *way, const xdi_kernels *kernels,
                                 const xdi_gather *gather) {
  while (!(*way)->fits(kernels, gather))
    way++;
  return *way;
}

static xd_status run(xd_backend *backend, xdi_gather *gather, const xd_prepared *prepared) {
  if (gather->batch == 0)
    return XD_OK;
  if (prepared) {
    gather->panels = prepared->panels;
    return prepared->way->run(backend, gather);
  }
  const xdi_way *way = choose_way(ways, backend->kernels, gather);
  xd_status status = xdi_native_reserve(backend, way->panel_floats(backend->kernels, gather), 0, 0);
  if (status == XD_OK)
    status = way->pack(backend, gather, backend->shared.floats);
  if (status != XD_OK)
    return status;
  gather->panels = backend->shared.floats;
  return way->run(backend, gather);
}

static xd_status forward(xd_backend *backend, const xd_convolution *args, xdi_gather gather) {
  gather.source = xdi_slice_host(args->x);
  gather.weights = xdi_slice_host(args->weights);
  gather.target = xdi_slice_host(args->y);
  gather.bias = xdi_slice_host(args->bias);
  gather.activation = args->activation;
  return run(backend, &gather, args->prepared);
}

static xd_status backward_data(xd_backend *backend, const xd_convolution *args, xdi_gather gather) {
  gather.source = xdi_slice_host(args->dy);
  gather.weights = xdi_slice_host(args->weights);
  gather.turned = true;
  gather.target = xdi_slice_host(args->dx);
  gather.derived_by = args->x_activation != XD_ACTIVATION_IDENTITY ? xdi_slice_host(args->x) : NULL;
  gather.x_activation = args->x_activation;
  return run(backend, &gather, NULL);
}

/* Chosen for one picture, so that a picture's result is the same alone and in any batch. */
static xd_status prepare(xd_backend *backend, xd_prepared **out, const xd_convolution *args,
                         xdi_gather gather) {
  gather.batch = 1;
  gather.weights = xdi_slice_host(args->weights);
  gather.activation = args->activation;
  const xdi_way *way = choose_way(prepared_ways, backend->kernels, &gather);
  xd_status status =
      xdi_native_prepared_create(backend, out, way->panel_floats(backend->kernels, &gather), NULL, 0);
  if (status != XD_OK)
    return status;
  (*out)->way = way;
  status = way->pack(backend, &gather, (*out)->panels);
  if (status != XD_OK) {
    xdi_native_prepared_destroy(backend, *out);
    *out = NULL;
  }
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

/* A convolution of stride 1 seen from its other side, where the taps run backwards: products with few columns would
 * leave most lanes of a tile idle, so that the few channels become rows. */
static xd_status backward_weights_turned(xd_backend *backend, const xd_convolution *args) {
  xd_convolution other = *args;
  other.pad = args->kernel_height - 1 - args->pad;
  return xdi_weight_gradients_run(backend,
                                  &(xdi_weight_gradients){.geometry = xdi_conv_transpose2d_geometry(&other),
                                                          .wide = xdi_slice_host(args->dy),
                                                          .narrow = xdi_slice_host(args->x),
                                                          .dweights = xdi_slice_host(args->dweights),
                                                          .turned = true,
                                                          .reversed = true,
                                                          .bias_from_wide = true,
                                                          .dbias = xdi_slice_host(args->dbias)});
}

static bool has_few_outputs(const xd_backend *backend, const xd_convolution *args) {
  return args->stride == 1 && args->kernel_height == args->kernel_width && args->pad < args->kernel_height &&
         args->out_channels < backend->kernels->lanes && args->out_channels < args->in_channels;
}

xd_status xdi_native_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  if (has_few_outputs(backend, args))
    return backward_weights_turned(backend, args);
  return xdi_weight_gradients_run(backend, &(xdi_weight_gradients){.geometry = xdi_conv2d_geometry(args),
                                                                   .wide = xdi_slice_host(args->x),
                                                                   .narrow = xdi_slice_host(args->dy),
                                                                   .dweights = xdi_slice_host(args->dweights),
                                                                   .dbias = xdi_slice_host(args->dbias)});
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
  return xdi_weight_gradients_run(backend,
                                  &(xdi_weight_gradients){.geometry = xdi_conv_transpose2d_geometry(args),
                                                          .wide = xdi_slice_host(args->dy),
                                                          .narrow = xdi_slice_host(args->x),
                                                          .dweights = xdi_slice_host(args->dweights),
                                                          .turned = true,
                                                          .bias_from_wide = true,
                                                          .dbias = xdi_slice_host(args->dbias)});
}
