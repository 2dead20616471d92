/* Decoding ahead. Each piece of the loop has a context of its own, without a log, whose failures nobody hears: the
 * caller loads such a picture again by itself. The host's decoder and its should_stop are called on the context's
 * thread alone, so that pictures which ask the host are left to the caller. */
#include "data/ahead.h"

#include "base/memory.h"
#include "base/runner.h"

#define PIXELS_AHEAD ((size_t)8 << 20) /* of a batch's pictures, as far as those before tell */

/* A picture for each thread. */
static uint32_t least_room(const xd_context *context) {
  return context->runner.threads < XDI_AHEAD_MOST ? context->runner.threads : XDI_AHEAD_MOST;
}

void xdi_ahead_begin(xdi_ahead *out, xd_context *context) {
  *out = (xdi_ahead){.context = context, .room = context->decoder.first ? 1 : least_room(context)};
}

static int is_cancelled(void *user) {
  return xd_context_is_cancelled(user);
}

static void decode(void *argument, uint32_t index) {
  xdi_ahead *ahead = argument;
  xd_context piece = {.allocator = ahead->context->allocator,
                      .runner = xdi_serial_runner,
                      .should_stop = is_cancelled,
                      .should_stop_user = ahead->context,
                      .picture_pixels = ahead->context->picture_pixels};
  if (xd_picture_load(&ahead->pictures[index], &piece, ahead->paths[index]) != XD_OK)
    ahead->pictures[index] = NULL;
}

/* Large pictures are decoded one a thread, small ones many at a time. */
static void choose_room(xdi_ahead *ahead) {
  size_t largest = 1;
  for (uint32_t i = 0; i < ahead->count; i++) {
    xd_image view = XD_IMAGE_INIT;
    if (ahead->pictures[i] && xd_picture_view(ahead->pictures[i], &view) == XD_OK &&
        (size_t)view.width * view.height > largest)
      largest = (size_t)view.width * view.height;
  }
  const size_t fit = PIXELS_AHEAD / largest;
  const uint32_t least = least_room(ahead->context);
  ahead->room = fit < least ? least : fit < XDI_AHEAD_MOST ? (uint32_t)fit : XDI_AHEAD_MOST;
}

xd_status xdi_ahead_decode(xdi_ahead *ahead) {
  if (ahead->room == 1)
    return XD_OK;
  if (xdi_run(&ahead->context->runner, decode, ahead, ahead->count) != 0)
    return xdi_fail(ahead->context, XD_ERROR_INTERNAL,
                    "the thread runner failed while pictures were decoded");
  choose_room(ahead);
  return XD_OK;
}

void xdi_ahead_clear(xdi_ahead *ahead) {
  for (uint32_t i = 0; i < ahead->count; i++) {
    xd_picture_destroy(ahead->pictures[i]);
    ahead->pictures[i] = NULL;
    xdi_release(&ahead->context->allocator, ahead->paths[i]);
  }
  ahead->count = 0;
}
