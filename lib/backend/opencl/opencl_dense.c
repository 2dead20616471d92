/* Products of matrices, and dense layers, which are nothing else: x W, dy W^T and x^T dy. */
#include "backend/opencl/opencl_state.h"

/* Of the product kernel: ROWS and COLUMNS in kernels/product.cl. */
enum { TILE_ROWS = 4, TILE_COLUMNS = 16 };

/* The rows that one item of sum_columns adds up. */
enum { SUM_HEIGHT = 256 };

xd_status xdi_opencl_multiply(xd_backend *backend, const xdi_opencl_product *p) {
#ifdef XDI_WITH_CLBLAST
  if (xdi_opencl_clblast_takes(backend, p))
    return xdi_opencl_clblast_multiply(backend, p);
#endif
  const size_t tiles = (((size_t)p->rows + TILE_ROWS - 1) / TILE_ROWS) *
                       (((size_t)p->columns + TILE_COLUMNS - 1) / TILE_COLUMNS);
  return XDI_RUN(backend, product, tiles, XDI_SLICE(p->a), XDI_ULONG(p->turned ? 1 : p->depth),
                 XDI_ULONG(p->turned ? p->rows : 1), XDI_SLICE(p->b), XDI_SLICE(p->to), XDI_UINT(p->rows),
                 XDI_UINT(p->depth), XDI_UINT(p->columns), XDI_FLOAT(p->sigma != 0.0f ? p->sigma : 1.0f),
                 XDI_UINT(p->adds), XDI_SLICE(p->bias), XDI_SLICE(p->x), XDI_UINT(p->activation));
}

xd_status xdi_opencl_turn(xd_backend *backend, xd_slice from, xd_slice to, xdi_opencl_order order) {
  return XDI_RUN(backend, turn, (size_t)order.outer * order.middle * order.inner, XDI_SLICE(from),
                 XDI_SLICE(to), XDI_UINT(order.outer), XDI_UINT(order.middle), XDI_UINT(order.inner),
                 XDI_ULONG(order.outer_step), XDI_ULONG(order.middle_step), XDI_ULONG(order.inner_step));
}

static xd_status sum_stage(xd_backend *backend, xd_slice from, xd_slice to, uint32_t rows, uint32_t columns,
                           uint32_t height) {
  const size_t shares = ((size_t)rows + height - 1) / height;
  return XDI_RUN(backend, sum_columns, shares * columns, XDI_SLICE(from), XDI_SLICE(to), XDI_UINT(rows),
                 XDI_UINT(columns), XDI_UINT(height));
}

xd_status xdi_opencl_sum_columns(xd_backend *backend, xd_slice sums, xd_slice from, uint32_t rows,
                                 uint32_t columns) {
  const uint32_t shares = (uint32_t)(((uint64_t)rows + SUM_HEIGHT - 1) / SUM_HEIGHT);
  xd_slice room;
  if (!sums.buffer)
    return XD_OK;
  if (shares <= 1)
    return sum_stage(backend, from, sums, rows, columns, SUM_HEIGHT);
  xd_status status = xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &room, (size_t)shares * columns);
  if (status == XD_OK)
    status = sum_stage(backend, from, room, rows, columns, SUM_HEIGHT);
  return status == XD_OK ? sum_stage(backend, room, sums, shares, columns, shares) : status;
}

xd_status xdi_opencl_dense_forward(xd_backend *backend, const xd_dense *args) {
  const xdi_opencl_product product = {.rows = args->rows,
                                      .depth = args->inputs,
                                      .columns = args->outputs,
                                      .a = args->x,
                                      .b = args->weights,
                                      .to = args->y,
                                      .sigma = args->sigma,
                                      .bias = args->bias,
                                      .activation = args->activation};
  return xdi_opencl_multiply(backend, &product);
}

xd_status xdi_opencl_dense_backward_data(xd_backend *backend, const xd_dense *args) {
  const xdi_opencl_order turned = {1, args->outputs, args->inputs, 0, 1, args->outputs};
  xdi_opencl_product product = {.rows = args->rows,
                                .depth = args->outputs,
                                .columns = args->inputs,
                                .a = args->dy,
                                .to = args->dx,
                                .sigma = args->sigma,
                                .x = xdi_opencl_unless_identity(args->x_activation, args->x),
                                .activation = args->x_activation};
  xd_status status =
      xdi_opencl_take_room(backend, XDI_ROOM_TURNED, &product.b, (size_t)args->inputs * args->outputs);
  if (status == XD_OK)
    status = xdi_opencl_turn(backend, args->weights, product.b, turned);
  return status == XD_OK ? xdi_opencl_multiply(backend, &product) : status;
}

xd_status xdi_opencl_dense_backward_weights(xd_backend *backend, const xd_dense *args) {
  const xdi_opencl_product product = {.rows = args->inputs,
                                      .depth = args->rows,
                                      .columns = args->outputs,
                                      .a = args->x,
                                      .turned = true,
                                      .b = args->dy,
                                      .to = args->dweights};
  const xd_status status = xdi_opencl_multiply(backend, &product);
  return status == XD_OK ? xdi_opencl_sum_columns(backend, args->dbias, args->dy, args->rows, args->outputs)
                         : status;
}
