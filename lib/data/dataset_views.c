/* Sets of a host's own pictures, described by views, and the names that classes get. */
#include <stdio.h>
#include <string.h>

#include "base/sized.h"
#include "data/reading.h"

typedef struct gallery {
  const xd_image *images;
  size_t step; /* bytes from a view to the next, the size of the caller's version of the struct */
  const uint32_t *labels;
  uint32_t count;
} gallery;

static const xd_image *view_at(const gallery *from, uint32_t index) {
  return (const xd_image *)(const void *)((const char *)from->images + index * from->step);
}

static xd_status check_labels(xd_context *context, const gallery *from) {
  for (uint32_t i = 0; from->labels && i < from->count; i++)
    if (from->labels[i] >= XD_CLASS_LIMIT)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "xd_dataset_create_views: labels[%u] is %u, not below %u", i, from->labels[i],
                      XD_CLASS_LIMIT);
  return XD_OK;
}

static xd_status take_view(xdi_reading *reading, const gallery *from, uint32_t index) {
  char name[32];
  xdi_view view;
  snprintf(name, sizeof name, "images[%u]", index);
  xd_status status = xdi_check_cancelled(reading->context);
  if (status != XD_OK)
    return status;
  xdi_reading_open(reading);
  status = xdi_view_open_input(reading->context, &view, view_at(from, index), name);
  if (status == XD_OK)
    status = xdi_reading_take(reading, &view, from->labels ? from->labels[index] : 0, NULL, name);
  return xdi_reading_step(reading, status);
}

static xd_status read_views(xd_dataset **out, xd_context *context, const gallery *from,
                            const char *const *names, const xd_dataset_options *options) {
  xdi_reading reading;
  xd_status status = xdi_reading_begin(&reading, context, options, "xd_dataset_create_views", from->count);
  if (status != XD_OK)
    return status;
  reading.draft.names = names;
  reading.draft.labelled = from->labels != NULL;
  for (uint32_t i = 0; i < from->count && status == XD_OK; i++)
    status = take_view(&reading, from, i);
  if (status == XD_OK)
    return xdi_reading_finish(out, &reading);
  xdi_reading_discard(&reading);
  return status;
}

xd_status xd_dataset_create_views(xd_dataset **out, xd_context *context, const xd_image *images,
                                  const uint32_t *labels, uint32_t count, const char *const *names,
                                  uint32_t name_count, const xd_dataset_options *options) {
  const char *placed[XD_CLASS_LIMIT];
  xd_dataset_options chosen;
  gallery from = {.images = images, .labels = labels, .count = count};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !images)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_create_views: %s is NULL",
                    out ? "images" : "out");
  if (count == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_create_views: count is 0");
  xd_status status = xdi_dataset_options_read(context, &chosen, options);
  if (status == XD_OK)
    status = xdi_sized_check_array(context, images, count, XDI_SIZED(xd_image, reserved), &from.step);
  if (status == XD_OK)
    status = check_labels(context, &from);
  if (status == XD_OK)
    status = xdi_check_class_names(context, names, name_count, "xd_dataset_create_views");
  if (status != XD_OK)
    return status;
  xdi_place_class_names(placed, names, name_count);
  return read_views(out, context, &from, placed, &chosen);
}

xd_status xd_dataset_with_class_names(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                      const char *const *names, uint32_t count) {
  const char *placed[XD_CLASS_LIMIT];
  uint32_t same[XD_CLASS_LIMIT];
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_with_class_names: %s is NULL",
                    out ? "set" : "out");
  const xd_status status = xdi_check_class_names(context, names, count, "xd_dataset_with_class_names");
  if (status != XD_OK)
    return status;
  xdi_place_class_names(placed, names, count);
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    same[label] = label;
  return xdi_dataset_relabel(out, context, set, same, placed);
}
