/* Dense layers as dnnl_sgemm: x W, dy W^T and x^T dy. The result is cut along its longer side, so no sum
 * is ever split. */
#include "backend/onednn/onednn_state.h"

enum { STEP = 16 };

/* c[rows][columns] = op(a) op(b), a sum over `depth`. */
typedef struct product {
  const float *a, *b;
  float *c;
  bool a_transposed, b_transposed;
  uint32_t rows, columns, depth;
  float sigma; /* not 0: b is divided by it */
  uint32_t pieces;
  /* then, where not NULL: */
  const float *bias; /* forward */
  xd_activation activation;
  const float *x; /* backward_data */
  xd_activation x_activation;
  float *dbias; /* backward_weights: of b's columns */
  dnnl_status_t statuses[XDI_ONEDNN_PIECES];
} product;

static void multiply_block(product *p, uint32_t piece, xdi_onednn_span rows, xdi_onednn_span columns) {
  const uint32_t a_stride = p->a_transposed ? p->rows : p->depth;
  const uint32_t b_stride = p->b_transposed ? p->depth : p->columns;
  const float *a = p->a + (p->a_transposed ? rows.first : (size_t)rows.first * a_stride);
  const float *b = p->b + (p->b_transposed ? (size_t)columns.first * b_stride : columns.first);
  const size_t offset = (size_t)rows.first * p->columns + columns.first;
  float *c = p->c + offset;
  p->statuses[piece] = dnnl_sgemm(p->a_transposed ? 'T' : 'N', p->b_transposed ? 'T' : 'N', rows.count,
                                  columns.count, p->depth, p->sigma != 0.0f ? 1.0f / p->sigma : 1.0f, a,
                                  a_stride, b, b_stride, 0.0f, c, p->columns);
  xdi_onednn_finish(c, rows.count, columns.count, p->columns, p->bias ? p->bias + columns.first : NULL,
                    p->activation);
  if (p->x)
    xdi_onednn_derive(c, p->x + offset, rows.count, columns.count, p->columns, p->x_activation);
}

static void multiply_piece(void *argument, uint32_t piece) {
  product *p = argument;
  const xdi_onednn_span all_rows = {0, p->rows}, all_columns = {0, p->columns};
  if (p->rows >= p->columns)
    multiply_block(p, piece, xdi_onednn_range(p->rows, STEP, piece, p->pieces), all_columns);
  else
    multiply_block(p, piece, all_rows, xdi_onednn_range(p->columns, STEP, piece, p->pieces));
  if (p->dbias) {
    const xdi_onednn_span part = xdi_onednn_range(p->columns, 1, piece, p->pieces);
    xdi_onednn_sum_rows(p->dbias + part.first, p->b + part.first, p->depth, part.count, p->columns);
  }
}

static xd_status multiply(xd_backend *backend, product *p) {
  const uint32_t longer = p->rows >= p->columns ? p->rows : p->columns;
  const xdi_pieces work = {multiply_piece, p};
  p->pieces = xdi_onednn_pieces((double)p->rows * p->columns * p->depth, longer, STEP);
  xd_status status = xdi_onednn_run(backend, &work, p->pieces);
  for (uint32_t i = 0; i < p->pieces && status == XD_OK; i++)
    status = xdi_onednn_status(p->statuses[i]);
  return status;
}

xd_status xdi_onednn_dense_forward(xd_backend *backend, const xd_dense *args) {
  product p = {.a = xdi_onednn_host(args->x),
               .b = xdi_onednn_host(args->weights),
               .c = xdi_onednn_host(args->y),
               .rows = args->rows,
               .columns = args->outputs,
               .depth = args->inputs,
               .sigma = args->sigma,
               .bias = xdi_onednn_host(args->bias),
               .activation = args->activation};
  const xd_status status = multiply(backend, &p);
  if (status != XD_OK || xdi_onednn_finishes(args->activation))
    return status;
  return backend->table->activation_forward(backend->behind, args->activation, args->y, args->y,
                                            (size_t)args->rows * args->outputs);
}

xd_status xdi_onednn_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  const bool derives = args->x_activation != XD_ACTIVATION_IDENTITY;
  product p = {.a = xdi_onednn_host(args->dy),
               .b = xdi_onednn_host(args->weights),
               .c = xdi_onednn_host(args->dx),
               .b_transposed = true,
               .rows = args->rows,
               .columns = args->inputs,
               .depth = args->outputs,
               .sigma = args->sigma,
               .x = derives ? xdi_onednn_host(args->x) : NULL,
               .x_activation = args->x_activation};
  return multiply(backend, &p);
}

xd_status xdi_onednn_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  product p = {.a = xdi_onednn_host(args->x),
               .b = xdi_onednn_host(args->dy),
               .c = xdi_onednn_host(args->dweights),
               .a_transposed = true,
               .rows = args->inputs,
               .columns = args->outputs,
               .depth = args->rows,
               .dbias = xdi_onednn_host(args->dbias)};
  return multiply(backend, &p);
}
