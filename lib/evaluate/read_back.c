/* Ridge regression by the normal equations and Cholesky's factor, fitted on one half and tried on the other. */
#include "evaluate/read_back.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

typedef struct reader {
  const float *to, *from;
  const uint32_t *half;
  uint32_t count;
  size_t to_dim, from_dim;
  double *gram; /* [from_dim][from_dim], then its factor's lower half */
  double *map;  /* [from_dim][to_dim] */
} reader;

/* from^T from and from^T to of one half's rows; the number of rows comes back. */
static uint32_t add_products(const reader *r, uint32_t half) {
  uint32_t rows = 0;
  memset(r->gram, 0, r->from_dim * r->from_dim * sizeof *r->gram);
  memset(r->map, 0, r->from_dim * r->to_dim * sizeof *r->map);
  for (size_t n = 0; n < r->count; n++) {
    const float *from = r->from + n * r->from_dim, *to = r->to + n * r->to_dim;
    if (r->half[n] != half)
      continue;
    rows++;
    for (size_t i = 0; i < r->from_dim; i++) {
      for (size_t j = 0; j <= i; j++)
        r->gram[i * r->from_dim + j] += (double)from[i] * (double)from[j];
      for (size_t k = 0; k < r->to_dim; k++)
        r->map[i * r->to_dim + k] += (double)from[i] * (double)to[k];
    }
  }
  return rows;
}

/* The lower half of a positive definite matrix becomes its factor's. */
static void factorise(double *a, size_t n) {
  for (size_t j = 0; j < n; j++) {
    for (size_t k = 0; k < j; k++)
      for (size_t i = j; i < n; i++)
        a[i * n + j] -= a[i * n + k] * a[j * n + k];
    const double root = sqrt(a[j * n + j]);
    for (size_t i = j; i < n; i++)
      a[i * n + j] /= root;
  }
}

/* x[n][columns] becomes (L L^T)^-1 x. */
static void solve(double *x, const double *factor, size_t n, size_t columns) {
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++)
      for (size_t k = 0; k < columns; k++)
        x[i * columns + k] -= factor[i * n + j] * x[j * columns + k];
    for (size_t k = 0; k < columns; k++)
      x[i * columns + k] /= factor[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t j = i + 1; j < n; j++)
      for (size_t k = 0; k < columns; k++)
        x[i * columns + k] -= factor[j * n + i] * x[j * columns + k];
    for (size_t k = 0; k < columns; k++)
      x[i * columns + k] /= factor[i * n + i];
  }
}

/* The map of one half; zero where its rows are. */
static void fit(const reader *r, uint32_t half) {
  const size_t n = r->from_dim;
  const uint32_t rows = add_products(r, half);
  double trace = 0.0;
  for (size_t i = 0; i < n; i++)
    trace += r->gram[i * n + i];
  if (!(trace > 0.0)) /* then the products with `to` are zero as well */
    return;
  for (size_t i = 0; i < n; i++)
    r->gram[i * n + i] += trace / rows;
  factorise(r->gram, n);
  solve(r->map, r->gram, n, r->to_dim);
}

/* Squared errors and squares of one half's rows. */
static void try_map(const reader *r, uint32_t half, double *errors, double *squares) {
  for (size_t n = 0; n < r->count; n++) {
    const float *from = r->from + n * r->from_dim, *to = r->to + n * r->to_dim;
    for (size_t k = 0; r->half[n] == half && k < r->to_dim; k++) {
      double read = 0.0;
      for (size_t i = 0; i < r->from_dim; i++)
        read += (double)from[i] * r->map[i * r->to_dim + k];
      *errors += ((double)to[k] - read) * ((double)to[k] - read);
      *squares += (double)to[k] * (double)to[k];
    }
  }
}

xd_status xdi_read_back(xd_context *context, double *share, const float *to, uint32_t to_dim,
                        const float *from, uint32_t from_dim, const uint32_t *half, uint32_t count) {
  const xd_allocator *allocator = &context->allocator;
  reader r = {to, from, half, count, to_dim, from_dim, NULL, NULL};
  double errors = 0.0, squares = 0.0;
  *share = 0.0;
  if (to_dim == 0)
    return XD_OK;
  r.gram = xdi_allocate(allocator, from_dim, from_dim * sizeof *r.gram);
  r.map = xdi_allocate(allocator, from_dim, to_dim * sizeof *r.map);
  const xd_status status = r.gram && r.map ? XD_OK : xdi_fail_memory(context, "measuring style");
  for (uint32_t fitted = 0; status == XD_OK && fitted < 2; fitted++) {
    fit(&r, fitted);
    try_map(&r, 1 - fitted, &errors, &squares);
  }
  xdi_release(allocator, r.gram);
  xdi_release(allocator, r.map);
  if (squares > 0.0)
    *share = fmax(0.0, 1.0 - errors / squares);
  return status;
}
