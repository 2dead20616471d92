/* Finds the table behind a layer's tag. */
#ifndef XDI_LAYER_LAYER_REGISTRY_H
#define XDI_LAYER_LAYER_REGISTRY_H

#include "base/context.h"
#include "xdomain/sys/layer.h"

/* The context's own layers first, then the built-in ones. XD_ERROR_UNSUPPORTED: no such tag. */
xd_status xdi_layer_find(xd_context *context, uint32_t tag, const xd_layer_table **out);

/* The tag as text, unprintable characters as '?'. */
void xdi_tag_text(uint32_t tag, char text[5]);

#endif
