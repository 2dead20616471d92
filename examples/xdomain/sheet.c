/* The contact sheet of xdomain translate: for each class a row of sources above a row of what they became, spread
 * evenly over the class. Its cells have one shape, the larger of both domains'. */
#include <stdlib.h>
#include <string.h>

#include "sets.h"
#include "translation.h"

/* Rows in the order of the labels, and as many columns as the largest class needs. */
static int lay_rows(translation *t) {
  sheet *s = &t->sheet;
  uint32_t most = 0;
  for (uint32_t i = 0; i < t->count; i++)
    s->label_count = larger(s->label_count, t->sources[i].label + 1);
  s->rows = calloc(s->label_count, sizeof *s->rows);
  if (!s->rows)
    return failure("out of memory");
  for (uint32_t i = 0; i < t->count; i++)
    most = larger(most, ++s->rows[t->sources[i].label].size);
  for (uint32_t label = 0; label < s->label_count; label++)
    if (s->rows[label].size)
      s->rows[label].number = s->grid.names_count++;
  s->grid.columns = most < t->columns ? most : t->columns;
  return EXIT_DONE;
}

/* The first folder of a file's name, or the class of a set; NULL: none. */
static char *name_class(const translation *t, const source *of) {
  if (t->set)
    return strdup(xd_dataset_class_name(t->set, of->label));
  const char *slash = of->name && of->label ? strchr(of->name, '/') : NULL;
  return slash ? strndup(of->name, (size_t)(slash - of->name)) : NULL;
}

static void name_rows(translation *t) {
  sheet *s = &t->sheet;
  for (uint32_t i = 0; i < t->count; i++) {
    sheet_row *row = &s->rows[t->sources[i].label];
    if (!row->name)
      row->name = name_class(t, &t->sources[i]);
    s->grid.names[row->number] = row->name;
  }
}

int open_sheet(translation *t) {
  grid *g = &t->sheet.grid;
  g->shape = larger_shape(t->from, t->to);
  g->scale = t->scale;
  int code = lay_rows(t);
  if (!code)
    code = open_grid(g);
  if (!code)
    name_rows(t);
  return code;
}

bool sheet_takes(translation *t, uint32_t label) {
  sheet_row *row = &t->sheet.rows[label];
  return is_spread(row->met++, row->size, t->sheet.grid.columns);
}

int put_on_sheet(translation *t, uint32_t label, float *before, float *after) {
  sheet_row *row = &t->sheet.rows[label];
  const uint32_t column = row->filled++;
  xd_status status = put_on_grid(&t->run, &t->sheet.grid, row->number, false, column, before, t->from);
  if (!status)
    status = put_on_grid(&t->run, &t->sheet.grid, row->number, true, column, after, t->to);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

int draw_sheet(translation *t, xd_picture **out) {
  const xd_status status = draw_grid(&t->run, out, &t->sheet.grid);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

void free_sheet(translation *t) {
  for (uint32_t label = 0; label < t->sheet.label_count && t->sheet.rows; label++)
    free(t->sheet.rows[label].name);
  free(t->sheet.rows);
  free_grid(&t->sheet.grid);
}
