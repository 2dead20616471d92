/* What a long call tells its caller, and the names of what it can be at. */
#include "base/tell.h"

const char *xd_stage_name(xd_stage stage) {
  static const char *const names[] = {"",         "vae1",  "vae2",       "codes", "mapping1",
                                      "mapping2", "judge", "evaluation", "set",   "translation"};
  return names[stage < sizeof names / sizeof *names ? stage : 0];
}

xd_status xdi_tell(xd_context *context, xd_progress_callback callback, void *user, xd_progress *event) {
  event->struct_size = sizeof *event;
  if (!callback || callback(user, event) == 0)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_CANCELLED, "the callback stopped step %u of %u of stage %s", event->step,
                  event->steps, xd_stage_name(event->stage));
}

xd_status xdi_tell_step(xd_context *context, xd_progress_callback callback, void *user, xd_stage stage,
                        uint32_t step, uint32_t steps, const struct xd_values *losses) {
  xd_progress event = {.overall = steps ? (double)step / steps : 1.0,
                       .losses = losses,
                       .stage = stage,
                       .step = step,
                       .steps = steps};
  return xdi_tell(context, callback, user, &event);
}
