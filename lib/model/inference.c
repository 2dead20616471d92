/* Rows of host memory through a network, batch by batch. The session lives for the one call. */
#include "model/inference.h"

#include "layer/session.h"

/* The blocks of a row; one that the network has not is NULL. */
static const float *input_at(const xdi_inference *call, uint32_t block, uint32_t row) {
  const size_t width = call->input_widths[block];
  return width > 0 ? call->inputs[block] + row * width : NULL;
}

static float *output_at(float *block, size_t width, uint32_t row) {
  return block && width > 0 ? block + row * width : NULL;
}

static xd_status run_batch(xdi_session *session, const xdi_inference *call, uint32_t first, uint32_t rows) {
  float *const outputs[] = {output_at(call->outputs[0], call->output_widths[0], first),
                            output_at(call->outputs[1], call->output_widths[1], first)};
  float *const features = output_at(call->last_input, call->last_input_width, first);
  xd_status status = xdi_check_cancelled(session->context);
  if (status == XD_OK)
    status = xdi_session_run(session, input_at(call, 0, first), input_at(call, 1, first), rows);
  if (status == XD_OK)
    status = xdi_session_read(session, outputs[0], outputs[1], rows, "a network's results");
  if (status == XD_OK)
    status =
        xdi_session_read_last_input(session, features, call->last_input_width, rows, "a network's features");
  return status;
}

static xd_status run_all(xdi_session *session, const xdi_inference *call, uint32_t batch) {
  xd_status status = xdi_session_reserve(session, batch);
  for (uint32_t first = 0, rows; first < call->count && status == XD_OK; first += rows) {
    rows = call->count - first < batch ? call->count - first : batch;
    status = run_batch(session, call, first, rows);
  }
  return status;
}

xd_status xdi_infer(xd_context *context, const xd_network *network, const xdi_inference *call) {
  xdi_session session =
      xdi_session_of(context, network, call->input_widths[1] > 0 ? call->input_widths[0] : 0,
                     call->output_widths[1] > 0 ? call->output_widths[0] : 0);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++)
    if (call->input_widths[i] > 0)
      status =
          xdi_device_check_rows(context, call->inputs[i], call->count, call->input_widths[i], call->kind);
  if (status == XD_OK && call->count > 0)
    status = run_all(
        &session, call,
        xdi_session_rows(network, call->count < XDI_INFERENCE_BATCH ? call->count : XDI_INFERENCE_BATCH));
  xdi_session_close(&session);
  return status;
}
