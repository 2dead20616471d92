/* What xdomain generate and interpolate draw: a sheet, or files that are numbered within their row's folder. */
#include "drawing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sets.h"
#include "translation.h"
#include <xdomain/unstable/sheet.h>

/* The folder of the present row, to be freed. */
static char *row_folder(const drawing *d) {
  return d->names ? join_texts(d->out, "/", d->names[d->row]) : strdup(d->out);
}

int open_drawing(drawing *d) {
  if (is_other_file_name(d->out))
    return usage_error(
        "--out '%s': pictures are written as PNG only; a folder's name may end so before a '/'", d->out);
  if (!strcmp(d->out, "-"))
    return usage_error("--out -: many pictures do not go to standard output; a folder of that name is ./-");
  if (!ends_with(d->out, ".png"))
    return make_folder(d->out);
  d->cells = calloc((size_t)d->rows * d->columns, floats_of(d->shape) * sizeof *d->cells);
  return d->cells ? prove_outputs(&(output){.flag = "--out", .path = d->out}, 1) : failure("out of memory");
}

char *numbered_path(const char *folder, uint32_t number) {
  char name[32];
  snprintf(name, sizeof name, "%06u.png", number);
  return join_texts(folder, "/", name);
}

static int write_picture(const drawing *d, pending_files *files, const char *folder, uint32_t number,
                         float *floats) {
  xd_image view;
  char *path = numbered_path(folder, number);
  view_floats(&view, floats, d->shape);
  pending_file *file = path ? add_pending(files) : NULL;
  const int code = file ? write_pending(file, d->run, &view, path) : failure("out of memory");
  free(path);
  return code;
}

static int write_pictures(drawing *d, float *pictures, uint32_t count) {
  pending_files files = {.items = NULL};
  char *folder = row_folder(d);
  int code = folder ? make_folder(folder) : failure("out of memory");
  for (uint32_t i = 0; i < count && !code; i++)
    code = write_picture(d, &files, folder, d->column + i, pictures + i * floats_of(d->shape));
  free(folder);
  const int former = keep_all_pending(&d->keeper, &files);
  return code ? code : former;
}

int put_pictures(drawing *d, float *pictures, uint32_t count) {
  int code = EXIT_DONE;
  if (d->cells)
    memcpy(d->cells + ((size_t)d->row * d->columns + d->column) * floats_of(d->shape), pictures,
           count * floats_of(d->shape) * sizeof *pictures);
  else
    code = write_pictures(d, pictures, count);
  d->column += count;
  if (d->column < d->columns)
    return code;
  d->column = 0;
  d->row++;
  return code;
}

static int write_sheet(const drawing *d) {
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  xd_status status =
      xd_picture_create_sheet(&picture, d->run->context, d->cells, d->shape.width, d->shape.height,
                              d->shape.channels, d->columns, d->rows, d->scale, 2);
  if (!status)
    status = xd_picture_view(picture, &view);
  if (!status)
    status = xd_image_save_png(d->run->context, d->out, &view);
  xd_picture_destroy(picture);
  return status ? report_failure(d->run, status) : EXIT_DONE;
}

int close_drawing(drawing *d, int code) {
  if (!code && d->cells)
    code = write_sheet(d);
  free(d->cells);
  const int kept = finish_pending(&d->keeper);
  return code ? code : kept;
}
