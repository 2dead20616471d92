/* The inner loops of the reference products: one output row at a time, summed in double.
 *
 * Loops run over contiguous cells with independent sums, so that a compiler vectorises them without
 * being allowed to reorder floating point. A row longer than XDI_REFERENCE_BLOCK is cut by the
 * caller, whose sums lie on its stack. */
#ifndef XDI_BACKEND_REFERENCE_PRODUCT_H
#define XDI_BACKEND_REFERENCE_PRODUCT_H

#include <stddef.h>

#define XDI_REFERENCE_BLOCK 128

static inline size_t xdi_reference_block(size_t begin, size_t end) {
  return end - begin < XDI_REFERENCE_BLOCK ? end - begin : XDI_REFERENCE_BLOCK;
}

/* sum[n] += sum over k of a[k * a_step] * b[k * b_step + n], for n < columns. */
static inline void xdi_add_row_product(double *restrict sum, size_t columns, size_t depth,
                                       const float *restrict a, size_t a_step, const float *restrict b,
                                       size_t b_step) {
  size_t k = 0;
  for (; k + 4 <= depth; k += 4, a += 4 * a_step, b += 4 * b_step) {
    const double a0 = a[0], a1 = a[a_step], a2 = a[2 * a_step], a3 = a[3 * a_step];
    const float *restrict b0 = b, *restrict b1 = b + b_step;
    const float *restrict b2 = b + 2 * b_step, *restrict b3 = b + 3 * b_step;
    for (size_t n = 0; n < columns; n++)
      sum[n] += (a0 * (double)b0[n] + a1 * (double)b1[n]) + (a2 * (double)b2[n] + a3 * (double)b3[n]);
  }
  for (; k < depth; k++, a += a_step, b += b_step) {
    const double value = a[0];
    for (size_t n = 0; n < columns; n++)
      sum[n] += value * (double)b[n];
  }
}

/* The dot product of a and b, in eight sums. */
static inline double xdi_dot(const float *restrict a, const float *restrict b, size_t depth) {
  double lane[8] = {0};
  size_t k = 0;
  for (; k + 8 <= depth; k += 8)
    for (size_t i = 0; i < 8; i++)
      lane[i] += (double)a[k + i] * (double)b[k + i];
  double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  for (; k < depth; k++)
    sum += (double)a[k] * (double)b[k];
  return sum;
}

/* sum[n] += sum over k of a[k] * b[n * b_step + k], for n < columns. */
static inline void xdi_add_row_dots(double *restrict sum, size_t columns, size_t depth,
                                    const float *restrict a, const float *restrict b, size_t b_step) {
  for (size_t n = 0; n < columns; n++)
    sum[n] += xdi_dot(a, b + n * b_step, depth);
}

/* to[n] = the sum over the rows of from[row][n]. */
static inline void xdi_sum_columns(float *restrict to, const float *restrict from, size_t rows,
                                   size_t columns) {
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t begin = 0; begin < columns; begin += XDI_REFERENCE_BLOCK) {
    const size_t block = xdi_reference_block(begin, columns);
    for (size_t n = 0; n < block; n++)
      sum[n] = 0.0;
    for (size_t row = 0; row < rows; row++)
      for (size_t n = 0; n < block; n++)
        sum[n] += (double)from[row * columns + begin + n];
    for (size_t n = 0; n < block; n++)
      to[begin + n] = (float)sum[n];
  }
}

#endif
