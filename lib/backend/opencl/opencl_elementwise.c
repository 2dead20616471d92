/* The slots that are one kernel with an item for each cell, and random numbers, with one for each block of four. */
#include "backend/opencl/opencl_state.h"

xd_status xdi_opencl_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x, xd_slice y,
                                        size_t count) {
  return XDI_RUN(backend, activation_forward, count, XDI_SLICE(x), XDI_SLICE(y), XDI_ULONG(count),
                 XDI_UINT(activation));
}

xd_status xdi_opencl_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                         xd_slice dy, xd_slice dx, size_t count) {
  return XDI_RUN(backend, activation_backward, count, XDI_SLICE(y), XDI_SLICE(dy), XDI_SLICE(dx),
                 XDI_ULONG(count), XDI_UINT(activation));
}

xd_status xdi_opencl_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                  uint32_t from_stride, uint32_t rows, uint32_t columns) {
  return XDI_RUN(backend, copy_columns, (size_t)rows * columns, XDI_SLICE(to), XDI_UINT(to_stride),
                 XDI_SLICE(from), XDI_UINT(from_stride), XDI_UINT(rows), XDI_UINT(columns));
}

xd_status xdi_opencl_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                               size_t count) {
  return XDI_RUN(backend, scale_add, count, XDI_FLOAT(alpha), XDI_SLICE(x), XDI_FLOAT(beta), XDI_SLICE(y),
                 XDI_ULONG(count));
}

xd_status xdi_opencl_posterior_forward(xd_backend *backend, const xd_posterior *args) {
  return XDI_RUN(backend, posterior_forward, (size_t)args->rows * args->latent_dim,
                 XDI_SLICE(args->posterior), XDI_SLICE(args->epsilon), XDI_SLICE(args->z),
                 XDI_UINT(args->rows), XDI_UINT(args->latent_dim));
}

xd_status xdi_opencl_adam(xd_backend *backend, const xd_adam *args) {
  return XDI_RUN(backend, adam, args->count, XDI_SLICE(args->parameters), XDI_SLICE(args->gradients),
                 XDI_SLICE(args->moment1), XDI_SLICE(args->moment2), XDI_ULONG(args->count),
                 XDI_FLOAT(args->learning_rate),
                 XDI_FLOAT((float)(1.0 - (double)args->learning_rate * (double)args->weight_decay)),
                 XDI_FLOAT(args->epsilon), XDI_FLOAT(args->beta1), XDI_FLOAT(args->beta2),
                 XDI_FLOAT((float)(1.0 - (double)args->beta1)), XDI_FLOAT((float)(1.0 - (double)args->beta2)),
                 XDI_FLOAT(args->correction1), XDI_FLOAT(args->correction2));
}

/* ---- What deep networks have besides ---- */

static bool fits(const xd_upsample *args) {
  return xdi_opencl_doubles(args->in_width, args->out_width) &&
         xdi_opencl_doubles(args->in_height, args->out_height);
}

xd_status xdi_opencl_upsample_forward(xd_backend *backend, const xd_upsample *args) {
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  return XDI_RUN(backend, upsample_forward,
                 (size_t)args->batch * args->out_height * args->out_width * args->channels,
                 XDI_SLICE(args->x), XDI_SLICE(args->y), XDI_UINT(args->batch), XDI_UINT(args->in_height),
                 XDI_UINT(args->in_width), XDI_UINT(args->out_height), XDI_UINT(args->out_width),
                 XDI_UINT(args->channels));
}

xd_status xdi_opencl_upsample_backward(xd_backend *backend, const xd_upsample *args) {
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  return XDI_RUN(backend, upsample_backward,
                 (size_t)args->batch * args->in_height * args->in_width * args->channels, XDI_SLICE(args->dy),
                 XDI_SLICE(xdi_opencl_unless_identity(args->x_activation, args->x)), XDI_SLICE(args->dx),
                 XDI_UINT(args->batch), XDI_UINT(args->in_height), XDI_UINT(args->in_width),
                 XDI_UINT(args->out_height), XDI_UINT(args->out_width), XDI_UINT(args->channels),
                 XDI_UINT(args->x_activation));
}

xd_status xdi_opencl_residual_forward(xd_backend *backend, const xd_residual *args) {
  return XDI_RUN(backend, add_activated, args->count, XDI_SLICE(args->x), XDI_SLICE(args->other),
                 XDI_SLICE(args->y), XDI_ULONG(args->count), XDI_UINT(args->activation));
}

/* dother before dx, which may take dy's place. */
xd_status xdi_opencl_residual_backward(xd_backend *backend, const xd_residual *args) {
  xd_status status = XD_OK;
  if (args->dother.buffer)
    status = xdi_opencl_activation_backward(backend, args->other_activation, args->other, args->dy,
                                            args->dother, args->count);
  if (status == XD_OK && args->dx.buffer)
    status =
        xdi_opencl_activation_backward(backend, args->x_activation, args->x, args->dy, args->dx, args->count);
  return status;
}

/* ---- Random numbers ---- */

static size_t blocks_of(uint64_t first, size_t count) {
  return count > 0 ? (size_t)((first % 4 + count + 3) / 4) : 0;
}

xd_status xdi_opencl_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                   uint64_t stream, uint64_t first) {
  return XDI_RUN(backend, random_normal, blocks_of(first, count), XDI_SLICE(to), XDI_ULONG(count),
                 XDI_ULONG(seed), XDI_ULONG(stream), XDI_ULONG(first));
}

xd_status xdi_opencl_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                             uint64_t seed, uint64_t stream, uint64_t first) {
  return XDI_RUN(backend, dropout, blocks_of(first, count), XDI_SLICE(from), XDI_SLICE(to), XDI_ULONG(count),
                 XDI_FLOAT(rate), XDI_FLOAT(1.0f / (1.0f - rate)), XDI_ULONG(seed), XDI_ULONG(stream),
                 XDI_ULONG(first));
}
