/* Ridge regression by the normal equations and Cholesky's factor, fitted on one half and tried on the other. */
#include "evaluate/read_back.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

typedef struct linear_reader {
  const float *to, *from;
  const uint32_t *half;
  uint32_t count;
  size_t to_dim, from_dim;
  double *gram; /* [from_dim][from_dim], then its factor's lower half */
  double *map;  /* [from_dim][to_dim] */
} linear_reader;

/* from^T from and from^T to of one half's rows; the number of rows comes back. */
static uint32_t add_products(const linear_reader *reader, uint32_t half) {
  uint32_t rows = 0;
  memset(reader->gram, 0, reader->from_dim * reader->from_dim * sizeof *reader->gram);
  memset(reader->map, 0, reader->from_dim * reader->to_dim * sizeof *reader->map);
  for (size_t n = 0; n < reader->count; n++) {
    const float *from = reader->from + n * reader->from_dim, *to = reader->to + n * reader->to_dim;
    if (reader->half[n] != half)
      continue;
    rows++;
    for (size_t i = 0; i < reader->from_dim; i++) {
      for (size_t j = 0; j <= i; j++)
        reader->gram[i * reader->from_dim + j] += (double)from[i] * (double)from[j];
      for (size_t k = 0; k < reader->to_dim; k++)
        reader->map[i * reader->to_dim + k] += (double)from[i] * (double)to[k];
    }
  }
  return rows;
}

/* The lower half of a positive definite matrix becomes its factor's. */
static void factorise(double *matrix, size_t n) {
  for (size_t j = 0; j < n; j++) {
    for (size_t k = 0; k < j; k++)
      for (size_t i = j; i < n; i++)
        matrix[i * n + j] -= matrix[i * n + k] * matrix[j * n + k];
    const double root = sqrt(matrix[j * n + j]);
    for (size_t i = j; i < n; i++)
      matrix[i * n + j] /= root;
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
static void fit(const linear_reader *reader, uint32_t half) {
  const size_t n = reader->from_dim;
  const uint32_t rows = add_products(reader, half);
  double trace = 0.0;
  for (size_t i = 0; i < n; i++)
    trace += reader->gram[i * n + i];
  if (!(trace > 0.0)) /* then the products with `to` are zero as well */
    return;
  for (size_t i = 0; i < n; i++)
    reader->gram[i * n + i] += trace / rows;
  factorise(reader->gram, n);
  solve(reader->map, reader->gram, n, reader->to_dim);
}

/* Squared errors and squares of one half's rows. */
static void try_map(const linear_reader *reader, uint32_t half, double *errors, double *squares) {
  for (size_t n = 0; n < reader->count; n++) {
    const float *from = reader->from + n * reader->from_dim, *to = reader->to + n * reader->to_dim;
    for (size_t k = 0; reader->half[n] == half && k < reader->to_dim; k++) {
      double read = 0.0;
      for (size_t i = 0; i < reader->from_dim; i++)
        read += (double)from[i] * reader->map[i * reader->to_dim + k];
      *errors += ((double)to[k] - read) * ((double)to[k] - read);
      *squares += (double)to[k] * (double)to[k];
    }
  }
}

xd_status xdi_read_back(xd_context *context, double *share, const float *to, uint32_t to_dim,
                        const float *from, uint32_t from_dim, const uint32_t *half, uint32_t count) {
  const xd_allocator *allocator = &context->allocator;
  linear_reader reader = {to, from, half, count, to_dim, from_dim, NULL, NULL};
  double errors = 0.0, squares = 0.0;
  *share = 0.0;
  if (to_dim == 0)
    return XD_OK;
  reader.gram = xdi_allocate(allocator, from_dim, from_dim * sizeof *reader.gram);
  reader.map = xdi_allocate(allocator, from_dim, to_dim * sizeof *reader.map);
  const xd_status status = reader.gram && reader.map ? XD_OK : xdi_fail_memory(context, "measuring style");
  for (uint32_t fitted = 0; status == XD_OK && fitted < 2; fitted++) {
    fit(&reader, fitted);
    try_map(&reader, 1 - fitted, &errors, &squares);
  }
  xdi_release(allocator, reader.gram);
  xdi_release(allocator, reader.map);
  if (squares > 0.0)
    *share = fmax(0.0, 1.0 - errors / squares);
  return status;
}
