/* The style's term of L_G: a linear reading of G's codes is to be what the sources' style asks for. */
#include "tensor/device.h"
#include "train/mapping_trainer.h"

/* The loss, and its gradient with respect to the readings. */
static xd_status compare(const xd_mapping_trainer *trainer, double *mean, uint32_t count, uint32_t style_dim,
                         float weight) {
  xd_squared_distance args = {
      .rows = count,
      .columns = style_dim,
      .weight = weight,
      .a = xdi_mapping_place(trainer, XDI_PLACE_READING),
      .b = xdi_mapping_place(trainer, XDI_PLACE_STYLE),
      .da = xdi_mapping_place(trainer, XDI_PLACE_READING_GRADIENT),
  };
  const xd_status status =
      xdi_device_scale_add(trainer->context, 0.0f, args.a, 0.0f, args.da, (size_t)count * style_dim);
  return status == XD_OK ? xdi_device_pull(trainer->context, mean, &args) : status;
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
