/* Resizing, and alpha that is carried from a source to a result of another size. */
#ifndef XDI_IMAGE_RESIZE_H
#define XDI_IMAGE_RESIZE_H

#include "image/view.h"

/* `from` was found finite. XD_ERROR_CANCELLED. */
xd_status xdi_view_resize(xd_context *context, const xdi_view *to, const xdi_view *from);

/* Where `to` has alpha, `from` has it too and its policy is XD_ALPHA_CARRY: replaces the alpha of `to`
 * by that of `from`, resized; leaves `to` alone otherwise. Allocates nothing. */
xd_status xdi_image_carry_alpha(xd_context *context, const xd_image *to, const xd_image *from);

#endif
