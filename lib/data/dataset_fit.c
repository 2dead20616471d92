/* A set made anew with another picture size or number of channels. */
#include "base/tell.h"
#include "data/reading.h"
#include "image/resize.h"

static xd_status convert_all(xd_context *context, xdi_draft *draft, const xd_dataset *set,
                             const xd_dataset_options *options) {
  const xdi_store *store = set->store;
  size_t step = (size_t)draft->width * draft->height * draft->channels;
  for (uint32_t i = 0; i < draft->count; i++) {
    xd_status status = xdi_check_cancelled(context);
    if (status != XD_OK)
      return status;
    const xdi_view to =
        xdi_view_of(draft->pixels + i * step, draft->width, draft->height, draft->channels, XD_SAMPLE_U8);
    const xdi_view from =
        xdi_view_of(xd_dataset_pixels(set, i), store->width, store->height, store->channels, XD_SAMPLE_U8);
    status = xdi_view_fit(context, &to, &from, options->fit);
    draft->labels[i] = (uint8_t)xd_dataset_label(set, i);
    if (status == XD_OK)
      status =
          xdi_tell_step(context, options->callback, options->user, XD_STAGE_SET, i + 1, draft->count, NULL);
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

/* The names of the pictures that the set has, and what was left out. */
static xd_status keep_origin(xd_context *context, xdi_draft *draft, const xd_dataset *set) {
  xdi_origin *origin = set->store->origin;
  if (!origin)
    return XD_OK;
  draft->origin = set->index ? xdi_origin_create(&context->allocator) : xdi_origin_retain(origin);
  if (draft->origin && (!set->index || xdi_origin_append(draft->origin, origin, set->index, set->count)))
    return XD_OK;
  return xdi_fail_memory(context, "converting a set");
}

static xd_status convert(xd_dataset **out, xd_context *context, const xd_dataset *set,
                         const xd_dataset_options *options) {
  const xdi_store *store = set->store;
  const char *names[XD_CLASS_LIMIT];
  xdi_draft draft = {.count = set->count,
                     .width = options->width,
                     .height = options->height,
                     .channels = options->channels,
                     .names = names,
                     .labelled = store->labelled};
  size_t bytes;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    names[label] = store->names + store->name_at[label];
  xd_status status = xdi_draft_size(context, &draft, "resized set", &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(context, &draft, bytes);
  if (status == XD_OK)
    status = xdi_draft_make_labels(context, &draft);
  if (status == XD_OK)
    status = keep_origin(context, &draft, set);
  if (status == XD_OK)
    status = convert_all(context, &draft, set, options);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &draft);
  xdi_draft_discard(context, &draft);
  return status;
}

/* What the options leave open is the set's. */
static void complete(xd_dataset_options *options, const xdi_store *store) {
  if (options->width == 0) {
    options->width = store->width;
    options->height = store->height;
  }
  if (options->channels == 0)
    options->channels = store->channels;
}

xd_status xd_dataset_fit(xd_dataset **out, xd_context *context, const xd_dataset *set,
                         const xd_dataset_options *options) {
  xd_dataset_options to;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_fit: %s is NULL", out ? "set" : "out");
  const xd_status status = xdi_dataset_options_read(context, &to, options);
  if (status != XD_OK)
    return status;
  const xdi_store *store = set->store;
  complete(&to, store);
  if (to.width != store->width || to.height != store->height || to.channels != store->channels)
    return convert(out, context, set, &to);
  *out = xd_dataset_retain(set);
  return XD_OK;
}
