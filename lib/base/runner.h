/* The parallel loop: the host's runner, a pool of our own, or the caller's thread. */
#ifndef XDI_BASE_RUNNER_H
#define XDI_BASE_RUNNER_H

#include "xdomain/context.h"

typedef struct xdi_pool xdi_pool;

/* Runs everything on the calling thread; static storage. */
extern const xd_runner xdi_serial_runner;

/* A pool of `threads` > 1 that counts the caller as one; threads start at once. NULL when memory or
 * threads are refused. The pool must not move. */
xdi_pool *xdi_pool_create(const xd_allocator *allocator, uint32_t threads);
void xdi_pool_destroy(xdi_pool *pool); /* NULL is legal */
xd_runner xdi_pool_runner(xdi_pool *pool);

/* task(argument, i) for i in [0, count); count 0 does nothing. 0 on success. */
static inline int xdi_run(const xd_runner *runner, xd_task task, void *argument, uint32_t count) {
  if (count == 1) {
    task(argument, 0);
    return 0;
  }
  return count ? runner->run(runner->user, task, argument, count) : 0;
}

#endif
