/* Principal components by power iteration on the covariance, the first found being taken out of it for the second. */
#include "components.h"

#include <math.h>
#include <stdlib.h>

enum { ITERATIONS = 200 };

/* ---- Covariance ---- */

static void find_mean(components *c, const float *codes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    for (size_t k = 0; k < c->dim; k++)
      c->mean[k] += codes[i * c->dim + k] / (double)count;
}

static void add_covariance(double *a, const components *c, const float *codes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    for (size_t k = 0; k < c->dim; k++) {
      const double weight = (codes[i * c->dim + k] - c->mean[k]) / count;
      for (size_t j = 0; j < c->dim; j++)
        a[k * c->dim + j] += weight * (codes[i * c->dim + j] - c->mean[j]);
    }
}

/* ---- Power iteration ---- */

static double norm(const double *v, size_t n) {
  double square = 0.0;
  for (size_t i = 0; i < n; i++)
    square += v[i] * v[i];
  return sqrt(square);
}

static void multiply(double *to, const double *a, const double *v, size_t n) {
  for (size_t i = 0; i < n; i++) {
    to[i] = 0.0;
    for (size_t j = 0; j < n; j++)
      to[i] += a[i * n + j] * v[j];
  }
}

/* Makes `axis` the vector of the largest eigenvalue, which comes back; zeros where that is 0. `work` holds n. */
static double find_axis(double *axis, const double *a, size_t n, double *work) {
  double value = 0.0;
  for (size_t i = 0; i < n; i++)
    axis[i] = 1.0 + (double)i / (double)n; /* at right angles to no axis but by accident */
  for (int step = 0; step < ITERATIONS; step++) {
    multiply(work, a, axis, n);
    value = norm(work, n);
    for (size_t i = 0; i < n; i++)
      axis[i] = value > 0.0 ? work[i] / value : 0.0;
  }
  return value;
}

/* The entry of largest size becomes positive: then codes make one picture, whatever the iteration began with. */
static void choose_sign(double *axis, size_t n) {
  double largest = 0.0;
  for (size_t i = 0; i < n; i++)
    if (fabs(axis[i]) > fabs(largest))
      largest = axis[i];
  for (size_t i = 0; i < n && largest < 0.0; i++)
    axis[i] = -axis[i];
}

static void find_axes(components *c, double *a, double *work) {
  const size_t n = c->dim;
  double trace = 0.0;
  for (size_t i = 0; i < n; i++)
    trace += a[i * n + i];
  for (int found = 0; found < COMPONENTS; found++) {
    double *axis = c->axes + (size_t)found * n;
    const double value = find_axis(axis, a, n, work);
    c->shares[found] = trace > 0.0 ? value / trace : 0.0;
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        a[i * n + j] -= value * axis[i] * axis[j];
    choose_sign(axis, n);
  }
}

bool find_components(components *out, const float *codes, uint32_t count, size_t dim) {
  double *covariance = calloc(dim * dim, sizeof *covariance), *work = calloc(dim, sizeof *work);
  *out = (components){.dim = dim};
  out->mean = calloc(dim, sizeof *out->mean);
  out->axes = calloc(COMPONENTS * dim, sizeof *out->axes);
  const bool good = covariance && work && out->mean && out->axes;
  if (good) {
    find_mean(out, codes, count);
    add_covariance(covariance, out, codes, count);
    find_axes(out, covariance, work);
  }
  free(covariance);
  free(work);
  return good;
}

void free_components(components *c) {
  free(c->mean);
  free(c->axes);
}

void project(const components *c, const float *code, double to[COMPONENTS]) {
  for (int axis = 0; axis < COMPONENTS; axis++) {
    to[axis] = 0.0;
    for (size_t k = 0; k < c->dim; k++)
      to[axis] += (code[k] - c->mean[k]) * c->axes[(size_t)axis * c->dim + k];
  }
}
