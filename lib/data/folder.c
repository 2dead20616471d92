/* Folders of pictures: sub-folders are classes, numbered by their names where all names are numbers
 * below 256, by their order otherwise; what lies in folders below is of their class. All files are listed first, so that the pixels can be allocated
 * once; the first picture settles size and channels. */
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "data/listing.h"
#include "image/resize.h"
#include "image/view.h"

#define DEPTH_LIMIT 32

typedef struct folder {
  xd_context *context;
  const char *path;
  xdi_listing classes, pictures; /* of the folder itself */
  xdi_listing *of_class;         /* [classes.count] the pictures of each, by their paths below `path` */
  xdi_passed_over others;
  uint32_t label_of_class[XD_CLASS_LIMIT];
  const char *names[XD_CLASS_LIMIT]; /* by label */
  bool resizes;
  xdi_draft draft;
  uint32_t done; /* pictures read so far */
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

static xd_status list_below(folder *f, const char *below, xdi_listing *to, uint32_t depth);

/* One folder's pictures, then those of its sub-folders. */
static xd_status take_folder(folder *f, const char *below, const xdi_listing *nested,
                             const xdi_listing *pictures, xdi_listing *to, uint32_t depth) {
  for (size_t i = 0; i < pictures->count; i++)
    if (!xdi_listing_take(f->context, to, xdi_join_path(f->context, below, pictures->names[i])))
      return xdi_fail_memory(f->context, "listing a folder");
  for (size_t i = 0; i < nested->count; i++) {
    char *path = xdi_join_path(f->context, below, nested->names[i]);
    const xd_status status =
        path ? list_below(f, path, to, depth + 1) : xdi_fail_memory(f->context, "listing a folder");
    xdi_release(&f->context->allocator, path);
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

/* Adds the pictures below f->path/below, at any depth; a link that leads back up ends at the limit. */
static xd_status list_below(folder *f, const char *below, xdi_listing *to, uint32_t depth) {
  xdi_listing nested = {NULL, 0, 0}, pictures = {NULL, 0, 0};
  if (depth > DEPTH_LIMIT)
    return xdi_fail(f->context, XD_ERROR_BAD_DATA, "'%s/%s' lies more than %d folders deep", f->path, below,
                    DEPTH_LIMIT);
  char *path = xdi_join_path(f->context, f->path, below);
  if (!path)
    return xdi_fail_memory(f->context, "listing a folder");
  xd_status status = xdi_list_folder(f->context, path, &nested, &pictures, &f->others);
  if (status == XD_OK)
    status = take_folder(f, below, &nested, &pictures, to, depth);
  xdi_listing_clear(f->context, &nested);
  xdi_listing_clear(f->context, &pictures);
  xdi_release(&f->context->allocator, path);
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

/* What a set leaves out is told, at a level that hosts show. */
static void tell_passed_over(const folder *f) {
  if (f->others.count)
    xdi_log(f->context, XD_LOG_WARNING,
            "'%s': passed over %zu files that are not PNG, JPEG, BMP or PNM by name, '%s' the first", f->path,
            f->others.count, f->others.first);
  if (f->classes.count && f->pictures.count)
    xdi_log(f->context, XD_LOG_WARNING,
            "'%s': passed over %zu pictures beside the folders of the classes, '%s/%s' the first", f->path,
            f->pictures.count, f->path, f->pictures.names[0]);
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
      return xdi_fail_memory(f->context, "listing a folder");
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
  f->draft.count = (uint32_t)count;
  f->draft.labelled = f->classes.count > 0;
  return XD_OK;
}

/* ---- pictures ---- */

/* The first picture settles what the caller left open. */
static xd_status settle(folder *f, const xdi_view *first) {
  size_t bytes;
  xdi_draft *draft = &f->draft;
  if (!f->resizes) {
    draft->width = first->width;
    draft->height = first->height;
  }
  if (draft->channels == 0)
    draft->channels = first->channels <= 2 ? 1 : 3;
  xd_status status = xdi_draft_size(f->context, draft, f->path, &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(f->context, draft, bytes);
  return status == XD_OK ? xdi_draft_make_labels(f->context, draft) : status;
}

static xd_status place_picture(folder *f, const char *path, const xdi_view *from, uint32_t label) {
  xdi_draft *draft = &f->draft;
  xd_status status = draft->memory ? XD_OK : settle(f, from);
  if (status != XD_OK)
    return status;
  if (!f->resizes && (from->width != draft->width || from->height != draft->height))
    return xdi_fail(f->context, XD_ERROR_SHAPE_MISMATCH,
                    "'%s' has %ux%u pixels, the pictures before it %ux%u", path, from->width, from->height,
                    draft->width, draft->height);
  size_t step = (size_t)draft->width * draft->height * draft->channels;
  const xdi_view to =
      xdi_view_of(draft->pixels + f->done * step, draft->width, draft->height, draft->channels, XD_SAMPLE_U8);
  status = xdi_view_resize(f->context, &to, from);
  draft->labels[f->done] = (uint8_t)label;
  f->done++;
  return status;
}

static xd_status read_picture(folder *f, const char *name, uint32_t label) {
  xd_picture *picture = NULL;
  xd_image image = XD_IMAGE_INIT;
  xdi_view view;
  xd_status status = xdi_check_cancelled(f->context);
  if (status != XD_OK)
    return status;
  char *path = xdi_join_path(f->context, f->path, name);
  if (!path)
    return xdi_fail_memory(f->context, "reading a folder");
  status = xd_picture_load(&picture, f->context, path);
  if (status == XD_OK) {
    (void)xd_picture_view(picture, &image);
    image.policy = XD_ALPHA_COMPOSITE; /* on black */
    status = xdi_view_open(f->context, &view, &image, "picture");
    if (status == XD_OK)
      status = place_picture(f, path, &view, label);
  }
  xd_picture_destroy(picture);
  xdi_release(&f->context->allocator, path);
  return status;
}

static xd_status read_list(folder *f, const xdi_listing *list, uint32_t label) {
  for (size_t i = 0; i < list->count; i++) {
    xd_status status = read_picture(f, list->names[i], label);
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
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
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    xd_status status = f->names[label] ? read_class(f, label) : XD_OK;
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

static void clear_folder(folder *f) {
  for (size_t i = 0; f->of_class && i < f->classes.count; i++)
    xdi_listing_clear(f->context, &f->of_class[i]);
  xdi_release(&f->context->allocator, f->of_class);
  xdi_release(&f->context->allocator, f->others.first);
  xdi_listing_clear(f->context, &f->classes);
  xdi_listing_clear(f->context, &f->pictures);
  xdi_draft_discard(f->context, &f->draft);
}

static xd_status check_arguments(xd_context *context, uint32_t width, uint32_t height, uint32_t channels) {
  if ((width == 0) != (height == 0) || width > XDI_SIDE_LIMIT || height > XDI_SIDE_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load_folder: a size of %ux%u", width,
                    height);
  if (channels != 0 && channels != 1 && channels != 3)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_dataset_load_folder: channels is %u, not 0, 1 or 3", channels);
  return XD_OK;
}

xd_status xd_dataset_load_folder(xd_dataset **out, xd_context *context, const char *path, uint32_t width,
                                 uint32_t height, uint32_t channels) {
  folder f;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load_folder: %s is NULL",
                    out ? "path" : "out");
  xd_status status = check_arguments(context, width, height, channels);
  if (status != XD_OK)
    return status;
  memset(&f, 0, sizeof f);
  f.context = context;
  f.path = path;
  f.resizes = width != 0;
  f.draft.width = width;
  f.draft.height = height;
  f.draft.channels = channels;
  f.draft.names = f.names;
  status = list_all(&f);
  if (status == XD_OK)
    tell_passed_over(&f);
  if (status == XD_OK)
    status = read_all(&f);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &f.draft);
  clear_folder(&f);
  return status;
}
