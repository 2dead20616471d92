/* Dense layers of the reference backend: y = f(x W + bias), and the two halves of its backward pass,
 * dx = (dy W^T) * f'(x) and dW = x^T dy with dbias the column sums of dy.
 *
 * Columns are taken in blocks whose sums lie on the stack; blocks are outermost, so that the part of
 * the weights in use stays in the cache over the rows. */
#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

xd_status xdi_reference_dense_forward(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const size_t inputs = args->inputs, outputs = args->outputs;
  const float *x = xdi_slice_host(args->x), *weights = xdi_slice_host(args->weights);
  const float *bias = xdi_slice_host(args->bias);
  float *y = xdi_slice_host(args->y);
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t begin = 0; begin < outputs; begin += XDI_REFERENCE_BLOCK) {
    const size_t columns = xdi_reference_block(begin, outputs);
    for (size_t row = 0; row < args->rows; row++) {
      for (size_t n = 0; n < columns; n++)
        sum[n] = bias ? (double)bias[begin + n] : 0.0;
      xdi_add_row_product(sum, columns, inputs, x + row * inputs, 1, weights + begin, outputs);
      for (size_t n = 0; n < columns; n++)
        y[row * outputs + begin + n] = (float)xdi_activation_value(args->activation, sum[n]);
    }
  }
  return XD_OK;
}

xd_status xdi_reference_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const size_t inputs = args->inputs, outputs = args->outputs;
  const float *dy = xdi_slice_host(args->dy), *weights = xdi_slice_host(args->weights);
  const float *x = args->x_activation == XD_ACTIVATION_IDENTITY ? NULL : xdi_slice_host(args->x);
  float *dx = xdi_slice_host(args->dx);
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t begin = 0; begin < inputs; begin += XDI_REFERENCE_BLOCK) {
    const size_t columns = xdi_reference_block(begin, inputs);
    for (size_t row = 0; row < args->rows; row++) {
      for (size_t n = 0; n < columns; n++)
        sum[n] = 0.0;
      xdi_add_row_dots(sum, columns, outputs, dy + row * outputs, weights + begin * outputs, outputs);
      const size_t first = row * inputs + begin;
      for (size_t n = 0; n < columns; n++) {
        const double slope = x ? xdi_activation_slope(args->x_activation, (double)x[first + n]) : 1.0;
        dx[first + n] = (float)(sum[n] * slope);
      }
    }
  }
  return XD_OK;
}

xd_status xdi_reference_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const size_t rows = args->rows, inputs = args->inputs, outputs = args->outputs;
  const float *x = xdi_slice_host(args->x), *dy = xdi_slice_host(args->dy);
  float *dweights = xdi_slice_host(args->dweights), *dbias = xdi_slice_host(args->dbias);
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t begin = 0; begin < outputs; begin += XDI_REFERENCE_BLOCK) {
    const size_t columns = xdi_reference_block(begin, outputs);
    for (size_t input = 0; input < inputs; input++) {
      for (size_t n = 0; n < columns; n++)
        sum[n] = 0.0;
      xdi_add_row_product(sum, columns, rows, x + input, inputs, dy + begin, outputs);
      for (size_t n = 0; n < columns; n++)
        dweights[input * outputs + begin + n] = (float)sum[n];
    }
  }
  if (dbias)
    xdi_sum_columns(dbias, dy, rows, outputs);
  return XD_OK;
}
