/* The contact sheet: for each class a row of sources above a row of what they became. Its cells have one shape,
 * the larger of both domains'. */
#include <stdlib.h>
#include <string.h>

#include "translation.h"

static uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* Rows in the order of the labels, and as many columns as the largest class needs. */
static int lay_rows(translation *t) {
  sheet *s = &t->sheet;
  uint32_t labels = 0, most = 0;
  for (uint32_t i = 0; i < t->count; i++)
    labels = larger(labels, t->sources[i].label + 1);
  uint32_t *sizes = calloc(labels, sizeof *sizes);
  s->row_of_label = calloc(labels, sizeof *s->row_of_label);
  if (!sizes || !s->row_of_label) {
    free(sizes);
    return failure("out of memory");
  }
  for (uint32_t i = 0; i < t->count; i++)
    most = larger(most, ++sizes[t->sources[i].label]);
  for (uint32_t label = 0; label < labels; label++)
    if (sizes[label])
      s->row_of_label[label] = s->classes++;
  s->columns = most < t->columns ? most : t->columns;
  free(sizes);
  return EXIT_DONE;
}

static size_t cell_size(const sheet *s) {
  return (size_t)s->shape.height * s->shape.width * s->shape.channels;
}

int open_sheet(translation *t) {
  sheet *s = &t->sheet;
  s->shape.height = larger(t->from.height, t->to.height);
  s->shape.width = larger(t->from.width, t->to.width);
  s->shape.channels = larger(t->from.channels, t->to.channels);
  const int code = lay_rows(t);
  if (code)
    return code;
  s->filled = calloc(s->classes, sizeof *s->filled);
  s->cells = calloc((size_t)2 * s->classes * s->columns, cell_size(s) * sizeof *s->cells);
  return s->filled && s->cells ? EXIT_DONE : failure("out of memory");
}

bool sheet_wants(const translation *t, uint32_t label) {
  return t->sheet.filled[t->sheet.row_of_label[label]] < t->sheet.columns;
}

static xd_status put_cell(translation *t, size_t cell, float *floats, xd_shape shape) {
  xd_image from, to;
  view_floats(&from, floats, shape);
  view_floats(&to, t->sheet.cells + cell * cell_size(&t->sheet), t->sheet.shape);
  return xd_image_resize(t->run.context, &to, &from);
}

int put_on_sheet(translation *t, uint32_t label, float *before, float *after) {
  sheet *s = &t->sheet;
  const uint32_t row = s->row_of_label[label];
  if (s->filled[row] == s->columns)
    return EXIT_DONE;
  const size_t cell = (size_t)2 * row * s->columns + s->filled[row]++;
  xd_status status = put_cell(t, cell, before, t->from);
  if (!status)
    status = put_cell(t, cell + s->columns, after, t->to);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

int draw_sheet(translation *t, xd_picture **out) {
  const sheet *s = &t->sheet;
  const xd_status status =
      xd_picture_create_sheet(out, t->run.context, s->cells, s->shape.width, s->shape.height,
                              s->shape.channels, s->columns, 2 * s->classes, t->scale, 2);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

void free_sheet(translation *t) {
  free(t->sheet.row_of_label);
  free(t->sheet.filled);
  free(t->sheet.cells);
}
