/* Models from files, whole or for one direction. */
#ifndef XDI_FORMAT_MODEL_FILE_H
#define XDI_FORMAT_MODEL_FILE_H

#include "format/container.h"

/* The model in an open container, or in a file. With a direction (0: none) only what translates that way has its
 * weights; the other networks are hollow (layer/network.h), and nobody outside may see the model. */
xd_status xdi_model_from(xd_model **out, xd_context *context, const xdi_container *container,
                         uint32_t direction);
xd_status xdi_model_load(xd_model **out, xd_context *context, const char *path, uint32_t direction);
xd_status xdi_model_load_source(xd_model **out, xd_context *context, const xd_source *source,
                                uint32_t direction, const char *who);

#endif
