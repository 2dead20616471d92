/* Contact sheets: a pair of rows for each name, drawn by the library, and the names beside them. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

#include "font.h"
#include "sets.h"
#include <xdomain/unstable/sheet.h>

enum { GREY = 0x80, DARK = 0x30, NAME_MOST = 14, LARGE_ROW = 40 };

/* ---- Cells ---- */

static size_t cell_size(const grid *g) {
  return (size_t)g->shape.height * g->shape.width * g->shape.channels;
}

int open_grid(grid *g) {
  g->cells = calloc((size_t)2 * g->names_count * g->columns, cell_size(g) * sizeof *g->cells);
  g->names = calloc(g->names_count, sizeof *g->names);
  return g->cells && g->names ? EXIT_DONE : failure("out of memory");
}

void free_grid(grid *g) {
  free(g->cells);
  free(g->names);
}

xd_status put_on_grid(const runtime *r, grid *g, uint32_t name, bool below, uint32_t column, float *floats,
                      xd_shape shape) {
  const size_t cell = ((size_t)2 * name + below) * g->columns + column;
  xd_image from, to;
  view_floats(&from, floats, shape);
  view_floats(&to, g->cells + cell * cell_size(g), g->shape);
  return xd_image_resize(r->context, &to, &from);
}

bool is_spread(uint32_t rank, uint32_t size, uint32_t wanted) {
  const uint64_t count = wanted < size ? wanted : size;
  return rank < size && rank * count / size < (rank + 1) * count / size;
}

/* ---- Canvases ---- */

static xd_status make_canvas(const runtime *r, xd_picture **out, xd_image *view, uint32_t width,
                             uint32_t height, xd_layout layout, int fill) {
  *view = (xd_image)XD_IMAGE_INIT;
  xd_status status = xd_picture_create(out, r->context, width, height, XD_SAMPLE_U8, layout);
  if (!status)
    status = xd_picture_view(*out, view);
  if (!status)
    memset(view->pixels, fill, (size_t)view->row_stride * height);
  return status;
}

static xd_status place(const runtime *r, const xd_image *canvas, const xd_image *part, uint32_t left) {
  xd_image to = XD_IMAGE_INIT;
  const xd_status status = xd_image_crop(r->context, &to, canvas, left, 0, part->width, part->height);
  return status ? status : xd_image_convert(r->context, &to, part);
}

/* ---- Names ---- */

static uint32_t name_scale(const grid *g) {
  return g->shape.height * g->scale >= LARGE_ROW ? 2 : 1;
}

static uint32_t name_width(const grid *g) {
  uint32_t widest = 0;
  for (uint32_t i = 0; i < g->names_count; i++) {
    const uint32_t width = g->names[i] ? text_width(g->names[i], NAME_MOST) : 0;
    widest = width > widest ? width : widest;
  }
  return widest ? widest * name_scale(g) + 2 * GRID_GAP : 0;
}

/* Each beside the middle of its upper row. */
static void draw_names(const grid *g, const xd_image *canvas) {
  const uint32_t scale = name_scale(g), row = g->shape.height * g->scale, text = FONT_HEIGHT * scale;
  const uint32_t above = row > text ? (row - text) / 2 : 0;
  for (uint32_t i = 0; i < g->names_count; i++) {
    uint8_t *at = (uint8_t *)canvas->pixels +
                  (size_t)(GRID_GAP + 2 * i * (row + GRID_GAP) + above) * (size_t)canvas->row_stride +
                  (size_t)GRID_GAP * g->shape.channels;
    if (g->names[i])
      draw_text(g->names[i], NAME_MOST, at, (size_t)canvas->row_stride, g->shape.channels, scale);
  }
}

/* Takes over the sheet. */
static xd_status add_names(const runtime *r, xd_picture **out, const grid *g, xd_picture *sheet) {
  xd_image part = XD_IMAGE_INIT, canvas;
  const uint32_t margin = name_width(g);
  *out = NULL;
  xd_status status = xd_picture_view(sheet, &part);
  if (!status)
    status = make_canvas(r, out, &canvas, margin + part.width, part.height, part.layout, DARK);
  if (!status)
    status = place(r, &canvas, &part, margin);
  if (!status)
    draw_names(g, &canvas);
  xd_picture_destroy(sheet);
  return status;
}

xd_status draw_grid(const runtime *r, xd_picture **out, const grid *g) {
  xd_picture *sheet = NULL;
  const xd_status status =
      xd_picture_create_sheet(&sheet, r->context, g->cells, g->shape.width, g->shape.height,
                              g->shape.channels, g->columns, 2 * g->names_count, g->scale, GRID_GAP);
  *out = sheet;
  return status || !name_width(g) ? status : add_names(r, out, g, sheet);
}

/* ---- Side by side ---- */

xd_status join_pictures(const runtime *r, xd_picture **out, const xd_picture *left, const xd_picture *right) {
  xd_image parts[2] = {XD_IMAGE_INIT, XD_IMAGE_INIT}, canvas;
  const xd_picture *const pictures[2] = {left, right};
  xd_status status = XD_OK;
  for (int i = 0; i < 2 && !status; i++)
    status = pictures[i] ? xd_picture_view(pictures[i], &parts[i]) : XD_OK;
  const uint32_t between = left && right ? 8 * GRID_GAP : 0;
  const uint32_t height = parts[0].height > parts[1].height ? parts[0].height : parts[1].height;
  const bool colours =
      (left && parts[0].layout == XD_LAYOUT_RGB) || (right && parts[1].layout == XD_LAYOUT_RGB);
  if (!status)
    status = make_canvas(r, out, &canvas, parts[0].width + between + parts[1].width, height,
                         colours ? XD_LAYOUT_RGB : XD_LAYOUT_GREY, GREY);
  if (!status && left)
    status = place(r, &canvas, &parts[0], 0);
  if (!status && right)
    status = place(r, &canvas, &parts[1], parts[0].width + between);
  return status;
}
