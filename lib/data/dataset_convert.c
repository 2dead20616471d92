/* A set made anew with another picture size or number of channels. */
#include "data/dataset.h"

#include "image/resize.h"

static xd_status convert_all(xd_context *context, xdi_draft *draft, const xd_dataset *set, xd_fit fit) {
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
    status = xdi_view_fit(context, &to, &from, fit);
    if (status != XD_OK)
      return status;
    draft->labels[i] = (uint8_t)xd_dataset_label(set, i);
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

xd_status xdi_dataset_convert(xd_dataset **out, xd_context *context, const xd_dataset *set, uint32_t width,
                              uint32_t height, uint32_t channels, xd_fit fit) {
  const xdi_store *store = set->store;
  const char *names[XD_CLASS_LIMIT];
  xdi_draft draft = {.count = set->count,
                     .width = width ? width : store->width,
                     .height = height ? height : store->height,
                     .channels = channels ? channels : store->channels,
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
    status = convert_all(context, &draft, set, fit);
  if (status == XD_OK)
    status = xdi_draft_finish(out, context, &draft);
  xdi_draft_discard(context, &draft);
  return status;
}
