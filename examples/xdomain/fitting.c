/* One size for a folder whose pictures have several, or one that no VAE takes: the medians of their widths and
 * heights, made smaller together where the larger is above SIDE_CHOSEN. size=WxH in a SPEC comes before. */
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "lanes.h"
#include "sets.h"
#include <xdomain/unstable/spec.h>

enum { SIDE_LEAST = 8, SIDE_MOST = 256, SIDE_CHOSEN = 128 };

/* ---- What a word says ---- */

/* A plain folder, there or not, is a SPEC without a kind, whose marks have no backslashes; the caller frees it. */
static char *spell_spec(const char *word) {
  if (is_spec(word) || (!is_folder(word) && (!*word || strpbrk(word, ":;|"))))
    return strdup(word);
  char *spec = malloc(strlen("dir:") + 2 * strlen(word) + 1), *to = spec ? stpcpy(spec, "dir:") : NULL;
  for (; to && *word; *to++ = *word++)
    if (strchr(";|,:\\", *word))
      *to++ = '\\';
  if (to)
    *to = '\0';
  return spec;
}

/* Whether a SPEC has an option that begins so; a ';' behind a backslash is of a path. */
static bool has_option(const char *spec, const char *option) {
  for (; *spec; spec++)
    if (*spec == ';' && !strncmp(spec + 1, option, strlen(option)))
      return true;
    else if (*spec == '\\' && spec[1])
      spec++;
  return false;
}

/* The folder of a SPEC that leaves the size open, to be freed; NULL for anything else. */
static char *open_folder(const runtime *r, const char *spec) {
  const size_t size = strlen(spec) + 1;
  char *path = has_option(spec, "size=") ? NULL : malloc(size);
  const bool one = path && xd_dataset_spec_path(r->context, path, size, spec, 1) == XD_OK && !*path &&
                   xd_dataset_spec_path(r->context, path, size, spec, 0) == XD_OK && is_folder(path);
  if (one)
    return path;
  free(path);
  return NULL;
}

/* ---- Sizes of pictures ---- */

typedef struct picture_sizes {
  picture_files files;
  uint32_t *widths, *heights; /* 0 until it is known */
  size_t count;
} picture_sizes;

static void free_sizes(picture_sizes *sizes) {
  free(sizes->widths);
  free(sizes->heights);
}

/* Pictures, and folders, that cannot be read are left for the loader to tell. */
static void find_size(void *user, xd_context *context, uint32_t i) {
  picture_sizes *sizes = user;
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  if (xd_picture_load(&picture, context, sizes->files.items[i].path) == XD_OK &&
      xd_picture_view(picture, &view) == XD_OK) {
    sizes->widths[i] = view.width;
    sizes->heights[i] = view.height;
  }
  xd_picture_destroy(picture);
}

/* On lanes; what they leave, kinds that libvips reads among it, on the runtime's context. */
static void find_all_sizes(picture_sizes *sizes, const runtime *r) {
  const uint32_t all = (uint32_t)sizes->files.count;
  lanes on;
  open_lanes(&on, r);
  run_lanes(&on, find_size, sizes, all);
  close_lanes(&on);
  for (uint32_t i = 0; i < all && !signal_received(); i++) {
    if (!sizes->widths[i])
      find_size(sizes, r->context, i);
    if (!sizes->widths[i])
      continue;
    sizes->widths[sizes->count] = sizes->widths[i];
    sizes->heights[sizes->count++] = sizes->heights[i];
  }
}

static int compare_sides(const void *a, const void *b) {
  const uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
  return first < second ? -1 : first > second;
}

/* Sorted. */
static bool find_sizes(picture_sizes *sizes, const runtime *r, const char *folder) {
  picture_files *files = &sizes->files;
  const bool listed = !list_picture_files(files, folder, NULL) && files->count && files->count <= UINT32_MAX;
  sizes->widths = listed ? calloc(files->count, sizeof *sizes->widths) : NULL;
  sizes->heights = listed ? calloc(files->count, sizeof *sizes->heights) : NULL;
  if (sizes->widths && sizes->heights)
    find_all_sizes(sizes, r);
  free_picture_files(files);
  if (!sizes->count)
    return false;
  qsort(sizes->widths, sizes->count, sizeof *sizes->widths, compare_sides);
  qsort(sizes->heights, sizes->count, sizeof *sizes->heights, compare_sides);
  return true;
}

static bool takes_side(uint32_t side) {
  return side >= SIDE_LEAST && side <= SIDE_MOST;
}

/* Whether all are of that one. */
static bool is_size_of_all(const picture_sizes *sizes, uint32_t width, uint32_t height) {
  const size_t last = sizes->count - 1;
  return sizes->count && sizes->widths[0] == width && sizes->widths[last] == width &&
         sizes->heights[0] == height && sizes->heights[last] == height;
}

static uint32_t clamp_side(double side) {
  return side < SIDE_LEAST ? SIDE_LEAST : side > SIDE_CHOSEN ? SIDE_CHOSEN : (uint32_t)(side + 0.5);
}

static void choose_size(const picture_sizes *sizes, xd_dataset_options *options) {
  options->width = sizes->widths[0];
  options->height = sizes->heights[0];
  if (is_size_of_all(sizes, options->width, options->height) && takes_side(options->width) &&
      takes_side(options->height))
    return;
  const double width = sizes->widths[sizes->count / 2], height = sizes->heights[sizes->count / 2];
  const double larger = width > height ? width : height,
               scale = larger > SIDE_CHOSEN ? SIDE_CHOSEN / larger : 1;
  options->width = clamp_side(scale * width);
  options->height = clamp_side(scale * height);
}

/* ---- Loading ---- */

static int show_reading(void *user, const xd_progress *event) {
  progress_count(user, "reading", event->step, event->steps);
  return 0;
}

xd_status read_set(const runtime *r, xd_dataset **out, const char *spec, const xd_dataset_options *options) {
  xd_dataset_options all = XD_DATASET_OPTIONS_INIT;
  progress shown;
  if (options)
    all = *options;
  progress_await(&shown, "reading");
  all.callback = show_reading;
  all.user = &shown;
  const xd_status status = xd_dataset_load(out, r->context, spec, &all);
  progress_end(&shown);
  return status;
}

/* Whether a set may stay as it was read. */
static bool fits(const xd_dataset *set, const xd_shape *shape) {
  const xd_shape is = shape_of_set(set);
  if (shape)
    return same_shape(is, *shape);
  return takes_side(is.width) && takes_side(is.height);
}

static void say_wanted(const char *folder, uint32_t width, uint32_t height) {
  notice("'%s': pictures are stretched to the %ux%u that are wanted", folder, width, height);
}

static void say_size(const char *folder, const picture_sizes *sizes, const xd_dataset_options *options,
                     bool chosen) {
  const size_t last = sizes->count - 1;
  if (is_size_of_all(sizes, options->width, options->height))
    return;
  if (chosen)
    notice(
        "'%s': pictures of %u to %u pixels' width and %u to %u height are stretched to %ux%u; ;size=WxH and "
        ";fit=crop or pad behind it choose otherwise",
        folder, sizes->widths[0], sizes->widths[last], sizes->heights[0], sizes->heights[last],
        options->width, options->height);
  else
    say_wanted(folder, options->width, options->height);
}

static xd_dataset_options options_of_shape(const xd_shape *shape) {
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  options.width = shape->width;
  options.height = shape->height;
  options.channels = shape->channels;
  return options;
}

/* Looks at all sizes first. */
static xd_status load_in_one_size(const runtime *r, xd_dataset **out, const char *spec, const char *folder,
                                  const xd_shape *shape) {
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  picture_sizes sizes = {.files = {.quiet = true}};
  const bool found = find_sizes(&sizes, r, folder);
  if (shape)
    options = options_of_shape(shape);
  else if (found)
    choose_size(&sizes, &options);
  const xd_status status = read_set(r, out, spec, &options);
  if (!status && options.width)
    say_size(folder, &sizes, &options, !shape);
  free_sizes(&sizes);
  return status;
}

/* The first reading told whether the sizes are those that are wanted. */
static xd_status load_again(const runtime *r, xd_dataset **out, const char *spec, const char *folder,
                            const xd_shape *shape) {
  const xd_dataset_options options = options_of_shape(shape);
  const bool stretched = xd_dataset_width(*out) != shape->width || xd_dataset_height(*out) != shape->height;
  xd_dataset_release(*out);
  const xd_status status = read_set(r, out, spec, &options);
  if (!status && stretched)
    say_wanted(folder, shape->width, shape->height);
  return status;
}

/* Whether pictures can be of use in one size: they have several, or so large a one that all together do not fit. */
static bool wants_size(xd_status status) {
  return status == XD_ERROR_SHAPE_MISMATCH || status == XD_ERROR_TOO_LARGE;
}

/* As it is, or, where that is of no use, again in one size; what the library warns of it was said by then. */
static xd_status load_folder(runtime *r, xd_dataset **out, const char *spec, const char *folder,
                             const xd_shape *shape) {
  xd_status status = read_set(r, out, spec, NULL);
  if (status == XD_OK ? fits(*out, shape) : !wants_size(status))
    return status;
  r->hushed = true;
  if (shape) {
    status = load_again(r, out, spec, folder, shape);
  } else {
    xd_dataset_release(*out);
    status = load_in_one_size(r, out, spec, folder, NULL);
  }
  r->hushed = false;
  return status;
}

/* What is bad must not be all that has another size than the first picture. */
static xd_status load_spec(runtime *r, xd_dataset **out, const char *spec, const xd_shape *shape) {
  char *folder = open_folder(r, spec);
  const bool skips = has_option(spec, "bad=skip");
  const xd_status status = !folder ? read_set(r, out, spec, NULL)
                           : skips ? load_in_one_size(r, out, spec, folder, shape)
                                   : load_folder(r, out, spec, folder, shape);
  free(folder);
  return status;
}

xd_status name_way_on(runtime *r, xd_status status, const char *spec) {
  const bool bad =
      status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED;
  if (!bad || !strncmp(spec, "idx:", 4) || !strncmp(spec, "mat:", 4) || has_option(spec, "bad="))
    return status;
  return refuse_with(r, status, "%s; ;bad=skip behind the folder leaves such pictures out",
                     xd_context_message(r->context));
}

xd_status load_fitting(runtime *r, xd_dataset **out, const char *spec, const xd_shape *shape) {
  const xd_shape *wanted = shape && shape->width ? shape : NULL; /* conditions have none */
  char *whole = spell_spec(spec);
  xd_status status = whole ? name_way_on(r, load_spec(r, out, whole, wanted), whole) : XD_ERROR_OUT_OF_MEMORY;
  free(whole);
  if (!status && wanted)
    status = check_shape(r, spec, shape_of_set(*out), *wanted);
  return status;
}
