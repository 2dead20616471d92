/* Strips of pictures as PNG within HTML, in base 64 (RFC 4648). */
#include "strip.h"

#include "sets.h"

enum { GAP = 1, SIDE_MOST = 96, SIDE_LEAST = 48 };

/* ---- Cells ---- */

/* The larger of two shapes, made smaller where it would fill a page. */
static xd_shape choose_cell(xd_shape one, xd_shape other) {
  xd_shape cell = larger_shape(one, other);
  const uint32_t side = larger(cell.width, cell.height);
  if (side > SIDE_MOST) {
    cell.width = larger(1, cell.width * SIDE_MOST / side);
    cell.height = larger(1, cell.height * SIDE_MOST / side);
  }
  return cell;
}

xd_status open_strip(strip *s, const runtime *r, uint32_t columns, uint32_t rows, xd_shape one,
                     xd_shape other) {
  *s = (strip){.run = r, .cell = choose_cell(one, other), .columns = columns, .rows = rows};
  s->view = (xd_image)XD_IMAGE_INIT;
  const xd_status status = xd_picture_create(&s->picture, r->context, columns * (s->cell.width + GAP) - GAP,
                                             rows * (s->cell.height + GAP) - GAP, XD_SAMPLE_U8,
                                             s->cell.channels == 1 ? XD_LAYOUT_GREY_ALPHA : XD_LAYOUT_RGBA);
  return status ? status : xd_picture_view(s->picture, &s->view);
}

void close_strip(strip *s) {
  xd_picture_destroy(s->picture);
  s->picture = NULL;
}

xd_status put_on_strip(strip *s, uint32_t column, uint32_t row, float *floats, xd_shape shape) {
  xd_image from, to = XD_IMAGE_INIT;
  view_floats(&from, floats, shape);
  const xd_status status = xd_image_crop(s->run->context, &to, &s->view, column * (s->cell.width + GAP),
                                         row * (s->cell.height + GAP), s->cell.width, s->cell.height);
  return status ? status : xd_image_resize(s->run->context, &to, &from);
}

/* ---- Base 64 ---- */

typedef struct encoder64 {
  FILE *to;
  unsigned char held[3];
  size_t count; /* of those */
} encoder64;

static void flush64(encoder64 *e) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint32_t bits = (uint32_t)e->held[0] << 16 | (uint32_t)e->held[1] << 8 | e->held[2];
  for (size_t i = 0; i < 4; i++)
    fputc(i <= e->count ? digits[bits >> (18 - 6 * i) & 63] : '=', e->to);
  *e = (encoder64){.to = e->to};
}

static int write64(void *user, const void *data, size_t size) {
  encoder64 *e = user;
  const unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++) {
    e->held[e->count++] = bytes[i];
    if (e->count == sizeof e->held)
      flush64(e);
  }
  return ferror(e->to);
}

xd_status print_strip(FILE *to, const strip *s) {
  encoder64 e = {.to = to};
  xd_sink sink = XD_SINK_INIT;
  const uint32_t side = larger(s->cell.width, s->cell.height), scale = (SIDE_LEAST + side - 1) / side;
  fprintf(to, " width=\"%u\" height=\"%u\" src=\"data:image/png;base64,", scale * s->view.width,
          scale * s->view.height);
  sink.name = "the page";
  sink.write = write64;
  sink.user = &e;
  const xd_status status = xd_image_save_png_sink(s->run->context, &sink, &s->view);
  if (e.count)
    flush64(&e);
  fputc('"', to);
  return status;
}
