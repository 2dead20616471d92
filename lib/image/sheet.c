/* Contact sheets: pictures of one size in rows and columns, magnified by whole numbers so that every
 * pixel stays a square, on mid-grey. */
#include <string.h>

#include "image/convert.h"
#include "image/picture.h"
#include "image/view.h"

#define BACKGROUND 0x80
#define SCALE_LIMIT 16u
#define GAP_LIMIT 64u

typedef struct sheet {
  uint32_t width, height, channels, columns, rows, scale, gap;
} sheet;

static xd_status fail_argument(xd_context *context, const char *name, uint32_t value) {
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create_sheet: %s is %u", name, value);
}

static xd_status check_sheet(xd_context *context, const sheet *s) {
  if (s->rows < 1 || s->rows > XDI_SIDE_LIMIT)
    return fail_argument(context, "rows", s->rows);
  if (s->columns < 1 || s->columns > XDI_SIDE_LIMIT)
    return fail_argument(context, "columns", s->columns);
  if (s->width < 1 || s->width > XDI_SIDE_LIMIT)
    return fail_argument(context, "width", s->width);
  if (s->height < 1 || s->height > XDI_SIDE_LIMIT)
    return fail_argument(context, "height", s->height);
  if (s->channels != 1 && s->channels != 3)
    return fail_argument(context, "channels", s->channels);
  if (s->scale < 1 || s->scale > SCALE_LIMIT)
    return fail_argument(context, "scale", s->scale);
  if (s->gap > GAP_LIMIT)
    return fail_argument(context, "gap", s->gap);
  return XD_OK;
}

/* Copies one row of one picture to its first row on the sheet, then that row to the others. */
static void draw_row(const sheet *s, const xdi_view *to, const xdi_view *picture, uint32_t y, uint32_t left,
                     uint32_t top) {
  float run[XDI_RUN * 4];
  unsigned char byte[4] = {0};
  unsigned char *first = xdi_view_row(to, top + y * s->scale) + (size_t)left * s->channels;
  const xdi_view pixel = xdi_view_of(byte, 1, 1, s->channels, XD_SAMPLE_U8);
  for (uint32_t x = 0; x < s->width; x++) {
    xdi_run_read(run, s->channels, picture, x, y, 1);
    xdi_run_write(&pixel, 0, 0, run, 1);
    for (uint32_t k = 0; k < s->scale; k++)
      memcpy(first + ((size_t)x * s->scale + k) * s->channels, byte, s->channels);
  }
  for (uint32_t k = 1; k < s->scale; k++)
    memcpy(first + (ptrdiff_t)k * to->row_stride, first, (size_t)s->width * s->scale * s->channels);
}

static xd_status draw(xd_context *context, const sheet *s, const xdi_view *to, const float *pictures) {
  const size_t step = (size_t)s->width * s->height * s->channels;
  for (size_t i = 0; i < (size_t)s->rows * s->columns; i++) {
    const xdi_view picture =
        xdi_view_of(pictures + i * step, s->width, s->height, s->channels, XD_SAMPLE_F32);
    xd_status status = xdi_check_cancelled(context);
    if (status == XD_OK)
      status = xdi_view_check_finite(context, &picture, "a picture of the sheet");
    if (status != XD_OK)
      return status;
    const uint32_t left = s->gap + (uint32_t)(i % s->columns) * (s->width * s->scale + s->gap);
    const uint32_t top = s->gap + (uint32_t)(i / s->columns) * (s->height * s->scale + s->gap);
    for (uint32_t y = 0; y < s->height; y++)
      draw_row(s, to, &picture, y, left, top);
  }
  return XD_OK;
}

static xd_status make_sheet(xd_picture **out, xd_context *context, const sheet *s, const float *pictures) {
  uint64_t width = (uint64_t)s->columns * (s->width * s->scale + s->gap) + s->gap;
  uint64_t height = (uint64_t)s->rows * (s->height * s->scale + s->gap) + s->gap;
  xd_status status =
      xdi_picture_check_size(context, "xd_picture_create_sheet", width, height, XD_ERROR_INVALID_ARGUMENT);
  if (status != XD_OK)
    return status;
  status = xd_picture_create(out, context, (uint32_t)width, (uint32_t)height, XD_SAMPLE_U8,
                             xdi_layout_of(s->channels));
  if (status != XD_OK)
    return status;
  memset((*out)->view.pixels, BACKGROUND, (size_t)width * height * s->channels);
  const xdi_view view =
      xdi_view_of((*out)->view.pixels, (uint32_t)width, (uint32_t)height, s->channels, XD_SAMPLE_U8);
  status = draw(context, s, &view, pictures);
  if (status != XD_OK) {
    xd_picture_destroy(*out);
    *out = NULL;
  }
  return status;
}

xd_status xd_picture_create_sheet(xd_picture **out, xd_context *context, const float *pictures,
                                  uint32_t width, uint32_t height, uint32_t channels, uint32_t columns,
                                  uint32_t rows, uint32_t scale, uint32_t gap) {
  const sheet s = {width, height, channels, columns, rows, scale, gap};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !pictures)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_picture_create_sheet: %s is NULL",
                    out ? "pictures" : "out");
  xd_status status = check_sheet(context, &s);
  return status == XD_OK ? make_sheet(out, context, &s, pictures) : status;
}
