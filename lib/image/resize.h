/* Resizing, fitting, and alpha that goes from a source to a result made of it. */
#ifndef XDI_IMAGE_RESIZE_H
#define XDI_IMAGE_RESIZE_H

#include "image/view.h"

/* `from` was found finite. XD_ERROR_CANCELLED. */
xd_status xdi_view_resize(xd_context *context, const xdi_view *to, const xdi_view *from);

/* XD_ERROR_INVALID_ARGUMENT for a `fit` that is none, XD_ERROR_SHAPE_MISMATCH for a picture that should have
 * had that size. */
xd_status xdi_view_check_fit(xd_context *context, uint32_t width, uint32_t height, const xdi_view *from,
                             xd_fit fit);

/* xdi_view_check_fit, then xdi_view_resize of the part of `from` that counts to the part of `to` that it
 * fits, and the background beside it. */
xd_status xdi_view_fit(xd_context *context, const xdi_view *to, const xdi_view *from, xd_fit fit);

/* Writes a result of the size of `to` that was made of `from`, fitted: where `from` carries an alpha and `to`
 * has one, the alpha comes along, transparent beside a padded picture; elsewhere the result is opaque. `to`
 * may be `from`. Allocates nothing. */
xd_status xdi_view_write_result(xd_context *context, const xdi_view *to, const xdi_view *result,
                                const xdi_view *from, xd_fit fit);

#endif
