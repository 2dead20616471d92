/* Dense layers of the reference backend: y = f(x W + bias), and the two halves of its backward pass,
 * dx = (dy W^T) * f'(x) and dW = x^T dy with dbias the column sums of dy.
 *
 * All three are one product of matrices that are read by rows or by columns. It works on blocks:
 * pieces of both factors are turned into double on the stack and used for a whole block of sums. */
#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

#define BLOCK_ROWS 32
#define BLOCK_COLUMNS 32
#define BLOCK_DEPTH 32 /* a multiple of 4 */

/* A matrix where it stands: cell (row, column) is cells[row * row_step + column * column_step]. */
typedef struct matrix {
  const float *cells;
  size_t row_step, column_step;
} matrix;

/* What becomes of the sums, divided by sigma unless that is 0: cell = (sum + bias) through an activation, or,
 * where x is given, the sum times the slope at x. */
typedef struct result {
  float *cells;
  size_t columns;
  float sigma;
  const float *bias, *x;
  xd_activation activation;
} result;

typedef double sum_block[BLOCK_ROWS][BLOCK_COLUMNS];
typedef double left_block[BLOCK_ROWS][BLOCK_DEPTH];
typedef double right_block[BLOCK_DEPTH][BLOCK_COLUMNS];

static size_t shorter(size_t rest, size_t block) {
  return rest < block ? rest : block;
}

/* The depth is filled up with zeros to a multiple of 4. */
static void load_left(left_block to, matrix m, size_t row, size_t rows, size_t column, size_t depth) {
  const float *from = m.cells + row * m.row_step + column * m.column_step;
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < (depth + 3) / 4 * 4; k++)
      to[r][k] = k < depth ? (double)from[r * m.row_step + k * m.column_step] : 0.0;
}

static void load_right(right_block to, matrix m, size_t row, size_t depth, size_t column, size_t columns) {
  const float *from = m.cells + row * m.row_step + column * m.column_step;
  for (size_t k = 0; k < (depth + 3) / 4 * 4; k++)
    for (size_t n = 0; n < columns; n++)
      to[k][n] = k < depth ? (double)from[k * m.row_step + n * m.column_step] : 0.0;
}

static inline void add_product(sum_block sum, left_block a, right_block b, size_t rows, size_t depth,
                               size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t k = 0; k < depth; k += 4) {
      const double a0 = a[r][k], a1 = a[r][k + 1], a2 = a[r][k + 2], a3 = a[r][k + 3];
      const double *restrict b0 = b[k], *restrict b1 = b[k + 1], *restrict b2 = b[k + 2],
                             *restrict b3 = b[k + 3];
      double *restrict s = sum[r];
      for (size_t n = 0; n < columns; n++)
        s[n] += (a0 * b0[n] + a1 * b1[n]) + (a2 * b2[n] + a3 * b3[n]);
    }
}

static void start_block(sum_block sum, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t n = 0; n < columns; n++)
      sum[r][n] = 0.0;
}

static void finish_block(sum_block sum, const result *to, size_t row, size_t column, size_t rows,
                         size_t columns) {
  const double sigma = to->sigma != 0.0f ? (double)to->sigma : 1.0;
  for (size_t r = 0; r < rows; r++) {
    const size_t cell = (row + r) * to->columns + column;
    for (size_t n = 0; n < columns; n++)
      sum[r][n] = sum[r][n] / sigma + (to->bias ? (double)to->bias[column + n] : 0.0);
    if (to->x)
      xdi_finish_backward(to->activation, sum[r], to->x + cell, to->cells + cell, columns);
    else
      xdi_finish_forward(to->activation, sum[r], to->cells + cell, columns);
  }
}

/* to = a b. */
static void multiply(matrix a, matrix b, size_t rows, size_t depth, size_t columns, const result *to) {
  sum_block sum;
  left_block left;
  right_block right;
  for (size_t column = 0; column < columns; column += BLOCK_COLUMNS)
    for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
      const size_t wide = shorter(columns - column, BLOCK_COLUMNS), high = shorter(rows - row, BLOCK_ROWS);
      start_block(sum, high, wide);
      for (size_t k = 0; k < depth; k += BLOCK_DEPTH) {
        const size_t deep = shorter(depth - k, BLOCK_DEPTH);
        load_left(left, a, row, high, k, deep);
        load_right(right, b, k, deep, column, wide);
        if (wide == BLOCK_COLUMNS) /* a loop of known length is faster */
          add_product(sum, left, right, high, deep, BLOCK_COLUMNS);
        else
          add_product(sum, left, right, high, deep, wide);
      }
      finish_block(sum, to, row, column, high, wide);
    }
}

xd_status xdi_reference_dense_forward(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const matrix x = {xdi_slice_host(args->x), args->inputs, 1};
  const matrix weights = {xdi_slice_host(args->weights), args->outputs, 1};
  const result y = {xdi_slice_host(args->y),    args->outputs, args->sigma,
                    xdi_slice_host(args->bias), NULL,          args->activation};
  multiply(x, weights, args->rows, args->inputs, args->outputs, &y);
  return XD_OK;
}

xd_status xdi_reference_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const float *x = args->x_activation == XD_ACTIVATION_IDENTITY ? NULL : xdi_slice_host(args->x);
  const matrix dy = {xdi_slice_host(args->dy), args->outputs, 1};
  const matrix turned_weights = {xdi_slice_host(args->weights), 1, args->outputs};
  const result dx = {xdi_slice_host(args->dx), args->inputs, args->sigma, NULL, x, args->x_activation};
  multiply(dy, turned_weights, args->rows, args->outputs, args->inputs, &dx);
  return XD_OK;
}

xd_status xdi_reference_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  const matrix turned_x = {xdi_slice_host(args->x), 1, args->inputs};
  const matrix dy = {xdi_slice_host(args->dy), args->outputs, 1};
  const result dweights = {xdi_slice_host(args->dweights), args->outputs, 0.0f, NULL, NULL,
                           XD_ACTIVATION_IDENTITY};
  multiply(turned_x, dy, args->inputs, args->rows, args->outputs, &dweights);
  if (args->dbias.buffer)
    xdi_sum_columns(xdi_slice_host(args->dbias), dy.cells, args->rows, args->outputs);
  return XD_OK;
}
