/* Dense layers as single products: x W, dy W^T and x^T dy. */
#include "backend/openblas/openblas_state.h"
#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

/* What the products with weights / sigma are multiplied by. */
static float scale_of(const xd_dense *args) {
  return args->sigma != 0.0f ? 1.0f / args->sigma : 1.0f;
}

xd_status xdi_openblas_dense_forward(xd_backend *backend, const xd_dense *args) {
  const xdi_matrix x = {xdi_slice_host(args->x), args->inputs, false};
  const xdi_matrix weights = {xdi_slice_host(args->weights), args->outputs, false};
  const xdi_finish how = {xdi_slice_host(args->bias), NULL, args->activation};
  float *y = xdi_slice_host(args->y);
  const xd_status status = xdi_openblas_product(backend, y, x, weights, args->rows, args->inputs,
                                                args->outputs, scale_of(args), 0.0f);
  return status != XD_OK ? status : xdi_openblas_finish(backend, y, args->rows, args->outputs, &how);
}

xd_status xdi_openblas_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  const xdi_matrix dy = {xdi_slice_host(args->dy), args->outputs, false};
  const xdi_matrix weights = {xdi_slice_host(args->weights), args->outputs, true};
  const xdi_finish how = {NULL, xdi_slice_host(args->x), args->x_activation};
  float *dx = xdi_slice_host(args->dx);
  const xd_status status = xdi_openblas_product(backend, dx, dy, weights, args->rows, args->outputs,
                                                args->inputs, scale_of(args), 0.0f);
  return status != XD_OK ? status : xdi_openblas_finish(backend, dx, args->rows, args->inputs, &how);
}

xd_status xdi_openblas_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  const xdi_matrix x = {xdi_slice_host(args->x), args->inputs, true};
  const xdi_matrix dy = {xdi_slice_host(args->dy), args->outputs, false};
  if (args->dbias.buffer)
    xdi_sum_columns(xdi_slice_host(args->dbias), dy.cells, args->rows, args->outputs);
  return xdi_openblas_product(backend, xdi_slice_host(args->dweights), x, dy, args->inputs, args->rows,
                              args->outputs, 1.0f, 0.0f);
}
