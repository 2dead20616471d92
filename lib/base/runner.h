/* The parallel loop: the host's runner, a pool of our own, or the caller's thread. */
#ifndef XDI_BASE_RUNNER_H
#define XDI_BASE_RUNNER_H

#include "xdomain/context.h"

#define XDI_THREADS_MOST 256

/* Runs everything on the calling thread; static storage. */
extern const xd_runner xdi_serial_runner;

/* The pool's loops, as long as it lives. Its threads leave signals to the host's. A loop started within a
 * task of the pool, or by a second thread meanwhile, runs on the calling thread alone, and so do all in a
 * child of fork(). */
xd_runner xdi_pool_runner(const xd_pool *pool);

/* What a host gave, in this version's size. XD_ERROR_INVALID_ARGUMENT, with a message, where a function is
 * missing or a runner has no thread. The context may be NULL. */
xd_status xdi_allocator_read(xd_context *context, xd_allocator *to, const xd_allocator *from);
xd_status xdi_runner_read(xd_context *context, xd_runner *to, const xd_runner *from);

/* How many threads the control groups named in `proc` (/proc/self/cgroup), mounted at `mount`, let a process
 * keep busy; UINT32_MAX where they set no limit. */
uint32_t xdi_cgroup_threads(const char *proc, const char *mount);

/* task(argument, i) for i in [0, count); count 0 does nothing. 0 on success. */
static inline int xdi_run(const xd_runner *runner, xd_task task, void *argument, uint32_t count) {
  if (count == 1) {
    task(argument, 0);
    return 0;
  }
  return count ? runner->run(runner->user, task, argument, count) : 0;
}

#endif
