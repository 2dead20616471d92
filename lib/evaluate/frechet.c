/* The Frechet distance between normal distributions (Dowson and Landau 1982; for features Heusel et al.,
 * arXiv 1706.08500). With C1 = B B^T the eigenvalues of C1 C2 are those of the symmetric B^T C2 B, so that
 * no root of a matrix is ever formed: Tr (C1 C2)^(1/2) = sum of the roots of its eigenvalues. */
#include "evaluate/frechet.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/runner.h"
#include "evaluate/symmetric.h"
#include "tensor/shape.h"

#define ROWS_PER_TASK 16u

/* ---- Moments ---- */

typedef struct covariance_job {
  const xdi_moments *moments;
  const float *features;
  size_t count;
} covariance_job;

/* Some rows of the covariance, over all samples. */
static void add_rows(void *argument, uint32_t task) {
  const covariance_job *job = argument;
  const size_t dim = job->moments->dim, first = (size_t)task * ROWS_PER_TASK;
  const size_t end = first + ROWS_PER_TASK < dim ? first + ROWS_PER_TASK : dim;
  double centred[XDI_LATENT_MAX];
  for (size_t n = 0; n < job->count; n++) {
    const float *sample = job->features + n * dim;
    for (size_t j = 0; j < dim; j++)
      centred[j] = (double)sample[j] - job->moments->mean[j];
    for (size_t i = first; i < end; i++) {
      double *row = job->moments->covariance + i * dim;
      for (size_t j = 0; j < dim; j++)
        row[j] += centred[i] * centred[j];
    }
  }
  const double degrees = job->count > 1 ? (double)(job->count - 1) : 1.0;
  for (size_t i = first * dim; i < end * dim; i++)
    job->moments->covariance[i] /= degrees;
}

xd_status xdi_moments_open(xdi_moments *moments, xd_context *context, const float *features, size_t count,
                           uint32_t dim) {
  *moments = (xdi_moments){.allocator = context->allocator, .dim = dim};
  if (dim == 0 || dim > XDI_LATENT_MAX || count == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%zu samples of %u features", count, dim);
  moments->mean = xdi_allocate_zeroed(&context->allocator, dim, sizeof *moments->mean);
  moments->covariance =
      xdi_allocate_zeroed(&context->allocator, (size_t)dim * dim, sizeof *moments->covariance);
  if (!moments->mean || !moments->covariance)
    return xdi_fail_memory(context, "measuring features");
  for (size_t n = 0; n < count; n++)
    for (size_t j = 0; j < dim; j++)
      moments->mean[j] += (double)features[n * dim + j];
  for (size_t j = 0; j < dim; j++)
    moments->mean[j] /= (double)count;
  covariance_job job = {moments, features, count};
  if (xdi_run(&context->runner, add_rows, &job, (dim + ROWS_PER_TASK - 1) / ROWS_PER_TASK) != 0)
    return xdi_fail(context, XD_ERROR_INTERNAL, "the thread runner failed while features were measured");
  return XD_OK;
}

void xdi_moments_close(xdi_moments *moments) {
  xdi_release(&moments->allocator, moments->mean);
  xdi_release(&moments->allocator, moments->covariance);
  moments->mean = moments->covariance = NULL;
}

/* ---- The distance ---- */

/* product = a b, all n x n. */
static void multiply(double *product, const double *a, const double *b, size_t n) {
  memset(product, 0, n * n * sizeof *product);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) {
      const double factor = a[i * n + k];
      for (size_t j = 0; factor != 0.0 && j < n; j++)
        product[i * n + j] += factor * b[k * n + j];
    }
}

/* Swaps rows and columns of the n x n matrix a. */
static void transpose(double *a, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) {
      const double swapped = a[i * n + j];
      a[i * n + j] = a[j * n + i];
      a[j * n + i] = swapped;
    }
}

/* Tr (C1 C2)^(1/2); memory holds 3 n^2 + 4 n doubles. */
static double trace_of_root(const double *c1, const double *c2, size_t n, double *memory) {
  double *matrix = memory, *factor = matrix + n * n, *product = factor + n * n, *values = product + n * n;
  double trace = 0.0;
  size_t rank;
  memcpy(matrix, c1, n * n * sizeof *matrix);
  xdi_symmetric_factor(factor, &rank, matrix, n);
  multiply(product, c2, factor, n);
  transpose(factor, n);
  multiply(matrix, factor, product, n);
  xdi_symmetric_eigenvalues(values, matrix, n, values + n);
  for (size_t i = 0; i < n; i++)
    trace += sqrt(fmax(values[i], 0.0));
  return trace;
}

xd_status xdi_frechet_distance(xd_context *context, double *out, const xdi_moments *first,
                               const xdi_moments *second) {
  const size_t n = first->dim;
  double distance = 0.0;
  *out = 0.0;
  if (first->dim != second->dim)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "features of %u and of %u dimensions", first->dim,
                    second->dim);
  double *memory = xdi_allocate(&context->allocator, 3 * n * n + 4 * n, sizeof *memory);
  if (!memory)
    return xdi_fail_memory(context, "measuring a Frechet distance");
  for (size_t i = 0; i < n; i++) {
    const double apart = first->mean[i] - second->mean[i];
    distance += apart * apart + first->covariance[i * n + i] + second->covariance[i * n + i];
  }
  distance -= 2.0 * trace_of_root(first->covariance, second->covariance, n, memory);
  xdi_release(&context->allocator, memory);
  if (!isfinite(distance))
    return xdi_fail(context, XD_ERROR_NUMERIC, "the judge's features are not finite");
  *out = distance;
  return XD_OK;
}
