/* Reading a set picture by picture. The first picture settles the size; the first that has colours turns a set
 * that was grey until then into one of colours, so that no order of names decides about that. */
#include "data/reading.h"

#include <string.h>

#include "base/memory.h"
#include "base/sized.h"
#include "base/tell.h"
#include "image/resize.h"

void xd_dataset_options_init(xd_dataset_options *options, size_t struct_size) {
  const xd_dataset_options defaults = XD_DATASET_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_dataset_options_read(xd_context *context, xd_dataset_options *to,
                                   const xd_dataset_options *from) {
  *to = (xd_dataset_options)XD_DATASET_OPTIONS_INIT;
  xd_status status = from ? xdi_sized_read(context, to, from, XDI_SIZED(xd_dataset_options, user)) : XD_OK;
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_dataset_options.skip_bad", to->skip_bad);
  if (status == XD_OK)
    status = xdi_check_reserved(context, "xd_dataset_options.reserved", to->reserved);
  if (status != XD_OK)
    return status;
  if ((to->width == 0) != (to->height == 0) || to->width > XDI_SIDE_LIMIT || to->height > XDI_SIDE_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_options: a size of %ux%u", to->width,
                    to->height);
  if (to->channels != 0 && to->channels != 1 && to->channels != 3)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_options.channels is %u, not 0, 1 or 3",
                    to->channels);
  if (to->fit > XD_FIT_CROP)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_options.fit is %u, no xd_fit", to->fit);
  return XD_OK;
}

xd_status xdi_reading_begin(xdi_reading *out, xd_context *context, const xd_dataset_options *options,
                            const char *name, uint32_t room) {
  *out = (xdi_reading){.context = context, .options = *options, .name = name, .room = room};
  out->draft.width = options->width;
  out->draft.height = options->height;
  out->draft.channels = options->channels;
  memcpy(out->message, context->message, sizeof out->message);
  out->draft.origin = xdi_origin_create(&context->allocator);
  return out->draft.origin ? XD_OK : xdi_fail_memory(context, "reading a set");
}

/* ---- one picture ---- */

static xd_status make_room(xdi_reading *r) {
  size_t bytes;
  xdi_draft sized = r->draft;
  sized.count = r->room;
  xd_status status = xdi_draft_size(r->context, &sized, r->name, &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(r->context, &sized, bytes);
  if (status == XD_OK && !sized.labels)
    status = xdi_draft_make_labels(r->context, &sized);
  sized.count = r->draft.count;
  r->draft = sized;
  r->broken = status != XD_OK;
  return status;
}

static xd_status settle(xdi_reading *r, const xdi_view *first) {
  if (r->draft.width == 0) {
    r->draft.width = first->width;
    r->draft.height = first->height;
  }
  if (r->draft.channels == 0)
    r->draft.channels = first->channels <= 2 ? 1 : 3;
  return make_room(r);
}

/* The grey pictures so far become coloured ones. */
static xd_status widen(xdi_reading *r) {
  void *const grey_memory = r->draft.memory;
  const uint8_t *grey = r->draft.pixels;
  const size_t count = (size_t)r->draft.count * r->draft.width * r->draft.height;
  r->draft.channels = 3;
  r->draft.memory = NULL;
  const xd_status status = make_room(r);
  for (size_t i = 0; i < count && status == XD_OK; i++)
    memset(r->draft.pixels + 3 * i, grey[i], 3);
  xdi_release(&r->context->allocator, grey_memory);
  return status;
}

static xd_status check_size(const xdi_reading *r, const xdi_view *picture, const char *place) {
  const bool fits = picture->width == r->draft.width && picture->height == r->draft.height;
  if (fits || (r->options.width && r->options.fit != XD_FIT_EXACT))
    return XD_OK;
  return xdi_fail(r->context, XD_ERROR_SHAPE_MISMATCH, "'%s' has %ux%u pixels, %s %ux%u", place,
                  picture->width, picture->height, r->options.width ? "wanted are" : "the pictures before it",
                  r->draft.width, r->draft.height);
}

xd_status xdi_reading_take(xdi_reading *r, const xdi_view *picture, uint32_t label, const char *name,
                           const char *place) {
  xdi_draft *draft = &r->draft;
  xd_status status = XD_OK;
  if (draft->memory || draft->width)
    status = check_size(r, picture, place);
  if (status == XD_OK && !draft->memory)
    status = settle(r, picture);
  if (status == XD_OK && r->options.channels == 0 && draft->channels == 1 && picture->channels > 2)
    status = widen(r);
  if (status != XD_OK)
    return status;
  const size_t step = (size_t)draft->width * draft->height * draft->channels;
  const xdi_view to = xdi_view_of(draft->pixels + draft->count * step, draft->width, draft->height,
                                  draft->channels, XD_SAMPLE_U8);
  status = xdi_view_fit(r->context, &to, picture, r->options.width ? r->options.fit : XD_FIT_EXACT);
  if (status == XD_OK && name && !xdi_listing_add(&r->context->allocator, &draft->origin->pictures, name))
    status = xdi_fail_memory(r->context, "reading a set");
  if (status == XD_OK)
    draft->labels[draft->count++] = (uint8_t)label;
  return status;
}

/* ---- steps ---- */

void xdi_reading_open(xdi_reading *r) {
  if (r->options.skip_bad)
    xdi_silence(r->context);
}

/* Whether the fault lies in the picture and not in its surroundings. */
static bool is_bad(xd_status status) {
  return status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED ||
         status == XD_ERROR_TOO_LARGE || status == XD_ERROR_SHAPE_MISMATCH;
}

static xd_status leave_out(xdi_reading *r) {
  if (!xdi_origin_leave_out(r->draft.origin, XD_LEFT_OUT_BAD, r->context->message))
    return xdi_fail_memory(r->context, "reading a set");
  xdi_log(r->context, XD_LOG_WARNING, "left out: %s", r->context->message);
  return XD_OK;
}

xd_status xdi_reading_step(xdi_reading *r, xd_status status) {
  r->asked++;
  if (r->options.skip_bad) {
    xdi_speak(r->context);
    if (is_bad(status) && !r->broken)
      status = leave_out(r);
    else if (status != XD_OK)
      return xdi_fail(r->context, status, "%s", r->context->message);
  }
  return status == XD_OK ? xdi_tell_step(r->context, r->options.callback, r->options.user, XD_STAGE_SET,
                                         r->asked, r->room, NULL)
                         : status;
}

xd_status xdi_reading_finish(xd_dataset **out, xdi_reading *r) {
  xd_status status = XD_OK;
  if (r->draft.count == 0)
    status = xdi_fail(r->context, XD_ERROR_NOT_FOUND, "'%s' has no picture that can be read: %s", r->name,
                      r->context->message);
  if (status == XD_OK)
    status = xdi_draft_finish(out, r->context, &r->draft);
  if (status == XD_OK)
    memcpy(r->context->message, r->message, sizeof r->message);
  xdi_reading_discard(r);
  return status;
}

void xdi_reading_discard(xdi_reading *r) {
  xdi_draft_discard(r->context, &r->draft);
}
