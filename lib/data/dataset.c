/* The handle of a set of labelled pictures, and its building from parts. A set holds one reference on
 * its store; selections hold one on the same store, so that the set they came from may go first. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- drafts ---- */

xd_status xdi_draft_size(xd_context *context, const xdi_draft *draft, const char *name, size_t *bytes) {
  size_t step, total;
  if (draft->count == 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s' has 0 pictures", name);
  if (draft->width < 1 || draft->width > 65535 || draft->height < 1 || draft->height > 65535)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': pictures of %ux%u pixels; sides are 1 to 65535", name,
                    draft->width, draft->height);
  if (draft->channels != 1 && draft->channels != 3)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "'%s': pictures of %u channels, not 1 or 3", name,
                    draft->channels);
  if (!xdi_multiply((size_t)draft->width * draft->height, draft->channels, &step) ||
      !xdi_multiply(step, draft->count, &total) || total > XDI_PIXEL_BYTES_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "'%s': %u pictures of %ux%ux%u take more than %zu bytes",
                    name, draft->count, draft->width, draft->height, draft->channels, XDI_PIXEL_BYTES_LIMIT);
  *bytes = total;
  return XD_OK;
}

xd_status xdi_draft_make_pixels(xd_context *context, xdi_draft *draft, size_t bytes) {
  draft->memory = draft->pixels = xdi_allocate(&context->allocator, bytes, 1);
  if (draft->memory)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory for %zu bytes of pixels", bytes);
}

xd_status xdi_draft_make_labels(xd_context *context, xdi_draft *draft) {
  draft->labels = xdi_allocate_zeroed(&context->allocator, draft->count, 1);
  if (draft->labels)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory for %u labels", draft->count);
}

void xdi_draft_discard(xd_context *context, xdi_draft *draft) {
  xdi_release(&context->allocator, draft->memory);
  xdi_release(&context->allocator, draft->labels);
  xdi_origin_release(draft->origin);
  draft->memory = NULL;
  draft->pixels = draft->labels = NULL;
  draft->origin = NULL;
}

/* ---- stores ---- */

/* The name of a class that has none of its own is its number. */
static const char *name_class(const char *const *names, uint32_t label, char number[8]) {
  if (names && names[label])
    return names[label];
  snprintf(number, 8, "%u", label);
  return number;
}

static char *make_names(xdi_store *store, const char *const *names) {
  char number[8];
  size_t size = 1, at = 1;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    size += strlen(name_class(names, label, number)) + 1;
  char *text = xdi_allocate_zeroed(&store->allocator, size, 1);
  for (uint32_t label = 0; text && label < XD_CLASS_LIMIT; label++) {
    const char *name = name_class(names, label, number);
    size_t length = strlen(name);
    memcpy(text + at, name, length);
    store->name_at[label] = (uint32_t)at;
    at += length + 1;
  }
  return text;
}

/* Without pixels and labels yet, so that a failure leaves those to the draft. */
static xdi_store *make_store(xd_context *context, const xdi_draft *draft) {
  xdi_store *store = xdi_allocate_zeroed(&context->allocator, 1, sizeof *store);
  if (!store)
    return NULL;
  xdi_owners_begin(&store->references);
  store->allocator = context->allocator;
  store->count = draft->count;
  store->width = draft->width;
  store->height = draft->height;
  store->channels = draft->channels;
  store->labelled = draft->labelled;
  store->step = (size_t)draft->width * draft->height * draft->channels;
  store->names = make_names(store, draft->names);
  if (store->names)
    return store;
  xdi_release(&context->allocator, store);
  return NULL;
}

static void release_store(xdi_store *store) {
  if (!xdi_owners_drop(&store->references))
    return;
  xd_allocator allocator = store->allocator;
  if (store->parent)
    release_store(store->parent);
  xdi_release(&allocator, store->memory);
  xdi_release(&allocator, store->labels);
  xdi_release(&allocator, store->names);
  xdi_origin_release(store->origin);
  xdi_release(&allocator, store);
}

/* ---- sets ---- */

/* Takes over one reference on the store, and the index, on success. */
static xd_dataset *make_set(xd_context *context, xdi_store *store, uint32_t *index, uint32_t count) {
  xd_dataset *set = xdi_allocate_zeroed(&context->allocator, 1, sizeof *set);
  if (!set)
    return NULL;
  xdi_owners_begin(&set->references);
  set->allocator = context->allocator;
  set->store = store;
  set->index = index;
  set->count = count;
  for (uint32_t i = 0; store->labels && i < count; i++)
    set->class_sizes[store->labels[xdi_dataset_place(set, i)]]++;
  return set;
}

xd_status xdi_draft_finish(xd_dataset **out, xd_context *context, xdi_draft *draft) {
  xdi_store *store = make_store(context, draft);
  if (!store)
    return xdi_fail_memory(context, "making a dataset");
  store->labels = draft->labels;
  xd_dataset *set = make_set(context, store, NULL, draft->count);
  if (!set) {
    store->labels = NULL; /* still the draft's */
    release_store(store);
    return xdi_fail_memory(context, "making a dataset");
  }
  store->memory = draft->memory;
  store->pixels = draft->pixels;
  store->origin = draft->origin;
  draft->memory = NULL;
  draft->pixels = draft->labels = NULL;
  draft->origin = NULL;
  *out = set;
  return XD_OK;
}

xd_status xdi_dataset_share(xd_dataset **out, xd_context *context, const xd_dataset *set, uint32_t *index,
                            uint32_t count) {
  xd_dataset *shared = make_set(context, set->store, index, count);
  if (!shared)
    return xdi_fail_memory(context, "making a selection");
  xdi_owners_add(&set->store->references);
  *out = shared;
  return XD_OK;
}

/* The labels of the whole store, and the places of the pictures that stay; *index is the caller's. */
static xd_status list_relabelled(xd_context *context, xdi_store *store, const xd_dataset *set,
                                 const uint32_t *to, bool by_picture, uint32_t **index, uint32_t *count) {
  store->labels = xdi_allocate_zeroed(&context->allocator, store->count, 1);
  *index = store->labels ? xdi_allocate(&context->allocator, set->count, sizeof **index) : NULL;
  *count = 0;
  if (!*index)
    return xdi_fail_memory(context, "giving classes other numbers");
  for (uint32_t i = 0; i < set->count; i++) {
    const uint32_t place = xdi_dataset_place(set, i), label = to[by_picture ? i : set->store->labels[place]];
    if (label == XDI_NO_CLASS)
      continue;
    store->labels[place] = (uint8_t)label;
    (*index)[(*count)++] = place;
  }
  return XD_OK;
}

static xd_status relabel(xd_dataset **out, xd_context *context, const xd_dataset *set, const uint32_t *to,
                         bool by_picture, const char *const *names) {
  const xdi_store *old = set->store;
  const xdi_draft draft = {.count = old->count,
                           .width = old->width,
                           .height = old->height,
                           .channels = old->channels,
                           .names = names,
                           .labelled = by_picture || old->labelled};
  uint32_t *index = NULL, count = 0;
  xdi_store *store = make_store(context, &draft);
  if (!store)
    return xdi_fail_memory(context, "giving classes other numbers");
  store->parent = set->store;
  store->pixels = old->pixels;
  store->origin = xdi_origin_retain(old->origin);
  xdi_owners_add(&set->store->references);
  xd_status status = list_relabelled(context, store, set, to, by_picture, &index, &count);
  if (status == XD_OK) {
    *out = make_set(context, store, index, count);
    if (*out)
      return XD_OK;
    status = xdi_fail_memory(context, "giving classes other numbers");
  }
  xdi_release(&context->allocator, index);
  release_store(store);
  return status;
}

xd_status xdi_dataset_relabel(xd_dataset **out, xd_context *context, const xd_dataset *set,
                              const uint32_t *to, const char *const *names) {
  return relabel(out, context, set, to, false, names);
}

xd_status xdi_dataset_label(xd_dataset **out, xd_context *context, const xd_dataset *set,
                            const uint32_t *labels, const char *const *names) {
  return relabel(out, context, set, labels, true, names);
}

static xd_status copy_parts(xd_context *context, xdi_draft *draft, const uint8_t *pixels,
                            const uint32_t *labels) {
  size_t bytes;
  xd_status status = xdi_draft_size(context, draft, "xd_dataset_create", &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(context, draft, bytes);
  if (status == XD_OK)
    status = xdi_draft_make_labels(context, draft);
  if (status != XD_OK)
    return status;
  memcpy(draft->pixels, pixels, bytes);
  for (uint32_t i = 0; labels && i < draft->count; i++) {
    if (labels[i] >= XD_CLASS_LIMIT)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_create: labels[%u] is %u, not below %u",
                      i, labels[i], XD_CLASS_LIMIT);
    draft->labels[i] = (uint8_t)labels[i];
  }
  return XD_OK;
}

xd_status xd_dataset_create(xd_dataset **out, xd_context *context, const uint8_t *pixels,
                            const uint32_t *labels, uint32_t count, uint32_t width, uint32_t height,
                            uint32_t channels) {
  xdi_draft draft = {
      .count = count, .width = width, .height = height, .channels = channels, .labelled = labels != NULL};
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !pixels)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_create: %s is NULL",
                    out ? "pixels" : "out");
  xd_status status = copy_parts(context, &draft, pixels, labels);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &draft);
  xdi_draft_discard(context, &draft);
  /* What is wrong in a file is a mistake in a call. */
  return status == XD_ERROR_BAD_DATA ? XD_ERROR_INVALID_ARGUMENT : status;
}

xd_dataset *xd_dataset_retain(const xd_dataset *set) {
  xd_dataset *shared = (xd_dataset *)set; /* the count is no part of what const promises */
  if (shared)
    xdi_owners_add(&shared->references);
  return shared;
}

void xd_dataset_release(const xd_dataset *set) {
  xd_dataset *shared = (xd_dataset *)set;
  if (!shared || !xdi_owners_drop(&shared->references))
    return;
  const xd_allocator allocator = shared->allocator;
  release_store(shared->store);
  xdi_release(&allocator, shared->index);
  xdi_release(&allocator, shared);
}

/* ---- reading ---- */

uint32_t xd_dataset_count(const xd_dataset *set) {
  return set ? set->count : 0;
}

uint32_t xd_dataset_width(const xd_dataset *set) {
  return set ? set->store->width : 0;
}

uint32_t xd_dataset_height(const xd_dataset *set) {
  return set ? set->store->height : 0;
}

uint32_t xd_dataset_channels(const xd_dataset *set) {
  return set ? set->store->channels : 0;
}

uint32_t xd_dataset_label(const xd_dataset *set, uint32_t index) {
  if (!set || index >= set->count)
    return 0;
  return set->store->labels[xdi_dataset_place(set, index)];
}

int xd_dataset_has_labels(const xd_dataset *set) {
  return set && set->store->labelled;
}

uint32_t xd_dataset_class_size(const xd_dataset *set, uint32_t label) {
  return set && label < XD_CLASS_LIMIT ? set->class_sizes[label] : 0;
}

const char *xd_dataset_class_name(const xd_dataset *set, uint32_t label) {
  if (xd_dataset_class_size(set, label) == 0)
    return "";
  return set->store->names + set->store->name_at[label];
}

const uint8_t *xd_dataset_pixels(const xd_dataset *set, uint32_t index) {
  if (!set || index >= set->count)
    return NULL;
  return set->store->pixels + set->store->step * xdi_dataset_place(set, index);
}

const char *xd_dataset_picture_name(const xd_dataset *set, uint32_t index) {
  const xdi_origin *origin = set ? set->store->origin : NULL;
  if (!origin || index >= set->count)
    return "";
  const uint32_t place = xdi_dataset_place(set, index);
  return place < origin->pictures.count ? origin->pictures.names[place] : "";
}

/* NULL where there is no such list. */
static const xdi_listing *find_left_out(const xd_dataset *set, xd_left_out why) {
  const xdi_origin *origin = set ? set->store->origin : NULL;
  return origin && why >= 1 && why <= XDI_LEFT_OUT_KINDS ? &origin->left_out[why - 1] : NULL;
}

size_t xd_dataset_left_out_count(const xd_dataset *set, xd_left_out why) {
  const xdi_listing *list = find_left_out(set, why);
  return list ? list->count : 0;
}

const char *xd_dataset_left_out(const xd_dataset *set, xd_left_out why, size_t index) {
  const xdi_listing *list = find_left_out(set, why);
  return list && index < list->count ? list->names[index] : NULL;
}

bool xdi_dataset_is_same(const xd_dataset *first, const xd_dataset *second) {
  const uint32_t count = xd_dataset_count(first);
  const xd_shape shape = xdi_set_shape(first);
  const size_t size = xdi_cells(shape);
  if (count != xd_dataset_count(second) || !xdi_shape_equal(shape, xdi_set_shape(second)))
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (memcmp(xd_dataset_pixels(first, i), xd_dataset_pixels(second, i), size) != 0)
      return false;
  return true;
}
