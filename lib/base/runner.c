/* What a host brings: its allocator and its runner, read and checked; and the runner without threads. */
#include "base/runner.h"

#include "base/context.h"
#include "base/sized.h"

static int run_serially(void *user, xd_task task, void *argument, uint32_t count) {
  (void)user;
  for (uint32_t i = 0; i < count; i++)
    task(argument, i);
  return 0;
}

const xd_runner xdi_serial_runner = {.struct_size = sizeof(xd_runner), .run = run_serially, .threads = 1};

xd_status xdi_allocator_read(xd_context *context, xd_allocator *to, const xd_allocator *from) {
  *to = (xd_allocator)XD_ALLOCATOR_INIT;
  const xd_status status = xdi_sized_read(context, to, from, XDI_SIZED(xd_allocator, release));
  if (status != XD_OK)
    return status;
  if (!to->allocate || !to->release)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the allocator has no %s function",
                    to->allocate ? "release" : "allocate");
  return XD_OK;
}

xd_status xdi_runner_read(xd_context *context, xd_runner *to, const xd_runner *from) {
  *to = (xd_runner)XD_RUNNER_INIT;
  const xd_status status = xdi_sized_read(context, to, from, XDI_SIZED(xd_runner, reserved));
  if (status != XD_OK)
    return status;
  if (!to->run)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the runner has no run function");
  if (to->threads == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the runner's threads is 0");
  return xdi_check_reserved(context, "xd_runner.reserved", to->reserved);
}
