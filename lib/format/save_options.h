/* How a model is written, as its caller wishes. */
#ifndef XDI_FORMAT_SAVE_OPTIONS_H
#define XDI_FORMAT_SAVE_OPTIONS_H

#include "format/network_file.h"
#include "xdomain/model.h"

/* Over the defaults in `to`; NULL leaves them. XD_ERROR_INVALID_ARGUMENT names the field. */
xd_status xdi_save_options_read(xd_context *context, xd_save_options *to, const xd_save_options *from);

/* What weights are stored as. */
xdi_element xdi_save_options_element(const xd_save_options *options);

#endif
