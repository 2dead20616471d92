/* The options of writing a model: their defaults, and their checks. */
#include "format/save_options.h"

#include "base/sized.h"

void xd_save_options_init(xd_save_options *options, size_t struct_size) {
  const xd_save_options defaults = XD_SAVE_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_save_options_read(xd_context *context, xd_save_options *to, const xd_save_options *from) {
  xd_status status =
      from ? xdi_sized_read(context, to, from, XDI_SIZED(xd_save_options, inference_only)) : XD_OK;
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_save_options.half", to->half);
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_save_options.inference_only", to->inference_only);
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_save_options.int8", to->int8);
  if (status == XD_OK)
    status = xdi_check_reserved(context, "xd_save_options.reserved", to->reserved);
  if (status == XD_OK && to->half && to->int8)
    status = xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "xd_save_options: weights are stored by half or by int8, not by both");
  return status;
}

xdi_element xdi_save_options_element(const xd_save_options *options) {
  return options->int8 ? XDI_ELEMENT_I8 : options->half ? XDI_ELEMENT_F16 : XDI_ELEMENT_F32;
}
