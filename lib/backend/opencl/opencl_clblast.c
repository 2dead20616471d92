/* Products by CLBlast, where the plug-in is built with it. What it does not do to the sums kernels of single cells do:
 * a bias stands there before the product is added, and activations and slopes come behind it. */
#include "backend/opencl/opencl_state.h"

#include <clblast_c.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* CLBlast's codes are OpenCL's, and others below them. */
static xd_status add_product(xd_backend *backend, const xdi_opencl_product *p, bool adds) {
  const CLBlastStatusCode code = CLBlastSgemm(
      CLBlastLayoutRowMajor, p->turned ? CLBlastTransposeYes : CLBlastTransposeNo, CLBlastTransposeNo,
      p->rows, p->columns, p->depth, p->sigma != 0.0f ? 1.0f / p->sigma : 1.0f,
      xdi_opencl_memory(p->a.buffer), p->a.offset, p->turned ? p->rows : p->depth,
      xdi_opencl_memory(p->b.buffer), p->b.offset, p->columns, adds ? 1.0f : 0.0f,
      xdi_opencl_memory(p->to.buffer), p->to.offset, p->columns, &backend->queue, NULL);
  return xdi_opencl_check(backend, (cl_int)code, "CLBlast");
}

/* CLBlast compiles its kernels within the first product, so that a context opens with one. */
xd_status xdi_opencl_clblast_open(xd_backend *backend) {
  const size_t length = strlen(backend->detail);
  xd_slice cells;
  xd_status status = xdi_opencl_take_room(backend, XDI_ROOM_SUMS, &cells, 3);
  const xdi_opencl_product product = {.rows = 1,
                                      .depth = 1,
                                      .columns = 1,
                                      .a = cells,
                                      .b = xdi_opencl_after(cells, 1),
                                      .to = xdi_opencl_after(cells, 2)};
  if (status == XD_OK)
    status = add_product(backend, &product, false);
  backend->has_clblast = status == XD_OK;
  if (backend->has_clblast)
    snprintf(backend->detail + length, sizeof backend->detail - length, ", products by CLBlast");
  if (status != XD_ERROR_INTERNAL)
    return status;
  backend->host.log(backend->host.log_user, XD_LOG_WARNING,
                    "opencl: CLBlast's kernels cannot be built for the device, products are without it");
  return XD_OK;
}

/* It keeps the programs of contexts that are gone, and knows no single one of them. */
void xdi_opencl_clblast_close(void) {
  CLBlastClearCache();
}

/* Its kernels count in an int, and large matrices in one block of copies with margins. */
static bool is_in_reach(xd_slice slice, size_t height, size_t width) {
  const size_t margin = 128;
  return slice.offset <= INT_MAX / 2 && (height + margin) * (width + margin) <= INT_MAX / 4;
}

/* A single row or column would fill a small part of its tiles. */
bool xdi_opencl_clblast_takes(const xd_backend *backend, const xdi_opencl_product *p) {
  return backend->has_clblast && p->rows > 1 && p->columns > 1 && is_in_reach(p->a, p->rows, p->depth) &&
         is_in_reach(p->b, p->depth, p->columns) && is_in_reach(p->to, p->rows, p->columns);
}

xd_status xdi_opencl_clblast_multiply(xd_backend *backend, const xdi_opencl_product *p) {
  const size_t cells = (size_t)p->rows * p->columns;
  xd_status status = XD_OK;
  if (p->bias.buffer)
    status = xdi_opencl_copy_columns(backend, p->to, p->columns, p->bias, 0, p->rows, p->columns);
  if (status == XD_OK)
    status = add_product(backend, p, p->adds || p->bias.buffer);
  if (status != XD_OK || p->activation == XD_ACTIVATION_IDENTITY)
    return status;
  return p->x.buffer ? xdi_opencl_activation_backward(backend, p->activation, p->x, p->to, p->to, cells)
                     : xdi_opencl_activation_forward(backend, p->activation, p->to, p->to, cells);
}
