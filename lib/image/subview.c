/* Views made of views: rectangles, turned and mirrored ones. All is arithmetic on strides; no pixel is
 * touched. */
#include "base/sized.h"
#include "image/view.h"

/* Both arguments of a function that makes one view of another. */
static xd_status read_both(xd_context *context, xd_image *view, const xd_image *to, const xd_image *from) {
  xdi_view checked;
  xd_status status = xdi_sized_check(context, to, XDI_SIZED(xd_image, reserved));
  if (status == XD_OK)
    status = xdi_view_open(context, &checked, from, "from");
  return status == XD_OK ? xdi_image_read(context, view, from, "from") : status;
}

static void move_to(xd_image *view, uint32_t x, uint32_t y) {
  view->pixels =
      (unsigned char *)view->pixels + (ptrdiff_t)y * view->row_stride + (ptrdiff_t)x * view->pixel_stride;
}

xd_status xd_image_crop(xd_context *context, xd_image *to, const xd_image *from, uint32_t x, uint32_t y,
                        uint32_t width, uint32_t height) {
  xd_image view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status = read_both(context, &view, to, from);
  if (status != XD_OK)
    return status;
  if (width < 1 || height < 1 || x >= view.width || y >= view.height || width > view.width - x ||
      height > view.height - y)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "a rectangle of %ux%u pixels at column %u, row %u is not in a picture of %ux%u", width,
                    height, x, y, view.width, view.height);
  move_to(&view, x, y);
  view.width = width;
  view.height = height;
  xdi_sized_write(to, xdi_sized_stated(to), &view, sizeof view);
  return XD_OK;
}

static void flip_rows(xd_image *view) {
  move_to(view, 0, view->height - 1);
  if (view->height > 1)
    view->row_stride = -view->row_stride;
}

static void flip_columns(xd_image *view) {
  move_to(view, view->width - 1, 0);
  if (view->width > 1)
    view->pixel_stride = -view->pixel_stride;
}

static void exchange_axes(xd_image *view) {
  const ptrdiff_t stride = view->row_stride;
  const uint32_t side = view->width;
  view->row_stride = view->pixel_stride;
  view->pixel_stride = stride;
  view->width = view->height;
  view->height = side;
}

xd_status xd_image_orient(xd_context *context, xd_image *to, const xd_image *from, uint32_t orientation) {
  xd_image view;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (orientation < 1 || orientation > 8)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "orientation is %u, not 1 to 8", orientation);
  const xd_status status = read_both(context, &view, to, from);
  if (status != XD_OK)
    return status;
  /* What the stored rows and columns become: see EXIF 2.3, tag 274. */
  if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 6)
    flip_rows(&view);
  if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
    flip_columns(&view);
  if (orientation >= 5)
    exchange_axes(&view);
  xdi_sized_write(to, xdi_sized_stated(to), &view, sizeof view);
  return XD_OK;
}
