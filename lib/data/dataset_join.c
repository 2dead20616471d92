/* One set of several: pictures of one shape, copied one set after the other. */
#include <string.h>

#include "data/dataset.h"

typedef struct joint {
  xd_context *context;
  const xd_dataset *const *sets;
  uint32_t count;
  const char *names[XD_CLASS_LIMIT]; /* by label, borrowed from the sets */
  xdi_draft draft;
} joint;

static const char *own_name(const xd_dataset *set, uint32_t label) {
  return set->store->names + set->store->name_at[label];
}

static xd_status name_classes(joint *j, uint32_t at) {
  const xd_dataset *set = j->sets[at];
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const char *name = own_name(set, label), **given = &j->names[label];
    if (set->class_sizes[label] == 0 || xdi_is_class_number(name, label))
      continue;
    if (*given && strcmp(*given, name) != 0)
      return xdi_fail(j->context, XD_ERROR_INVALID_ARGUMENT,
                      "xd_dataset_join: class %u is '%s' in sets[%u], but '%s' in a set before it", label,
                      name, at, *given);
    *given = name;
  }
  return XD_OK;
}

static xd_status check_fit(const joint *j, uint32_t at) {
  const xdi_store *first = j->sets[0]->store, *store = j->sets[at]->store;
  if (store->height != first->height || store->width != first->width || store->channels != first->channels)
    return xdi_fail(j->context, XD_ERROR_SHAPE_MISMATCH,
                    "xd_dataset_join: sets[%u] has pictures of %ux%ux%u, sets[0] of %ux%ux%u", at,
                    store->width, store->height, store->channels, first->width, first->height,
                    first->channels);
  if (store->labelled != first->labelled)
    return xdi_fail(j->context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_join: sets[%u] has %s", at,
                    store->labelled ? "labels, but sets[0] has none" : "no labels, but sets[0] has");
  return XD_OK;
}

/* Checks every set against the first, and settles what the draft is to hold. */
static xd_status settle(joint *j) {
  const xdi_store *first = j->sets[0]->store;
  for (uint32_t i = 0; i < j->count; i++) {
    xd_status status = check_fit(j, i);
    if (status == XD_OK)
      status = name_classes(j, i);
    if (status != XD_OK)
      return status;
    if (j->sets[i]->count > UINT32_MAX - j->draft.count)
      return xdi_fail(j->context, XD_ERROR_TOO_LARGE, "xd_dataset_join: more than %u pictures", UINT32_MAX);
    j->draft.count += j->sets[i]->count;
  }
  j->draft.width = first->width;
  j->draft.height = first->height;
  j->draft.channels = first->channels;
  j->draft.labelled = first->labelled;
  j->draft.names = j->names;
  return XD_OK;
}

/* The names of all pictures, and what was left out of any set; nothing where no set knows of such. */
static xd_status join_origins(joint *j) {
  bool known = false, joined = true;
  for (uint32_t i = 0; i < j->count; i++)
    known = known || j->sets[i]->store->origin;
  if (!known)
    return XD_OK;
  j->draft.origin = xdi_origin_create(&j->context->allocator);
  for (uint32_t i = 0; i < j->count && j->draft.origin && joined; i++)
    joined =
        xdi_origin_append(j->draft.origin, j->sets[i]->store->origin, j->sets[i]->index, j->sets[i]->count);
  return j->draft.origin && joined ? XD_OK : xdi_fail_memory(j->context, "joining sets");
}

static xd_status copy_all(joint *j) {
  size_t step = j->sets[0]->store->step, done = 0;
  for (uint32_t i = 0; i < j->count; i++) {
    xd_status status = xdi_check_cancelled(j->context);
    if (status != XD_OK)
      return status;
    for (uint32_t k = 0; k < j->sets[i]->count; k++, done++) {
      memcpy(j->draft.pixels + done * step, xd_dataset_pixels(j->sets[i], k), step);
      j->draft.labels[done] = (uint8_t)xd_dataset_label(j->sets[i], k);
    }
  }
  return XD_OK;
}

static xd_status join(xd_dataset **out, joint *j) {
  size_t bytes;
  xd_status status = settle(j);
  if (status == XD_OK)
    status = xdi_draft_size(j->context, &j->draft, "xd_dataset_join", &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(j->context, &j->draft, bytes);
  if (status == XD_OK)
    status = xdi_draft_make_labels(j->context, &j->draft);
  if (status == XD_OK)
    status = join_origins(j);
  if (status == XD_OK)
    status = copy_all(j);
  if (status == XD_OK)
    status = xdi_draft_finish(out, j->context, &j->draft);
  xdi_draft_discard(j->context, &j->draft);
  return status;
}

xd_status xd_dataset_join(xd_dataset **out, xd_context *context, const xd_dataset *const *sets,
                          uint32_t count) {
  joint j;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !sets)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_join: %s is NULL", out ? "sets" : "out");
  if (count == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_join: count is 0");
  for (uint32_t i = 0; i < count; i++)
    if (!sets[i])
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_join: sets[%u] is NULL", i);
  memset(&j, 0, sizeof j);
  j.context = context;
  j.sets = sets;
  j.count = count;
  return join(out, &j);
}
