/* Folders of pictures: sub-folders are classes, numbered by their names where all names are numbers below 256,
 * by their order otherwise; what lies in folders below is of their class. All files are listed first, so that it
 * is known how many there are. */
#include <string.h>

#include "base/memory.h"
#include "base/system.h"
#include "base/text.h"
#include "data/ahead.h"
#include "data/listing.h"
#include "data/mark.h"
#include "data/reading.h"

#define DEPTH_LIMIT 32

typedef struct folder {
  xd_context *context;
  const char *path;
  xdi_listing classes, pictures; /* of the folder itself */
  xdi_listing *of_class;         /* [classes.count] the pictures of each, by their paths below `path` */
  xdi_listing others;            /* what is no picture by its name, likewise */
  xdi_listing bad;               /* why entries could not be examined, where those are left out */
  bool skip_bad;
  uint32_t label_of_class[XD_CLASS_LIMIT];
  const char *names[XD_CLASS_LIMIT]; /* by label */
  uint32_t count;                    /* of all pictures */
  xdi_reading reading;
  xdi_ahead ahead;
} folder;

/* ---- classes ---- */

/* A whole number below 256, leading zeros allowed; false for anything else. */
static bool read_label(const char *name, uint32_t *out) {
  uint64_t label = 0;
  const char *end = xdi_read_number(name, XD_CLASS_LIMIT - 1, &label);
  *out = (uint32_t)label;
  return end && *end == '\0';
}

static xd_status number_classes(folder *root) {
  bool numbered = true;
  if (root->classes.count > XD_CLASS_LIMIT)
    return xdi_fail(root->context, XD_ERROR_TOO_LARGE, "'%s' has %zu sub-folders; classes are at most %u",
                    root->path, root->classes.count, XD_CLASS_LIMIT);
  for (size_t i = 0; i < root->classes.count; i++)
    numbered = numbered && read_label(root->classes.names[i], &root->label_of_class[i]);
  for (uint32_t i = 0; i < root->classes.count; i++) {
    if (!xdi_utf8_valid(root->classes.names[i], strlen(root->classes.names[i])))
      return xdi_fail(root->context, XD_ERROR_BAD_DATA,
                      "the name of the folder '%s/%s' of a class is no UTF-8", root->path,
                      root->classes.names[i]);
    if (!numbered)
      root->label_of_class[i] = i;
    const char **name = &root->names[root->label_of_class[i]];
    if (*name)
      return xdi_fail(root->context, XD_ERROR_BAD_DATA, "'%s': the sub-folders %s and %s are both class %u",
                      root->path, *name, root->classes.names[i], root->label_of_class[i]);
    *name = root->classes.names[i];
  }
  return XD_OK;
}

static xd_status fail_listing(const folder *root) {
  return xdi_fail_memory(root->context, "listing a folder");
}

static xd_status list_entries(folder *root, const char *path, xdi_listing *folders, xdi_listing *pictures,
                              xdi_listing *others) {
  return xdi_list_folder(root->context, path, folders, pictures, others, root->skip_bad ? &root->bad : NULL);
}

/* Adds the names by their paths below root->path, `below` being the folder that they are in. */
static xd_status add_paths(folder *root, xdi_listing *to, const char *below, const xdi_listing *names) {
  for (size_t i = 0; i < names->count; i++)
    if (!xdi_listing_take(&root->context->allocator, to,
                          xdi_join_path(root->context, below, names->names[i])))
      return fail_listing(root);
  return XD_OK;
}

static xd_status list_below(folder *root, const char *below, xdi_listing *to, uint32_t depth);

static xd_status list_nested(folder *root, const char *below, const xdi_listing *nested, xdi_listing *to,
                             uint32_t depth) {
  xd_status status = XD_OK;
  for (size_t i = 0; i < nested->count && status == XD_OK; i++) {
    char *path = xdi_join_path(root->context, below, nested->names[i]);
    status = path ? list_below(root, path, to, depth + 1) : fail_listing(root);
    xdi_release(&root->context->allocator, path);
  }
  return status;
}

/* Adds the pictures below root->path/below, at any depth; a link that leads back up ends at the limit. */
static xd_status list_below(folder *root, const char *below, xdi_listing *to, uint32_t depth) {
  const xd_allocator *allocator = &root->context->allocator;
  xdi_listing nested = {NULL, 0, 0}, pictures = {NULL, 0, 0}, others = {NULL, 0, 0};
  if (depth > DEPTH_LIMIT)
    return xdi_fail(root->context, XD_ERROR_BAD_DATA, "'%s/%s' lies more than %d folders deep", root->path,
                    below, DEPTH_LIMIT);
  char *path = xdi_join_path(root->context, root->path, below);
  xd_status status = path ? list_entries(root, path, &nested, &pictures, &others) : fail_listing(root);
  if (status == XD_OK)
    status = add_paths(root, to, below, &pictures);
  if (status == XD_OK)
    status = add_paths(root, &root->others, below, &others);
  if (status == XD_OK)
    status = list_nested(root, below, &nested, to, depth);
  xdi_listing_clear(allocator, &nested);
  xdi_listing_clear(allocator, &pictures);
  xdi_listing_clear(allocator, &others);
  xdi_release(allocator, path);
  return status;
}

static xd_status list_class(folder *root, size_t number) {
  const char *name = root->classes.names[number];
  const xd_status status = list_below(root, name, &root->of_class[number], 1);
  if (status == XD_OK && root->of_class[number].count == 0)
    return xdi_fail(root->context, XD_ERROR_NOT_FOUND, "the folder '%s/%s' of a class has no picture",
                    root->path, name);
  return status;
}

static xd_status list_all(folder *root) {
  size_t count = 0;
  xd_status status = list_entries(root, root->path, &root->classes, &root->pictures, &root->others);
  if (status == XD_OK)
    status = number_classes(root);
  if (status != XD_OK)
    return status;
  if (root->classes.count) {
    root->of_class =
        xdi_allocate_zeroed(&root->context->allocator, root->classes.count, sizeof *root->of_class);
    if (!root->of_class)
      return fail_listing(root);
  } else {
    count = root->pictures.count;
  }
  for (size_t i = 0; i < root->classes.count; i++) {
    status = list_class(root, i);
    if (status != XD_OK)
      return status;
    count += root->of_class[i].count;
  }
  if (count == 0)
    return xdi_fail(root->context, XD_ERROR_NOT_FOUND, "the folder '%s' has no picture", root->path);
  if (count > UINT32_MAX)
    return xdi_fail(root->context, XD_ERROR_TOO_LARGE, "the folder '%s' has %zu pictures", root->path, count);
  root->count = (uint32_t)count;
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
static xd_status tell_left_out(folder *root) {
  xdi_origin *origin = root->reading.draft.origin;
  const bool beside = root->classes.count > 0 && root->pictures.count > 0;
  if (!leave_out(origin, XD_LEFT_OUT_OTHER_TYPE, &root->others) ||
      (beside && !leave_out(origin, XD_LEFT_OUT_BESIDE_CLASSES, &root->pictures)))
    return fail_listing(root);
  for (size_t i = 0; i < root->bad.count; i++) {
    const xd_status status = xdi_reading_leave_out(&root->reading, root->bad.names[i]);
    if (status != XD_OK)
      return status;
  }
  if (root->others.count)
    xdi_log(root->context, XD_LOG_WARNING,
            "'%s': passed over %zu entries that are no files, or not PNG, JPEG, BMP, PGM or PPM by name, "
            "'%s/%s' the first",
            root->path, root->others.count, root->path, root->others.names[0]);
  if (beside)
    xdi_log(root->context, XD_LOG_WARNING,
            "'%s': passed over %zu pictures beside the folders of the classes, '%s/%s' the first", root->path,
            root->pictures.count, root->path, root->pictures.names[0]);
  return XD_OK;
}

/* ---- pictures ---- */

static xd_status take_picture(folder *root, const xd_picture *picture, const char *name, const char *path,
                              uint32_t label) {
  xd_image image = XD_IMAGE_INIT;
  xdi_view view;
  xd_status status = xd_picture_view(picture, &image);
  if (status == XD_OK)
    status = xdi_view_open_input(root->context, &view, &image, path);
  return status == XD_OK ? xdi_reading_take(&root->reading, &view, label, name, path) : status;
}

/* Where the folder itself cannot be opened any more, no file of it is to blame. */
static bool is_open(const folder *root) {
  xdi_folder *entries;
  if (xdi_folder_open(&entries, root->path) != 0)
    return false;
  xdi_folder_close(entries);
  return true;
}

/* The picture `i` of those that were decoded ahead, and is loaded here if it was not. */
static xd_status read_picture(folder *root, uint32_t i, const char *name, uint32_t label) {
  xd_picture **picture = &root->ahead.pictures[i];
  const char *path = root->ahead.paths[i];
  xd_status status = xdi_check_cancelled(root->context);
  if (status != XD_OK)
    return status;
  xdi_reading_open(&root->reading);
  if (!*picture)
    status = xd_picture_load(picture, root->context, path);
  if (status == XD_OK)
    status = take_picture(root, *picture, name, path, label);
  if (status == XD_ERROR_NOT_FOUND || status == XD_ERROR_IO)
    root->reading.broken = !is_open(root);
  status = xdi_reading_step(&root->reading, status);
  xd_picture_destroy(*picture);
  *picture = NULL;
  return status;
}

static xd_status decode_ahead(folder *root, char *const *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    char *path = xdi_join_path(root->context, root->path, names[i]);
    if (!path)
      return xdi_fail_memory(root->context, "reading a folder");
    root->ahead.paths[root->ahead.count++] = path;
  }
  return xdi_ahead_decode(&root->ahead);
}

static xd_status read_list(folder *root, const xdi_listing *list, uint32_t label) {
  xd_status status = XD_OK;
  for (size_t i = 0; i < list->count && status == XD_OK;) {
    const size_t left = list->count - i;
    const uint32_t count = left < root->ahead.room ? (uint32_t)left : root->ahead.room;
    status = decode_ahead(root, list->names + i, count);
    for (uint32_t k = 0; k < count && status == XD_OK; k++)
      status = read_picture(root, k, list->names[i + k], label);
    xdi_ahead_clear(&root->ahead);
    i += count;
  }
  return status;
}

static xd_status read_class(folder *root, uint32_t label) {
  size_t i = 0;
  while (root->label_of_class[i] != label)
    i++;
  return read_list(root, &root->of_class[i], label);
}

/* Classes come in the order of their labels, which is the order of their names. */
static xd_status read_all(folder *root) {
  if (root->classes.count == 0)
    return read_list(root, &root->pictures, 0);
  xd_status status = XD_OK;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT && status == XD_OK; label++)
    if (root->names[label])
      status = read_class(root, label);
  return status;
}

static xd_status load(xd_dataset **out, folder *root, const xd_dataset_options *options) {
  xd_status status = xdi_reading_begin(&root->reading, root->context, options, root->path, root->count);
  if (status != XD_OK)
    return status;
  root->reading.draft.names = root->names;
  root->reading.draft.labelled = root->classes.count > 0;
  status = tell_left_out(root);
  if (status == XD_OK)
    status = read_all(root);
  if (status == XD_OK)
    return xdi_reading_finish(out, &root->reading);
  xdi_reading_discard(&root->reading);
  return status;
}

static void clear_folder(folder *root) {
  const xd_allocator *allocator = &root->context->allocator;
  for (size_t i = 0; root->of_class && i < root->classes.count; i++)
    xdi_listing_clear(allocator, &root->of_class[i]);
  xdi_release(allocator, root->of_class);
  xdi_listing_clear(allocator, &root->others);
  xdi_listing_clear(allocator, &root->bad);
  xdi_listing_clear(allocator, &root->classes);
  xdi_listing_clear(allocator, &root->pictures);
}

xd_status xd_dataset_load_folder(xd_dataset **out, xd_context *context, const char *path,
                                 const xd_dataset_options *options) {
  xd_dataset_options chosen;
  folder root;
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
  memset(&root, 0, sizeof root);
  root.context = context;
  root.path = path;
  root.skip_bad = chosen.skip_bad;
  xdi_ahead_begin(&root.ahead, context);
  status = list_all(&root);
  if (status == XD_OK)
    status = load(out, &root, &chosen);
  clear_folder(&root);
  return status;
}
