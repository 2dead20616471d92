/* The style's term of L_G: a linear reading of G's codes is to be what the sources' style asks for. */
#include <math.h>

#include "tensor/device.h"
#include "train/mapping_trainer.h"

xd_status xdi_mapping_write_style(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch) {
  const size_t read = (size_t)batch->count * batch->style_dim,
               reader = (size_t)trainer->target_dim * batch->style_dim;
  bool finite = true;
  for (size_t i = 0; i < read; i++)
    finite &= isfinite(batch->style[i]) != 0;
  for (size_t i = 0; i < reader; i++)
    finite &= isfinite(batch->style_reader[i]) != 0;
  if (!finite)
    return xdi_fail(trainer->context, XD_ERROR_NUMERIC,
                    "xd_mapping_batch.style or style_reader has a value that is not finite");
  xd_status status =
      xdi_device_write(trainer->context, xdi_mapping_place(trainer, XDI_PLACE_STYLE), batch->style, read);
  if (status == XD_OK)
    status = xdi_device_write(trainer->context, xdi_mapping_place(trainer, XDI_PLACE_READER),
                              batch->style_reader, reader);
  return status;
}

/* The loss, and its gradient with respect to the readings. */
static xd_status compare(const xd_mapping_trainer *trainer, double *mean, uint32_t count, uint32_t style_dim,
                         float weight) {
  xd_context *context = trainer->context;
  const xd_slice gradient = xdi_mapping_place(trainer, XDI_PLACE_READING_GRADIENT);
  xd_squared_distance args = {
      .rows = count,
      .columns = style_dim,
      .a_stride = style_dim,
      .b_stride = style_dim,
      .da_stride = style_dim,
      .weight = weight,
      .a = xdi_mapping_place(trainer, XDI_PLACE_READING),
      .b = xdi_mapping_place(trainer, XDI_PLACE_STYLE),
      .da = gradient,
  };
  xd_status status = xdi_device_scale_add(context, 0.0f, args.a, 0.0f, gradient, (size_t)count * style_dim);
  if (status == XD_OK)
    status = xdi_device_check(context, context->table.squared_distance(context->backend, &args),
                              "squared_distance");
  *mean = args.loss / ((double)count * style_dim);
  return status;
}

xd_status xdi_mapping_pull_style(const xd_mapping_trainer *trainer, double *mean, uint32_t count,
                                 uint32_t style_dim, float weight) {
  xd_context *context = trainer->context;
  xd_dense args = {
      .rows = count,
      .inputs = trainer->target_dim,
      .outputs = style_dim,
      .x = xdi_executor_output(trainer->generator_run),
      .weights = xdi_mapping_place(trainer, XDI_PLACE_READER),
      .y = xdi_mapping_place(trainer, XDI_PLACE_READING),
      .dy = xdi_mapping_place(trainer, XDI_PLACE_READING_GRADIENT),
      .dx = xdi_mapping_place(trainer, XDI_PLACE_SCRATCH),
  };
  xd_status status =
      xdi_device_check(context, context->table.dense_forward(context->backend, &args), "dense_forward");
  if (status == XD_OK)
    status = compare(trainer, mean, count, style_dim, weight);
  if (status == XD_OK)
    status = xdi_device_check(context, context->table.dense_backward_data(context->backend, &args),
                              "dense_backward_data");
  if (status == XD_OK)
    status = xdi_device_scale_add(context, 1.0f, args.dx, 1.0f,
                                  xdi_executor_output_gradient(trainer->generator_run),
                                  (size_t)count * trainer->target_dim);
  return status;
}
