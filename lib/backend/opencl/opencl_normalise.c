/* Normalisations: of matrices by their spectral norm, of pictures by groups of channels and under a window. */
#include "backend/opencl/opencl_state.h"

#include <math.h>

/* ---- Spectral ---- */

/* to[count] = a b, a product with a vector: see dots in kernels/spectral.cl. */
static xd_status dots(xd_backend *backend, xd_slice a, size_t a_row, size_t a_step, xd_slice b, xd_slice to,
                      size_t count, size_t depth) {
  return XDI_RUN(backend, dots, count * XDI_OPENCL_GROUP, XDI_SLICE(a), XDI_ULONG(a_row), XDI_ULONG(a_step),
                 XDI_SLICE(b), XDI_SLICE(to), XDI_ULONG(depth));
}

static xd_status normalise(xd_backend *backend, xd_slice vector, uint32_t count) {
  return XDI_RUN(backend, normalise, XDI_OPENCL_GROUP, XDI_SLICE(vector), XDI_UINT(count));
}

/* u and v after the iterations, and *sigma on the device. `product` has room for a vector of rows. */
static xd_status iterate(xd_backend *backend, const xd_spectral_norm *m, xd_slice product, xd_slice sigma) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < m->iterations && status == XD_OK; i++) {
    status = dots(backend, m->weights, m->columns, 1, m->v, m->u, m->rows, m->columns);
    if (status == XD_OK)
      status = normalise(backend, m->u, m->rows);
    if (status == XD_OK)
      status = dots(backend, m->weights, 1, m->columns, m->u, m->v, m->columns, m->rows);
    if (status == XD_OK)
      status = normalise(backend, m->v, m->columns);
  }
  if (status == XD_OK)
    status = dots(backend, m->weights, m->columns, 1, m->v, product, m->rows, m->columns);
  return status == XD_OK ? dots(backend, m->u, 0, 1, product, sigma, 1, m->rows) : status;
}

static uint32_t most_rows(const xd_spectral_norm *matrices, uint32_t count) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < count; i++)
    most = matrices[i].rows > most ? matrices[i].rows : most;
  return most;
}

/* The room holds the sigmas, and behind them one product. All matrices are queued before the host waits. */
xd_status xdi_opencl_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices, uint32_t count) {
  xd_slice sigmas;
  xd_status status =
      xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &sigmas, (size_t)count + most_rows(matrices, count));
  const xd_slice product = xdi_opencl_after(sigmas, count);
  for (uint32_t i = 0; i < count && status == XD_OK; i++)
    status = iterate(backend, &matrices[i], product, xdi_opencl_after(sigmas, i));
  for (uint32_t i = 0; i < count && status == XD_OK; i++) {
    float sigma = 0.0f;
    status = xdi_opencl_buffer_read(backend, &sigma, xdi_opencl_after(sigmas, i), 1);
    matrices[i].sigma = (double)sigma;
    if (status == XD_OK && (sigma == 0.0f || !isfinite(sigma)))
      status = XD_ERROR_NUMERIC;
  }
  return status;
}

xd_status xdi_opencl_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                            uint32_t count) {
  xd_slice along;
  xd_status status = xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &along, 1);
  for (const xd_spectral_norm *m = matrices; m < matrices + count && status == XD_OK; m++) {
    const size_t cells = (size_t)m->rows * m->columns;
    status = dots(backend, m->gradients, 0, 1, m->weights, along, 1, cells);
    if (status == XD_OK)
      status = XDI_RUN(backend, spectral_backward, cells, XDI_SLICE(m->gradients), XDI_SLICE(m->u),
                       XDI_SLICE(m->v), XDI_SLICE(along), XDI_UINT(m->rows), XDI_UINT(m->columns),
                       XDI_FLOAT((float)m->sigma));
  }
  return status;
}

/* ---- Groups of channels ---- */

static bool fits(const xd_group_norm *args) {
  return args->groups > 0 && args->channels % args->groups == 0;
}

xd_status xdi_opencl_group_norm_forward(xd_backend *backend, const xd_group_norm *args) {
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  return XDI_RUN(backend, group_norm_forward, (size_t)args->batch * args->groups * XDI_OPENCL_GROUP,
                 XDI_SLICE(args->x), XDI_SLICE(args->scale), XDI_SLICE(args->shift), XDI_SLICE(args->y),
                 XDI_UINT(args->cells), XDI_UINT(args->channels), XDI_UINT(args->groups),
                 XDI_FLOAT(args->epsilon), XDI_UINT(args->activation));
}

xd_status xdi_opencl_group_norm_backward(xd_backend *backend, const xd_group_norm *args) {
  const size_t groups = (size_t)args->batch * args->groups;
  xd_slice measures;
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &measures, 2 * groups);
  if (status == XD_OK)
    status = XDI_RUN(backend, group_norm_backward, groups * XDI_OPENCL_GROUP, XDI_SLICE(args->x),
                     XDI_SLICE(args->scale), XDI_SLICE(args->dy), XDI_SLICE(args->dx), XDI_SLICE(measures),
                     XDI_UINT(args->cells), XDI_UINT(args->channels), XDI_UINT(args->groups),
                     XDI_FLOAT(args->epsilon), XDI_UINT(args->x_activation));
  if (status == XD_OK && args->dscale.buffer)
    status = XDI_RUN(backend, group_norm_gradients, (size_t)args->channels * XDI_OPENCL_GROUP,
                     XDI_SLICE(args->x), XDI_SLICE(args->dy), XDI_SLICE(measures), XDI_SLICE(args->dscale),
                     XDI_SLICE(args->dshift), XDI_UINT(args->batch), XDI_UINT(args->cells),
                     XDI_UINT(args->channels), XDI_UINT(args->groups));
  return status;
}

/* ---- Under a window ---- */

enum { CHANNEL_LIMIT = 4 }; /* of mean[] in kernels/normalise.cl */

xd_status xdi_opencl_window_normalise(xd_backend *backend, const xd_window_normalise *args) {
  xd_slice window;
  if (args->channels == 0 || args->channels > CHANNEL_LIMIT)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status =
      xdi_opencl_take_room(backend, XDI_ROOM_TAKEN, &window, (size_t)args->height + args->width);
  if (status == XD_OK)
    status = xdi_opencl_buffer_write(backend, window, args->vertical, args->height);
  if (status == XD_OK)
    status = xdi_opencl_buffer_write(backend, xdi_opencl_after(window, args->height), args->horizontal,
                                     args->width);
  if (status == XD_OK)
    status = XDI_RUN(backend, window_normalise, (size_t)args->batch * XDI_OPENCL_GROUP, XDI_SLICE(args->x),
                     XDI_SLICE(args->y), XDI_SLICE(window), XDI_UINT(args->height), XDI_UINT(args->width),
                     XDI_UINT(args->channels));
  return status;
}
