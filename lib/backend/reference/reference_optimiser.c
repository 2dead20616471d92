/* The optimiser's sweeps of the reference backend: Adam (Kingma and Ba, arXiv 1412.6980) with
 * decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), and spectral normalisation
 * (Miyato et al., arXiv 1802.05957). */
#include <math.h>
#include <stdbool.h>

#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

xd_status xdi_reference_adam(xd_backend *backend, const xd_adam *args) {
  (void)backend;
  float *parameters = xdi_slice_host(args->parameters);
  const float *gradients = xdi_slice_host(args->gradients);
  float *moment1 = xdi_slice_host(args->moment1), *moment2 = xdi_slice_host(args->moment2);
  const double rate = (double)args->learning_rate, epsilon = (double)args->epsilon;
  const double beta1 = (double)args->beta1, beta2 = (double)args->beta2;
  const double kept = 1.0 - rate * (double)args->weight_decay;
  for (size_t i = 0; i < args->count; i++) {
    const double gradient = (double)gradients[i];
    const double first = beta1 * (double)moment1[i] + (1.0 - beta1) * gradient;
    const double second = beta2 * (double)moment2[i] + (1.0 - beta2) * gradient * gradient;
    const double step = first / (double)args->correction1;
    const double scale = sqrt(second / (double)args->correction2) + epsilon;
    moment1[i] = (float)first;
    moment2[i] = (float)second;
    parameters[i] = (float)(kept * (double)parameters[i] - rate * step / scale);
  }
  return XD_OK;
}

/* Below this length a vector of the power iteration is left as short as it is. */
static const double shortest = 1e-12;

static void normalise(float *vector, size_t count) {
  double square = 0.0;
  for (size_t n = 0; n < count; n++)
    square += (double)vector[n] * (double)vector[n];
  const double length = fmax(sqrt(square), shortest);
  for (size_t n = 0; n < count; n++)
    vector[n] = (float)((double)vector[n] / length);
}

/* u = W v, before its normalisation. */
static void product(float *u, const float *weights, const float *v, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++)
    u[row] = (float)xdi_dot(weights + row * columns, v, columns);
}

/* v = W^T u, before its normalisation. */
static void turned_product(float *v, const float *weights, const float *u, size_t rows, size_t columns) {
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t begin = 0; begin < columns; begin += XDI_REFERENCE_BLOCK) {
    const size_t block = xdi_reference_block(begin, columns);
    for (size_t n = 0; n < block; n++)
      sum[n] = 0.0;
    xdi_add_row_product(sum, block, rows, u, 1, weights + begin, columns);
    for (size_t n = 0; n < block; n++)
      v[begin + n] = (float)sum[n];
  }
}

static bool find_sigma(xd_spectral_norm *matrix) {
  const size_t rows = matrix->rows, columns = matrix->columns;
  const float *weights = xdi_slice_host(matrix->weights);
  float *u = xdi_slice_host(matrix->u), *v = xdi_slice_host(matrix->v);
  for (uint32_t i = 0; i < matrix->iterations; i++) {
    product(u, weights, v, rows, columns);
    normalise(u, rows);
    turned_product(v, weights, u, rows, columns);
    normalise(v, columns);
  }
  matrix->sigma = 0.0;
  for (size_t row = 0; row < rows; row++)
    matrix->sigma += (double)u[row] * xdi_dot(weights + row * columns, v, columns);
  return matrix->sigma != 0.0 && isfinite(matrix->sigma);
}

xd_status xdi_reference_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices,
                                              uint32_t count) {
  (void)backend;
  for (uint32_t i = 0; i < count; i++)
    if (!find_sigma(&matrices[i]))
      return XD_ERROR_NUMERIC;
  return XD_OK;
}

xd_status xdi_reference_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                               uint32_t count) {
  (void)backend;
  for (const xd_spectral_norm *matrix = matrices; matrix < matrices + count; matrix++) {
    const size_t rows = matrix->rows, columns = matrix->columns;
    const float *u = xdi_slice_host(matrix->u), *v = xdi_slice_host(matrix->v);
    float *gradients = xdi_slice_host(matrix->gradients);
    const double along = xdi_dot(gradients, xdi_slice_host(matrix->weights), rows * columns) / matrix->sigma;
    for (size_t row = 0; row < rows; row++)
      for (size_t n = 0; n < columns; n++) {
        float *cell = gradients + row * columns + n;
        *cell = (float)(((double)*cell - along * (double)u[row] * (double)v[n]) / matrix->sigma);
      }
  }
  return XD_OK;
}
