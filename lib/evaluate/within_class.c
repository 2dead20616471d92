/* Centring within classes, and principal components by the covariance's eigenvectors. */
#include "evaluate/within_class.h"

#include <string.h>

#include "base/memory.h"
#include "evaluate/frechet.h"
#include "evaluate/symmetric.h"

/* ---- Centring ---- */

static void add_rows(double *sums, uint32_t *sizes, const float *rows, uint32_t count, uint32_t dim,
                     const uint32_t *class) {
  for (size_t i = 0; i < count; i++) {
    double *sum = sums + (size_t) class[i] * dim;
    sizes[class[i]]++;
    for (uint32_t j = 0; j < dim; j++)
      sum[j] += (double)rows[i * dim + j];
  }
}

static void take_means(float *rows, const double *sums, const uint32_t *sizes, uint32_t count, uint32_t dim,
                       const uint32_t *class) {
  for (size_t i = 0; i < count; i++) {
    const double *sum = sums + (size_t) class[i] * dim;
    for (uint32_t j = 0; j < dim; j++)
      rows[i * dim + j] = (float)((double)rows[i * dim + j] - sum[j] / sizes[class[i]]);
  }
}

xd_status xdi_centre_rows(xd_context *context, float *rows, uint32_t count, uint32_t dim,
                          const uint32_t *class, uint32_t classes) {
  const xd_allocator *allocator = &context->allocator;
  double *sums = xdi_allocate_zeroed(allocator, classes, dim * sizeof *sums);
  uint32_t *sizes = xdi_allocate_zeroed(allocator, classes, sizeof *sizes);
  const xd_status status = sums && sizes ? XD_OK : xdi_fail_memory(context, "centring codes");
  if (status == XD_OK) {
    add_rows(sums, sizes, rows, count, dim, class);
    take_means(rows, sums, sizes, count, dim, class);
  }
  xdi_release(allocator, sums);
  xdi_release(allocator, sizes);
  return status;
}

/* ---- Components ---- */

static double trace_of(const double *matrix, uint32_t dim) {
  double trace = 0.0;
  for (uint32_t i = 0; i < dim; i++)
    trace += matrix[(size_t)i * dim + i];
  return trace;
}

/* The first components that hold so much variance. */
static uint32_t count_leading(const double *variances, uint32_t dim, double wanted) {
  double held = 0.0;
  uint32_t count = 0;
  while (count < dim && variances[count] > 0.0 && held < wanted)
    held += variances[count++];
  return count;
}

xd_status xdi_components_open(xdi_components *components, xd_context *context, const float *rows,
                              uint32_t count, uint32_t dim, double share) {
  const xd_allocator *allocator = &context->allocator;
  xdi_moments moments = {.mean = NULL};
  *components = (xdi_components){.allocator = *allocator, .dim = dim};
  xd_status status = xdi_moments_open(&moments, context, rows, count, dim);
  components->variances = xdi_allocate(allocator, dim, sizeof *components->variances);
  if (status == XD_OK && !components->variances)
    status = xdi_fail_memory(context, "finding the components of codes");
  if (status == XD_OK) {
    const double wanted = share * trace_of(moments.covariance, dim);
    xdi_symmetric_vectors(components->variances, moments.covariance, dim);
    components->count = count_leading(components->variances, dim, wanted);
    components->vectors = moments.covariance;
    moments.covariance = NULL;
  }
  xdi_moments_close(&moments);
  if (status != XD_OK)
    xdi_components_close(components);
  return status;
}

void xdi_components_close(xdi_components *components) {
  xdi_release(&components->allocator, components->variances);
  xdi_release(&components->allocator, components->vectors);
  components->variances = components->vectors = NULL;
}

void xdi_components_project(float *to, const xdi_components *components, const float *row) {
  for (size_t k = 0; k < components->count; k++) {
    const double *vector = components->vectors + k * components->dim;
    double sum = 0.0;
    for (uint32_t j = 0; j < components->dim; j++)
      sum += vector[j] * (double)row[j];
    to[k] = (float)sum;
  }
}
