/* Loss heads: a kernel that gives shares of the sums, which the host waits for and adds up in double. */
#include "backend/opencl/opencl_state.h"

xd_status xdi_opencl_reconstruction_loss(xd_backend *backend, xd_reconstruction_loss *args) {
  xdi_opencl_sums sums;
  double totals[2];
  xd_status status = xdi_opencl_sums_begin(backend, &sums, (size_t)args->rows * args->size);
  if (status == XD_OK)
    status =
        XDI_RUN(backend, reconstruction_loss, sums.items, XDI_SLICE(args->x), XDI_SLICE(args->x_hat),
                XDI_SLICE(args->window), XDI_SLICE(args->da), XDI_SLICE(sums.shares), XDI_UINT(args->rows),
                XDI_UINT(args->size), XDI_FLOAT(args->pixel_weight), XDI_FLOAT(args->bernoulli_weight));
  if (status == XD_OK)
    status = xdi_opencl_sums_end(backend, &sums, totals);
  if (status == XD_OK)
    args->squared_error = totals[0], args->bernoulli = totals[1];
  return status;
}

xd_status xdi_opencl_posterior_backward(xd_backend *backend, xd_posterior *args) {
  xdi_opencl_sums sums;
  double totals[2];
  xd_status status = xdi_opencl_sums_begin(backend, &sums, (size_t)args->rows * args->latent_dim);
  if (status == XD_OK)
    status = XDI_RUN(backend, posterior_backward, sums.items, XDI_SLICE(args->posterior),
                     XDI_SLICE(args->epsilon), XDI_SLICE(args->dz), XDI_SLICE(args->dposterior),
                     XDI_SLICE(sums.shares), XDI_UINT(args->rows), XDI_UINT(args->latent_dim),
                     XDI_FLOAT(args->kl_weight / (float)args->rows));
  if (status == XD_OK)
    status = xdi_opencl_sums_end(backend, &sums, totals);
  if (status == XD_OK)
    args->kl = totals[0];
  return status;
}

xd_status xdi_opencl_logistic_loss(xd_backend *backend, xd_logistic_loss *args) {
  xdi_opencl_sums sums;
  double totals[2];
  xd_status status = xdi_opencl_sums_begin(backend, &sums, args->rows);
  if (status == XD_OK)
    status = XDI_RUN(backend, logistic_loss, sums.items, XDI_SLICE(args->logits), XDI_SLICE(args->dlogits),
                     XDI_SLICE(sums.shares), XDI_UINT(args->rows), XDI_FLOAT(args->sign),
                     XDI_FLOAT(args->weight / (float)args->rows));
  if (status == XD_OK)
    status = xdi_opencl_sums_end(backend, &sums, totals);
  if (status == XD_OK)
    args->loss = totals[0];
  return status;
}

xd_status xdi_opencl_squared_distance(xd_backend *backend, xd_squared_distance *args) {
  const double weight = 2.0 * (double)args->weight / ((double)args->rows * (double)args->columns);
  xdi_opencl_sums sums;
  double totals[2];
  xd_status status = xdi_opencl_sums_begin(backend, &sums, (size_t)args->rows * args->columns);
  if (status == XD_OK)
    status = XDI_RUN(backend, squared_distance, sums.items, XDI_SLICE(args->a), XDI_SLICE(args->b),
                     XDI_SLICE(args->da), XDI_SLICE(sums.shares), XDI_UINT(args->rows),
                     XDI_UINT(args->columns), XDI_UINT(args->a_stride), XDI_UINT(args->b_stride),
                     XDI_UINT(args->da_stride), XDI_FLOAT((float)weight));
  if (status == XD_OK)
    status = xdi_opencl_sums_end(backend, &sums, totals);
  if (status == XD_OK)
    args->loss = totals[0];
  return status;
}

/* The labels go to the device as the words that they are. */
static xd_status send_labels(xd_backend *backend, const xd_cross_entropy *args, xd_slice *out) {
  for (uint32_t row = 0; row < args->rows; row++)
    if (args->labels[row] >= args->classes)
      return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = xdi_opencl_take_room(backend, XDI_ROOM_TAKEN, out, args->rows);
  if (status != XD_OK)
    return status;
  const cl_int code = clEnqueueWriteBuffer(backend->queue, xdi_opencl_memory(out->buffer), CL_TRUE, 0,
                                           args->rows * sizeof *args->labels, args->labels, 0, NULL, NULL);
  return xdi_opencl_check(backend, code, "writing labels");
}

xd_status xdi_opencl_cross_entropy(xd_backend *backend, xd_cross_entropy *args) {
  xdi_opencl_sums sums;
  xd_slice labels;
  double totals[2];
  xd_status status = send_labels(backend, args, &labels);
  if (status == XD_OK)
    status = xdi_opencl_sums_begin(backend, &sums, args->rows);
  if (status == XD_OK)
    status = XDI_RUN(backend, cross_entropy, sums.items, XDI_SLICE(args->logits), XDI_SLICE(labels),
                     XDI_SLICE(args->dlogits), XDI_SLICE(sums.shares), XDI_UINT(args->rows),
                     XDI_UINT(args->classes), XDI_FLOAT(args->label_smoothing));
  if (status == XD_OK)
    status = xdi_opencl_sums_end(backend, &sums, totals);
  if (status == XD_OK)
    args->loss = totals[0], args->correct = (uint32_t)totals[1];
  return status;
}
