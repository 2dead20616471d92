/* What a long call tells its caller. */
#ifndef XDI_BASE_TELL_H
#define XDI_BASE_TELL_H

#include "base/context.h"
#include "xdomain/progress.h"

/* Calls the caller's function, which may be NULL, after a step. XD_ERROR_CANCELLED: it asked to stop. */
xd_status xdi_tell(xd_context *context, xd_progress_callback callback, void *user, xd_progress *event);

/* The same of a call whose one stage is all its work, in steps alike. */
xd_status xdi_tell_step(xd_context *context, xd_progress_callback callback, void *user, xd_stage stage,
                        uint32_t step, uint32_t steps, const struct xd_values *losses);

#endif
