/* Sessions: an executor that grows, rows in and out of it, and the way from one to the next. */
#include "layer/session.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/shape.h"

#define ACTIVATION_BUDGET ((size_t)1 << 22) /* floats of the widest activation of a batch */

xdi_session xdi_session_of(xd_context *context, const xd_network *network, size_t input_split,
                           size_t output_split) {
  return (xdi_session){.context = context,
                       .network = network,
                       .input_width = xdi_cells(network->input),
                       .output_width = xdi_cells(network->output),
                       .input_split = input_split,
                       .output_split = output_split};
}

void xdi_session_close(xdi_session *session) {
  if (!session->context)
    return;
  xdi_executor_destroy(session->executor);
  xdi_release(&session->context->allocator, session->staging);
  session->executor = NULL;
  session->staging = NULL;
  session->capacity = 0;
}

uint32_t xdi_session_rows(const xd_network *network, uint32_t limit) {
  size_t widest = xdi_cells(network->input);
  for (uint32_t i = 0; i < network->layer_count; i++)
    if (xdi_cells(network->layers[i].out) > widest)
      widest = xdi_cells(network->layers[i].out);
  const size_t affordable = ACTIVATION_BUDGET / widest;
  if (affordable >= limit)
    return limit;
  return affordable > 0 ? (uint32_t)affordable : 1;
}

static xd_status create_staging(xdi_session *session, uint32_t rows) {
  const size_t in = session->input_split > 0 ? session->input_width : 0;
  const size_t out = session->output_split > 0 ? session->output_width : 0;
  const size_t width = in > out ? in : out;
  if (width == 0)
    return XD_OK;
  session->staging =
      xdi_allocate_zeroed(&session->context->allocator, rows, width * sizeof *session->staging);
  return session->staging ? XD_OK : xdi_fail_memory(session->context, "joining a batch's rows");
}

xd_status xdi_session_reserve(xdi_session *session, uint32_t rows) {
  if (rows <= session->capacity)
    return XD_OK;
  xdi_session_close(session);
  xd_status status = create_staging(session, rows);
  if (status == XD_OK)
    status = xdi_executor_create(&session->executor, session->context, session->network, rows, XDI_INFERENCE);
  if (status == XD_OK)
    session->capacity = rows;
  else
    xdi_session_close(session);
  return status;
}

/* Copies rows of `width` floats between arrays whose rows lie `to_stride` and `from_stride` floats apart. */
static void copy_block(float *to, size_t to_stride, const float *from, size_t from_stride, uint32_t rows,
                       size_t width) {
  for (uint32_t row = 0; row < rows; row++)
    memcpy(to + row * to_stride, from + row * from_stride, width * sizeof *to);
}

/* Writes the blocks that are there; of the other one the backend is given what stands in the staging. */
static xd_status write_rows(xdi_session *session, const float *first, const float *second, uint32_t rows) {
  const size_t width = session->input_width, split = session->input_split;
  if (split > 0 && first)
    copy_block(session->staging, width, first, split, rows, split);
  if (split > 0 && second)
    copy_block(session->staging + split, width, second, width - split, rows, width - split);
  return xdi_device_write(session->context, xdi_executor_input(session->executor),
                          split > 0 ? session->staging : first, rows * width);
}

xd_status xdi_session_run(xdi_session *session, const float *first, const float *second, uint32_t rows) {
  const xd_status status = write_rows(session, first, second, rows);
  return status == XD_OK ? xdi_executor_forward(session->executor, rows, false, 0, 0) : status;
}

xd_status xdi_session_run_after(xdi_session *session, const float *first, const xdi_session *before,
                                uint32_t rows) {
  xd_context *context = session->context;
  const size_t width = session->input_width, split = session->input_split;
  xd_status status = first ? write_rows(session, first, NULL, rows) : XD_OK;
  if (status == XD_OK)
    status =
        xdi_device_check(context,
                         context->table.copy_columns(
                             context->backend, xdi_slice_after(xdi_executor_input(session->executor), split),
                             (uint32_t)width, xdi_executor_output(before->executor),
                             (uint32_t)before->output_width, rows, (uint32_t)(width - split)),
                         "copy_columns");
  return status == XD_OK ? xdi_executor_forward(session->executor, rows, false, 0, 0) : status;
}

/* A block of the rows that stand in the staging. */
static xd_status take_block(const xdi_session *session, float *to, size_t column, size_t columns,
                            uint32_t rows, const char *what) {
  if (!to)
    return XD_OK;
  copy_block(to, columns, session->staging + column, session->output_width, rows, columns);
  return xdi_device_check_finite(session->context, to, rows * columns, what);
}

xd_status xdi_session_read(xdi_session *session, float *first, float *second, uint32_t rows,
                           const char *what) {
  xd_context *context = session->context;
  const xd_slice output = xdi_executor_output(session->executor);
  const size_t width = session->output_width, split = session->output_split;
  if (!first && !second)
    return XD_OK;
  if (split == 0)
    return xdi_device_read_finite(context, first, output, rows * width, what);
  xd_status status = xdi_device_read(context, session->staging, output, rows * width);
  if (status == XD_OK)
    status = take_block(session, first, 0, split, rows, what);
  if (status == XD_OK)
    status = take_block(session, second, split, width - split, rows, what);
  return status;
}

xd_status xdi_session_read_last_input(xdi_session *session, float *to, size_t width, uint32_t rows,
                                      const char *what) {
  const xd_slice features = xdi_executor_last_input(session->executor);
  return to ? xdi_device_read_finite(session->context, to, features, rows * width, what) : XD_OK;
}
