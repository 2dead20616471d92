/* The parallel loop: the host's runner, a pool of our own, or the caller's thread. */
#ifndef XDI_BASE_RUNNER_H
#define XDI_BASE_RUNNER_H

#include "xdomain/context.h"

typedef struct xdi_pool xdi_pool;

/* Runs everything on the calling thread; static storage. */
extern const xd_runner xdi_serial_runner;

/* A pool of 2 to 256 `threads` that counts the caller as one; threads start at once and leave signals to
 * the host's. NULL when memory or threads are refused. `allocator` must outlive the pool. A loop started
 * within a task of the pool, or by a second thread meanwhile, runs on the calling thread alone. After
 * fork() the child may only destroy the pool. */
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
