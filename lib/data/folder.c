/* Folders of pictures: sub-folders are classes, numbered by their names where all names are numbers below 256,
 * by their order otherwise; what lies in folders below is of their class. All files are listed first, so that it
 * is known how many there are. */
#include <string.h>

#include "base/memory.h"
#include "data/listing.h"
#include "data/reading.h"

#define DEPTH_LIMIT 32

typedef struct folder {
  xd_context *context;
  const char *path;
  xdi_listing classes, pictures; /* of the folder itself */
  xdi_listing *of_class;         /* [classes.count] the pictures of each, by their paths below `path` */
  xdi_listing others;            /* what is no picture by its name, likewise */
  uint32_t label_of_class[XD_CLASS_LIMIT];
  const char *names[XD_CLASS_LIMIT]; /* by label */
  uint32_t count;                    /* of all pictures */
  xdi_reading reading;
} folder;

/* ---- classes ---- */

/* A whole number below 256, leading zeros allowed; false for anything else. */
static bool read_label(const char *name, uint32_t *out) {
  uint32_t value = 0;
  const char *end = name;
  while (*end >= '0' && *end <= '9' && value < XD_CLASS_LIMIT)
    value = value * 10 + (uint32_t)(*end++ - '0');
  *out = value;
  return end > name && *end == '\0' && value < XD_CLASS_LIMIT;
}

static xd_status number_classes(folder *f) {
  bool numbered = true;
  if (f->classes.count > XD_CLASS_LIMIT)
    return xdi_fail(f->context, XD_ERROR_TOO_LARGE, "'%s' has %zu sub-folders; classes are at most %u",
                    f->path, f->classes.count, XD_CLASS_LIMIT);
  for (size_t i = 0; i < f->classes.count; i++)
    numbered = numbered && read_label(f->classes.names[i], &f->label_of_class[i]);
  for (uint32_t i = 0; i < f->classes.count; i++) {
    if (!numbered)
      f->label_of_class[i] = i;
    const char **name = &f->names[f->label_of_class[i]];
    if (*name)
      return xdi_fail(f->context, XD_ERROR_BAD_DATA, "'%s': the sub-folders %s and %s are both class %u",
                      f->path, *name, f->classes.names[i], f->label_of_class[i]);
    *name = f->classes.names[i];
  }
  return XD_OK;
}

static xd_status fail_listing(const folder *f) {
  return xdi_fail_memory(f->context, "listing a folder");
}

/* Adds the names by their paths below f->path, `below` being the folder that they are in. */
static xd_status add_paths(folder *f, xdi_listing *to, const char *below, const xdi_listing *names) {
  for (size_t i = 0; i < names->count; i++)
    if (!xdi_listing_take(&f->context->allocator, to, xdi_join_path(f->context, below, names->names[i])))
      return fail_listing(f);
  return XD_OK;
}

static xd_status list_below(folder *f, const char *below, xdi_listing *to, uint32_t depth);

static xd_status list_nested(folder *f, const char *below, const xdi_listing *nested, xdi_listing *to,
                             uint32_t depth) {
  xd_status status = XD_OK;
  for (size_t i = 0; i < nested->count && status == XD_OK; i++) {
    char *path = xdi_join_path(f->context, below, nested->names[i]);
    status = path ? list_below(f, path, to, depth + 1) : fail_listing(f);
    xdi_release(&f->context->allocator, path);
  }
  return status;
}

/* Adds the pictures below f->path/below, at any depth; a link that leads back up ends at the limit. */
static xd_status list_below(folder *f, const char *below, xdi_listing *to, uint32_t depth) {
  const xd_allocator *allocator = &f->context->allocator;
  xdi_listing nested = {NULL, 0, 0}, pictures = {NULL, 0, 0}, others = {NULL, 0, 0};
  if (depth > DEPTH_LIMIT)
    return xdi_fail(f->context, XD_ERROR_BAD_DATA, "'%s/%s' lies more than %d folders deep", f->path, below,
                    DEPTH_LIMIT);
  char *path = xdi_join_path(f->context, f->path, below);
  xd_status status = path ? xdi_list_folder(f->context, path, &nested, &pictures, &others) : fail_listing(f);
  if (status == XD_OK)
    status = add_paths(f, to, below, &pictures);
  if (status == XD_OK)
    status = add_paths(f, &f->others, below, &others);
  if (status == XD_OK)
    status = list_nested(f, below, &nested, to, depth);
  xdi_listing_clear(allocator, &nested);
  xdi_listing_clear(allocator, &pictures);
  xdi_listing_clear(allocator, &others);
  xdi_release(allocator, path);
  return status;
}

static xd_status list_class(folder *f, size_t number) {
  const char *name = f->classes.names[number];
  const xd_status status = list_below(f, name, &f->of_class[number], 1);
  if (status == XD_OK && f->of_class[number].count == 0)
    return xdi_fail(f->context, XD_ERROR_NOT_FOUND, "the folder '%s/%s' of a class has no picture", f->path,
                    name);
  return status;
}

static xd_status list_all(folder *f) {
  size_t count = 0;
  xd_status status = xdi_list_folder(f->context, f->path, &f->classes, &f->pictures, &f->others);
  if (status == XD_OK)
    status = number_classes(f);
  if (status != XD_OK)
    return status;
  if (f->classes.count) {
    f->of_class = xdi_allocate_zeroed(&f->context->allocator, f->classes.count, sizeof *f->of_class);
    if (!f->of_class)
      return fail_listing(f);
  } else {
    count = f->pictures.count;
  }
  for (size_t i = 0; i < f->classes.count; i++) {
    status = list_class(f, i);
    if (status != XD_OK)
      return status;
    count += f->of_class[i].count;
  }
  if (count == 0)
    return xdi_fail(f->context, XD_ERROR_NOT_FOUND, "the folder '%s' has no picture", f->path);
  if (count > UINT32_MAX)
    return xdi_fail(f->context, XD_ERROR_TOO_LARGE, "the folder '%s' has %zu pictures", f->path, count);
  f->count = (uint32_t)count;
  return XD_OK;
}

/* ---- what is left out ---- */

static bool leave_out(xdi_origin *origin, xd_left_out why, const xdi_listing *names) {
  for (size_t i = 0; i < names->count; i++)
    if (!xdi_origin_leave_out(origin, why, names->names[i]))
      return false;
  return true;
}

/* What a set leaves out can be asked of it, and is told at a level of the log that hosts show. */
static xd_status tell_left_out(folder *f) {
  xdi_origin *origin = f->reading.draft.origin;
  const bool beside = f->classes.count > 0 && f->pictures.count > 0;
  if (!leave_out(origin, XD_LEFT_OUT_OTHER_TYPE, &f->others) ||
      (beside && !leave_out(origin, XD_LEFT_OUT_BESIDE_CLASSES, &f->pictures)))
    return fail_listing(f);
  if (f->others.count)
    xdi_log(f->context, XD_LOG_WARNING,
            "'%s': passed over %zu files that are not PNG, JPEG, BMP or PNM by name, '%s/%s' the first",
            f->path, f->others.count, f->path, f->others.names[0]);
  if (beside)
    xdi_log(f->context, XD_LOG_WARNING,
            "'%s': passed over %zu pictures beside the folders of the classes, '%s/%s' the first", f->path,
            f->pictures.count, f->path, f->pictures.names[0]);
  return XD_OK;
}

/* ---- pictures ---- */

static xd_status take_picture(folder *f, const xd_picture *picture, const char *name, const char *path,
                              uint32_t label) {
  xd_image image = XD_IMAGE_INIT;
  xdi_view view;
  xd_status status = xd_picture_view(picture, &image);
  if (status == XD_OK)
    status = xdi_view_open_input(f->context, &view, &image, path);
  return status == XD_OK ? xdi_reading_take(&f->reading, &view, label, name, path) : status;
}

static xd_status read_picture(folder *f, const char *name, uint32_t label) {
  xd_picture *picture = NULL;
  xd_status status = xdi_check_cancelled(f->context);
  if (status != XD_OK)
    return status;
  char *path = xdi_join_path(f->context, f->path, name);
  if (!path)
    return xdi_fail_memory(f->context, "reading a folder");
  xdi_reading_open(&f->reading);
  status = xd_picture_load(&picture, f->context, path);
  if (status == XD_OK)
    status = take_picture(f, picture, name, path, label);
  status = xdi_reading_step(&f->reading, status);
  xd_picture_destroy(picture);
  xdi_release(&f->context->allocator, path);
  return status;
}

static xd_status read_list(folder *f, const xdi_listing *list, uint32_t label) {
  xd_status status = XD_OK;
  for (size_t i = 0; i < list->count && status == XD_OK; i++)
    status = read_picture(f, list->names[i], label);
  return status;
}

static xd_status read_class(folder *f, uint32_t label) {
  size_t i = 0;
  while (f->label_of_class[i] != label)
    i++;
  return read_list(f, &f->of_class[i], label);
}

/* Classes come in the order of their labels, which is the order of their names. */
static xd_status read_all(folder *f) {
  if (f->classes.count == 0)
    return read_list(f, &f->pictures, 0);
  xd_status status = XD_OK;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT && status == XD_OK; label++)
    if (f->names[label])
      status = read_class(f, label);
  return status;
}

static xd_status load(xd_dataset **out, folder *f, const xd_dataset_options *options) {
  xd_status status = xdi_reading_begin(&f->reading, f->context, options, f->path, f->count);
  if (status != XD_OK)
    return status;
  f->reading.draft.names = f->names;
  f->reading.draft.labelled = f->classes.count > 0;
  status = tell_left_out(f);
  if (status == XD_OK)
    status = read_all(f);
  if (status == XD_OK)
    return xdi_reading_finish(out, &f->reading);
  xdi_reading_discard(&f->reading);
  return status;
}

static void clear_folder(folder *f) {
  const xd_allocator *allocator = &f->context->allocator;
  for (size_t i = 0; f->of_class && i < f->classes.count; i++)
    xdi_listing_clear(allocator, &f->of_class[i]);
  xdi_release(allocator, f->of_class);
  xdi_listing_clear(allocator, &f->others);
  xdi_listing_clear(allocator, &f->classes);
  xdi_listing_clear(allocator, &f->pictures);
}

xd_status xd_dataset_load_folder(xd_dataset **out, xd_context *context, const char *path,
                                 const xd_dataset_options *options) {
  xd_dataset_options chosen;
  folder f;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load_folder: %s is NULL",
                    out ? "path" : "out");
  xd_status status = xdi_dataset_options_read(context, &chosen, options);
  if (status != XD_OK)
    return status;
  memset(&f, 0, sizeof f);
  f.context = context;
  f.path = path;
  status = list_all(&f);
  if (status == XD_OK)
    status = load(out, &f, &chosen);
  clear_folder(&f);
  return status;
}
