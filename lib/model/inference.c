/* Rows of host memory through a network, batch by batch. The executor lives for the one call; sessions
 * that call often keep their own. */
#include "model/inference.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "layer/builtin.h"
#include "layer/executor.h"

#define ACTIVATION_BUDGET ((size_t)1 << 24) /* floats of the largest activation of a batch: 64 MiB */

typedef struct run {
  xd_context *context;
  const xdi_inference *call;
  xdi_executor *executor;
  float *staging; /* one batch of joined rows, or NULL when none have to be joined */
  uint32_t batch, input_width, output_width;
} run;

static xd_status report_value(const run *of, uint32_t row, uint32_t column, float value) {
  if (of->call->kind == XDI_ROWS_OF_CODES)
    return xdi_fail(of->context, XD_ERROR_NUMERIC, "value %u of code %u is %f, not a finite number", column,
                    row, (double)value);
  return xdi_fail(of->context, XD_ERROR_BAD_DATA, "pixel value %u of picture %u is %f, not a finite number",
                  column, row, (double)value);
}

static xd_status check_rows(const run *of, const float *rows, uint32_t width) {
  xd_status status = XD_OK;
  for (uint32_t row = 0; row < of->call->count && status == XD_OK; row++, rows += width) {
    status = xdi_check_cancelled(of->context);
    for (uint32_t column = 0; column < width && status == XD_OK; column++)
      if (!isfinite(rows[column]))
        status = report_value(of, row, column, rows[column]);
  }
  return status;
}

/* As many rows as the call has and memory allows. */
static uint32_t choose_batch(const xd_network *network, uint32_t count) {
  size_t largest = xdi_cells(network->input);
  for (uint32_t i = 0; i < network->layer_count; i++)
    if (xdi_cells(network->layers[i].out) > largest)
      largest = xdi_cells(network->layers[i].out);
  const size_t affordable = ACTIVATION_BUDGET / largest;
  uint32_t batch = count < XDI_INFERENCE_BATCH ? count : XDI_INFERENCE_BATCH;
  if (affordable < batch)
    batch = affordable > 0 ? (uint32_t)affordable : 1;
  return batch;
}

/* Copies rows of `width` floats between arrays whose rows lie `to_stride` and `from_stride` floats apart. */
static void copy_block(float *to, size_t to_stride, const float *from, size_t from_stride, uint32_t rows,
                       uint32_t width) {
  for (uint32_t row = 0; row < rows; row++)
    memcpy(to + row * to_stride, from + row * from_stride, width * sizeof *to);
}

static xd_status write_batch(const run *of, uint32_t first, uint32_t rows) {
  const xdi_inference *call = of->call;
  const float *from = call->inputs[0] + (size_t)first * call->input_widths[0];
  if (call->input_widths[1] > 0) {
    const float *second = call->inputs[1] + (size_t)first * call->input_widths[1];
    copy_block(of->staging, of->input_width, from, call->input_widths[0], rows, call->input_widths[0]);
    copy_block(of->staging + call->input_widths[0], of->input_width, second, call->input_widths[1], rows,
               call->input_widths[1]);
    from = of->staging;
  }
  return xdi_device_write(of->context, xdi_executor_input(of->executor), from,
                          (size_t)rows * of->input_width);
}

static xd_status read_output(const run *of, uint32_t first, uint32_t rows) {
  const xdi_inference *call = of->call;
  const xd_slice output = xdi_executor_output(of->executor);
  const size_t count = (size_t)rows * of->output_width;
  const uint32_t *widths = call->output_widths;
  if (widths[1] == 0)
    return call->outputs[0]
               ? xdi_device_read_finite(of->context, call->outputs[0] + (size_t)first * widths[0], output,
                                        count, "a network's results")
               : XD_OK;
  const xd_status status =
      xdi_device_read_finite(of->context, of->staging, output, count, "a network's results");
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++)
    if (call->outputs[i])
      copy_block(call->outputs[i] + (size_t)first * widths[i], widths[i], of->staging + (i ? widths[0] : 0),
                 of->output_width, rows, widths[i]);
  return status;
}

static xd_status run_batch(const run *of, uint32_t first, uint32_t rows) {
  const xdi_inference *call = of->call;
  xd_status status = xdi_check_cancelled(of->context);
  if (status == XD_OK)
    status = write_batch(of, first, rows);
  if (status == XD_OK)
    status = xdi_executor_forward(of->executor, rows, false, 0, 0);
  if (status == XD_OK)
    status = read_output(of, first, rows);
  if (status == XD_OK && call->last_input)
    status = xdi_device_read_finite(of->context, call->last_input + (size_t)first * call->last_input_width,
                                    xdi_executor_last_input(of->executor),
                                    (size_t)rows * call->last_input_width, "a network's features");
  return status;
}

static xd_status run_all(run *of, const xd_network *network) {
  const xdi_inference *call = of->call;
  const uint32_t width = of->input_width > of->output_width ? of->input_width : of->output_width;
  of->batch = choose_batch(network, call->count);
  if (call->input_widths[1] > 0 || call->output_widths[1] > 0) {
    of->staging = xdi_allocate(&of->context->allocator, (size_t)of->batch * width, sizeof *of->staging);
    if (!of->staging)
      return xdi_fail_memory(of->context, "joining a batch's rows");
  }
  xd_status status = xdi_executor_create(&of->executor, of->context, network, of->batch, XDI_INFERENCE);
  for (uint32_t first = 0, rows; first < call->count && status == XD_OK; first += rows) {
    rows = call->count - first < of->batch ? call->count - first : of->batch;
    status = run_batch(of, first, rows);
  }
  return status;
}

xd_status xdi_infer(xd_context *context, const xd_network *network, const xdi_inference *call) {
  run of = {.context = context,
            .call = call,
            .input_width = call->input_widths[0] + call->input_widths[1],
            .output_width = call->output_widths[0] + call->output_widths[1]};
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++)
    if (call->input_widths[i] > 0 && call->count > 0)
      status = check_rows(&of, call->inputs[i], call->input_widths[i]);
  if (status == XD_OK && call->count > 0)
    status = run_all(&of, network);
  xdi_executor_destroy(of.executor);
  xdi_release(&context->allocator, of.staging);
  return status;
}
