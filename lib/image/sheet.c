/* Contact sheets: pictures of one size in rows and columns, magnified by whole numbers so that every
 * pixel stays a square, on mid-grey. */
#include <string.h>

#include "image/convert.h"
#include "image/picture.h"
#include "image/view.h"
#include "xdomain/unstable/sheet.h"

#define BACKGROUND 0x80
#define SCALE_LIMIT 16u
#define GAP_LIMIT 64u

typedef struct sheet {
  uint32_t width, height, channels, columns, rows, scale, gap;
} sheet;

static xd_status fail_argument(xd_context *context, const char *name, uint32_t value) {
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create_sheet: %s is %u", name, value);
}

static xd_status check_sheet(xd_context *context, const sheet *layout) {
  if (layout->rows < 1 || layout->rows > XDI_SIDE_LIMIT)
    return fail_argument(context, "rows", layout->rows);
  if (layout->columns < 1 || layout->columns > XDI_SIDE_LIMIT)
    return fail_argument(context, "columns", layout->columns);
  if (layout->width < 1 || layout->width > XDI_SIDE_LIMIT)
    return fail_argument(context, "width", layout->width);
  if (layout->height < 1 || layout->height > XDI_SIDE_LIMIT)
    return fail_argument(context, "height", layout->height);
  if (layout->channels != 1 && layout->channels != 3)
    return fail_argument(context, "channels", layout->channels);
  if (layout->scale < 1 || layout->scale > SCALE_LIMIT)
    return fail_argument(context, "scale", layout->scale);
  if (layout->gap > GAP_LIMIT)
    return fail_argument(context, "gap", layout->gap);
  return XD_OK;
}

/* Copies one row of one picture to its first row on the sheet, then that row to the others. */
static void draw_row(const sheet *layout, const xdi_view *to, const xdi_view *picture, uint32_t y,
                     uint32_t left, uint32_t top) {
  float run[XDI_RUN * 4];
  unsigned char byte[4] = {0};
  unsigned char *first = xdi_view_row(to, top + y * layout->scale) + (size_t)left * layout->channels;
  const xdi_view pixel = xdi_view_of(byte, 1, 1, layout->channels, XD_SAMPLE_U8);
  for (uint32_t x = 0; x < layout->width; x++) {
    xdi_run_read(run, layout->channels, picture, x, y, 1);
    xdi_run_write(&pixel, 0, 0, run, 1);
    for (uint32_t k = 0; k < layout->scale; k++)
      memcpy(first + ((size_t)x * layout->scale + k) * layout->channels, byte, layout->channels);
  }
  for (uint32_t k = 1; k < layout->scale; k++)
    memcpy(first + (ptrdiff_t)k * to->row_stride, first,
           (size_t)layout->width * layout->scale * layout->channels);
}

static xd_status draw(xd_context *context, const sheet *layout, const xdi_view *to, const float *pictures) {
  const size_t step = (size_t)layout->width * layout->height * layout->channels;
  for (size_t i = 0; i < (size_t)layout->rows * layout->columns; i++) {
    const xdi_view picture =
        xdi_view_of(pictures + i * step, layout->width, layout->height, layout->channels, XD_SAMPLE_F32);
    xd_status status = xdi_check_cancelled(context);
    if (status == XD_OK)
      status = xdi_view_check_finite(context, &picture, "a picture of the sheet");
    if (status != XD_OK)
      return status;
    const uint32_t left =
        layout->gap + (uint32_t)(i % layout->columns) * (layout->width * layout->scale + layout->gap);
    const uint32_t top =
        layout->gap + (uint32_t)(i / layout->columns) * (layout->height * layout->scale + layout->gap);
    for (uint32_t y = 0; y < layout->height; y++)
      draw_row(layout, to, &picture, y, left, top);
  }
  return XD_OK;
}

static xd_status make_sheet(xd_picture **out, xd_context *context, const sheet *layout,
                            const float *pictures) {
  uint64_t width = (uint64_t)layout->columns * (layout->width * layout->scale + layout->gap) + layout->gap;
  uint64_t height = (uint64_t)layout->rows * (layout->height * layout->scale + layout->gap) + layout->gap;
  xd_status status =
      xdi_picture_check_size(context, "xd_picture_create_sheet", width, height, XD_ERROR_INVALID_ARGUMENT);
  if (status != XD_OK)
    return status;
  status = xd_picture_create(out, context, (uint32_t)width, (uint32_t)height, XD_SAMPLE_U8,
                             xdi_layout_of(layout->channels));
  if (status != XD_OK)
    return status;
  memset((*out)->view.pixels, BACKGROUND, (size_t)width * height * layout->channels);
  const xdi_view view =
      xdi_view_of((*out)->view.pixels, (uint32_t)width, (uint32_t)height, layout->channels, XD_SAMPLE_U8);
  status = draw(context, layout, &view, pictures);
  if (status != XD_OK) {
    xd_picture_destroy(*out);
    *out = NULL;
  }
  return status;
}

xd_status xd_picture_create_sheet(xd_picture **out, xd_context *context, const float *pictures,
                                  uint32_t width, uint32_t height, uint32_t channels, uint32_t columns,
                                  uint32_t rows, uint32_t scale, uint32_t gap) {
  const sheet layout = {width, height, channels, columns, rows, scale, gap};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !pictures)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create_sheet: %s is NULL",
                    out ? "pictures" : "out");
  xd_status status = check_sheet(context, &layout);
  return status == XD_OK ? make_sheet(out, context, &layout, pictures) : status;
}
