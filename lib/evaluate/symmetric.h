/* Symmetric matrices of doubles, row after row. */
#ifndef XDI_EVALUATE_SYMMETRIC_H
#define XDI_EVALUATE_SYMMETRIC_H

#include <stddef.h>

/* The eigenvalues of a[n][n] in rising order. Destroys `a`; `work` holds 3 * n doubles. */
void xdi_symmetric_eigenvalues(double *values, double *a, size_t n, double *work);

/* A positive semi-definite a[n][n] as factor factor^T; factor is [n][n], of which the first *rank columns
 * are used and the others are zero. Destroys `a`. */
void xdi_symmetric_factor(double *factor, size_t *rank, double *a, size_t n);

/* The eigenvalues of a positive semi-definite a[n][n] in falling order; row i of `a` becomes the i-th's vector of
 * unit length, or zeros where the eigenvalue is 0 to rounding. */
void xdi_symmetric_vectors(double *values, double *a, size_t n);

#endif
