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

static xd_status make_room(xdi_reading *reading) {
  size_t bytes;
  xdi_draft sized = reading->draft;
  sized.count = reading->room;
  xd_status status = xdi_draft_size(reading->context, &sized, reading->name, &bytes);
  if (status == XD_OK)
    status = xdi_draft_make_pixels(reading->context, &sized, bytes);
  if (status == XD_OK && !sized.labels)
    status = xdi_draft_make_labels(reading->context, &sized);
  sized.count = reading->draft.count;
  reading->draft = sized;
  reading->broken = status != XD_OK;
  return status;
}

static xd_status settle(xdi_reading *reading, const xdi_view *first) {
  if (reading->draft.width == 0) {
    reading->draft.width = first->width;
    reading->draft.height = first->height;
  }
  if (reading->draft.channels == 0)
    reading->draft.channels = first->channels <= 2 ? 1 : 3;
  return make_room(reading);
}

/* The grey pictures so far become coloured ones. */
static xd_status widen(xdi_reading *reading) {
  void *const grey_memory = reading->draft.memory;
  const uint8_t *grey = reading->draft.pixels;
  const size_t count = (size_t)reading->draft.count * reading->draft.width * reading->draft.height;
  reading->draft.channels = 3;
  reading->draft.memory = NULL;
  const xd_status status = make_room(reading);
  for (size_t i = 0; i < count && status == XD_OK; i++)
    memset(reading->draft.pixels + 3 * i, grey[i], 3);
  xdi_release(&reading->context->allocator, grey_memory);
  return status;
}

static xd_status check_size(const xdi_reading *reading, const xdi_view *picture, const char *place) {
  const bool fits = picture->width == reading->draft.width && picture->height == reading->draft.height;
  if (fits || (reading->options.width && reading->options.fit != XD_FIT_EXACT))
    return XD_OK;
  return xdi_fail(reading->context, XD_ERROR_SHAPE_MISMATCH, "'%s' has %ux%u pixels, %s %ux%u", place,
                  picture->width, picture->height,
                  reading->options.width ? "wanted are" : "the pictures before it", reading->draft.width,
                  reading->draft.height);
}

xd_status xdi_reading_take(xdi_reading *reading, const xdi_view *picture, uint32_t label, const char *name,
                           const char *place) {
  xdi_draft *draft = &reading->draft;
  xd_status status = XD_OK;
  if (draft->memory || draft->width)
    status = check_size(reading, picture, place);
  if (status == XD_OK && !draft->memory)
    status = settle(reading, picture);
  if (status == XD_OK && reading->options.channels == 0 && draft->channels == 1 && picture->channels > 2)
    status = widen(reading);
  if (status != XD_OK)
    return status;
  const size_t step = (size_t)draft->width * draft->height * draft->channels;
  const xdi_view to = xdi_view_of(draft->pixels + draft->count * step, draft->width, draft->height,
                                  draft->channels, XD_SAMPLE_U8);
  status = xdi_view_fit(reading->context, &to, picture,
                        reading->options.width ? reading->options.fit : XD_FIT_EXACT);
  if (status == XD_OK && name &&
      !xdi_listing_add(&reading->context->allocator, &draft->origin->pictures, name))
    status = xdi_fail_memory(reading->context, "reading a set");
  if (status == XD_OK)
    draft->labels[draft->count++] = (uint8_t)label;
  return status;
}

/* ---- steps ---- */

void xdi_reading_open(xdi_reading *reading) {
  if (reading->options.skip_bad)
    xdi_silence(reading->context);
}

/* Whether the fault lies in the picture and not in its surroundings. */
static bool is_bad(xd_status status) {
  return status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED ||
         status == XD_ERROR_TOO_LARGE || status == XD_ERROR_SHAPE_MISMATCH || status == XD_ERROR_NOT_FOUND ||
         status == XD_ERROR_IO;
}

xd_status xdi_reading_leave_out(xdi_reading *reading, const char *why) {
  if (!xdi_origin_leave_out(reading->draft.origin, XD_LEFT_OUT_BAD, why))
    return xdi_fail_memory(reading->context, "reading a set");
  xdi_log(reading->context, XD_LOG_WARNING, "left out: %s", why);
  return XD_OK;
}

xd_status xdi_reading_step(xdi_reading *reading, xd_status status) {
  reading->asked++;
  if (reading->options.skip_bad) {
    xdi_speak(reading->context);
    if (is_bad(status) && !reading->broken)
      status = xdi_reading_leave_out(reading, reading->context->message);
    else if (status != XD_OK)
      return xdi_fail(reading->context, status, "%s", reading->context->message);
  }
  return status == XD_OK ? xdi_tell_step(reading->context, reading->options.callback, reading->options.user,
                                         XD_STAGE_SET, reading->asked, reading->room, NULL)
                         : status;
}

xd_status xdi_reading_finish(xd_dataset **out, xdi_reading *reading) {
  xd_status status = XD_OK;
  if (reading->draft.count == 0)
    status = xdi_fail(reading->context, XD_ERROR_NOT_FOUND, "'%s' has no picture that can be read: %s",
                      reading->name, reading->context->message);
  if (status == XD_OK)
    status = xdi_draft_finish(out, reading->context, &reading->draft);
  if (status == XD_OK)
    memcpy(reading->context->message, reading->message, sizeof reading->message);
  xdi_reading_discard(reading);
  return status;
}

void xdi_reading_discard(xdi_reading *reading) {
  xdi_draft_discard(reading->context, &reading->draft);
}
