/* Activations and element-wise kernels of the reference backend. Every slope is taken from the
 * activation's output, as the table's contract has it. */
#include <math.h>
#include <string.h>

#include "backend/reference/reference.h"

static const double leaky_slope = 0.2;

double xdi_activation_value(xd_activation activation, double a) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    return a > 0.0 ? a : 0.0;
  case XD_ACTIVATION_LEAKY_RELU:
    return a > 0.0 ? a : leaky_slope * a;
  case XD_ACTIVATION_SIGMOID:
    return a >= 0.0 ? 1.0 / (1.0 + exp(-a)) : exp(a) / (1.0 + exp(a));
  case XD_ACTIVATION_TANH:
    return tanh(a);
  case XD_ACTIVATION_IDENTITY:
  default:
    return a;
  }
}

double xdi_activation_slope(xd_activation activation, double y) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    return y > 0.0 ? 1.0 : 0.0;
  case XD_ACTIVATION_LEAKY_RELU:
    return y > 0.0 ? 1.0 : leaky_slope;
  case XD_ACTIVATION_SIGMOID:
    return y * (1.0 - y);
  case XD_ACTIVATION_TANH:
    return 1.0 - y * y;
  case XD_ACTIVATION_IDENTITY:
  default:
    return 1.0;
  }
}

/* The activation is chosen once a row, so that the simple ones become vector code. */
void xdi_finish_forward(xd_activation activation, const double *restrict sum, float *restrict to,
                        size_t count) {
  if (activation == XD_ACTIVATION_IDENTITY)
    for (size_t n = 0; n < count; n++)
      to[n] = (float)sum[n];
  else if (activation == XD_ACTIVATION_RELU)
    for (size_t n = 0; n < count; n++)
      to[n] = (float)(sum[n] > 0.0 ? sum[n] : 0.0);
  else
    for (size_t n = 0; n < count; n++)
      to[n] = (float)xdi_activation_value(activation, sum[n]);
}

void xdi_finish_backward(xd_activation activation, const double *restrict sum, const float *restrict x,
                         float *restrict to, size_t count) {
  if (activation == XD_ACTIVATION_RELU)
    for (size_t n = 0; n < count; n++)
      to[n] = (float)(x[n] > 0.0f ? sum[n] : 0.0);
  else
    for (size_t n = 0; n < count; n++)
      to[n] = (float)(sum[n] * xdi_activation_slope(activation, (double)x[n]));
}

xd_status xdi_reference_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x,
                                           xd_slice y, size_t count) {
  (void)backend;
  const float *from = xdi_slice_host(x);
  float *to = xdi_slice_host(y);
  for (size_t i = 0; i < count; i++)
    to[i] = (float)xdi_activation_value(activation, (double)from[i]);
  return XD_OK;
}

xd_status xdi_reference_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                            xd_slice dy, xd_slice dx, size_t count) {
  (void)backend;
  const float *value = xdi_slice_host(y), *from = xdi_slice_host(dy);
  float *to = xdi_slice_host(dx);
  for (size_t i = 0; i < count; i++)
    to[i] = (float)((double)from[i] * xdi_activation_slope(activation, (double)value[i]));
  return XD_OK;
}

xd_status xdi_reference_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                     uint32_t from_stride, uint32_t rows, uint32_t columns) {
  (void)backend;
  float *target = xdi_slice_host(to);
  const float *source = xdi_slice_host(from);
  for (size_t row = 0; row < rows; row++)
    memcpy(target + row * to_stride, source + row * from_stride, columns * sizeof *target);
  return XD_OK;
}

xd_status xdi_reference_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                                  size_t count) {
  (void)backend;
  const float *from = xdi_slice_host(x);
  float *to = xdi_slice_host(y);
  for (size_t i = 0; i < count; i++)
    to[i] = (float)((double)alpha * (double)from[i] + (double)beta * (double)to[i]);
  return XD_OK;
}
