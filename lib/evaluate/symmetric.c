/* Eigenvalues by Householder's tridiagonalisation and bisection on Sturm sequences (Golub and Van Loan,
 * Matrix Computations, 8.3 and 8.4), Cholesky's factor with diagonal pivoting, which also takes matrices that
 * are not of full rank (covariances of few samples, features that never fire), and eigenvectors by one-sided
 * Jacobi rotations (8.6). */
#include "evaluate/symmetric.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* ---- Tridiagonal form ---- */

/* Makes v[0..n) Householder's vector that reflects x onto its first axis; the length it gets there comes
 * back, and *scale is 2 / |v|^2, or 0 when there is nothing to reflect. */
static double reflect(double *v, const double *x, size_t n, double *scale) {
  double square = 0.0;
  for (size_t i = 0; i < n; i++)
    square += x[i] * x[i];
  const double length = x[0] > 0.0 ? -sqrt(square) : sqrt(square);
  memcpy(v, x, n * sizeof *v);
  v[0] -= length;
  const double norm = square - x[0] * x[0] + v[0] * v[0];
  *scale = norm > 0.0 ? 2.0 / norm : 0.0;
  return length;
}

/* a -= v w^T + w v^T on the trailing m rows and columns of a row-major matrix of stride n. */
static void update(double *a, size_t n, size_t m, const double *v, const double *w) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m; j++)
      a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
}

/* diagonal[n] and beside[n - 1] of a tridiagonal matrix similar to a; v[n] and w[n] are scratch. */
static void tridiagonalise(double *diagonal, double *beside, double *a, size_t n, double *v, double *w) {
  for (size_t k = 0; k + 1 < n; k++) {
    const size_t m = n - k - 1;
    double *rest = a + (k + 1) * n + k + 1, scale, along = 0.0;
    diagonal[k] = a[k * n + k];
    beside[k] = reflect(v, a + k * n + k + 1, m, &scale);
    memset(w, 0, m * sizeof *w);
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < m; j++)
        w[j] += scale * v[i] * rest[i * n + j];
    for (size_t j = 0; j < m; j++)
      along += w[j] * v[j];
    for (size_t j = 0; j < m; j++)
      w[j] -= 0.5 * scale * along * v[j];
    update(rest, n, m, v, w);
  }
  diagonal[n - 1] = a[n * n - 1];
}

/* ---- Bisection ---- */

/* How many eigenvalues lie below x: the negative pivots of T - x. */
static size_t count_below(const double *diagonal, const double *beside, size_t n, double x) {
  size_t count = 0;
  double pivot = 1.0;
  for (size_t i = 0; i < n; i++) {
    const double coupling = i ? beside[i - 1] : 0.0;
    pivot = diagonal[i] - x - coupling * coupling / pivot;
    if (fabs(pivot) < DBL_MIN)
      pivot = -DBL_MIN;
    count += pivot < 0.0;
  }
  return count;
}

/* Gershgorin's bound on all of them. */
static double bound(const double *diagonal, const double *beside, size_t n) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double left = i ? fabs(beside[i - 1]) : 0.0;
    const double right = i + 1 < n ? fabs(beside[i]) : 0.0;
    most = fmax(most, fabs(diagonal[i]) + left + right);
  }
  return most;
}

void xdi_symmetric_eigenvalues(double *values, double *a, size_t n, double *work) {
  double *diagonal = values, *beside = work, *v = work + n, *w = work + 2 * n;
  if (n == 0)
    return;
  tridiagonalise(diagonal, beside, a, n, v, w);
  memcpy(v, diagonal, n * sizeof *v);
  diagonal = v;
  const double most = bound(diagonal, beside, n), narrow = DBL_EPSILON * most;
  double below = -most - narrow;
  for (size_t k = 0; k < n; k++) {
    double above = most + narrow;
    while (above - below > narrow) {
      const double middle = below + 0.5 * (above - below);
      if (middle <= below || middle >= above)
        break;
      if (count_below(diagonal, beside, n, middle) > k)
        above = middle;
      else
        below = middle;
    }
    values[k] = below + 0.5 * (above - below);
  }
}

/* ---- Cholesky ---- */

static size_t largest_diagonal(const double *a, size_t n) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++)
    if (a[i * n + i] > a[best * n + best])
      best = i;
  return best;
}

/* Column k of the factor: the pivot's remaining row over its root; then it is taken out of what remains. */
void xdi_symmetric_factor(double *factor, size_t *rank, double *a, size_t n) {
  memset(factor, 0, n * n * sizeof *factor);
  *rank = 0;
  if (n == 0)
    return;
  const size_t first = largest_diagonal(a, n);
  const double least = (double)n * DBL_EPSILON * a[first * n + first];
  for (size_t k = 0; k < n; k++) {
    const size_t pivot = largest_diagonal(a, n);
    const double value = a[pivot * n + pivot];
    if (!(value > least))
      return;
    const double root = sqrt(value);
    for (size_t i = 0; i < n; i++)
      factor[i * n + k] = a[pivot * n + i] / root;
    for (size_t i = 0; i < n; i++) {
      const double share = factor[i * n + k];
      const double *row = a + pivot * n;
      if (i == pivot || share == 0.0)
        continue;
      for (size_t j = 0; j < n; j++)
        a[i * n + j] -= share * row[j] / root;
    }
    for (size_t j = 0; j < n; j++)
      a[pivot * n + j] = a[j * n + pivot] = 0.0;
    *rank = k + 1;
  }
}

/* ---- Eigenvectors ---- */

#define JACOBI_SWEEPS 40

/* The inner product of vectors a and b. */
static double product(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* Turns rows a and b until they are orthogonal, the longer one first; false where they are. */
static bool rotate(double *a, double *b, size_t n) {
  const double first = product(a, a, n), second = product(b, b, n), both = product(a, b, n);
  if (fabs(both) <= 4.0 * DBL_EPSILON * sqrt(first * second) && first >= second)
    return false;
  const double angle = 0.5 * atan2(2.0 * both, first - second), cosine = cos(angle), sine = sin(angle);
  for (size_t i = 0; i < n; i++) {
    const double left = a[i];
    a[i] = cosine * left + sine * b[i];
    b[i] = cosine * b[i] - sine * left;
  }
  return true;
}

/* Rotations make the rows of Q A orthogonal: then they are the eigenvectors, each times its value. */
void xdi_symmetric_vectors(double *values, double *a, size_t n) {
  bool turned = true;
  for (int sweep = 0; turned && sweep < JACOBI_SWEEPS; sweep++) {
    turned = false;
    for (size_t i = 0; i < n; i++)
      for (size_t j = i + 1; j < n; j++)
        turned |= rotate(a + i * n, a + j * n, n);
  }
  for (size_t i = 0; i < n; i++) {
    values[i] = sqrt(product(a + i * n, a + i * n, n));
    const double least = (double)n * DBL_EPSILON * values[0];
    for (size_t j = 0; j < n; j++)
      a[i * n + j] = values[i] > least ? a[i * n + j] / values[i] : 0.0;
    values[i] = values[i] > least ? values[i] : 0.0;
  }
}
