/* The part of a context that knows no mathematics: its cancellation, its ranks, its owners and its options' defaults;
 * what it says stands in base/message.c. Creating one needs the backends and stands in
 * backend/context_opening.c. */
#include "base/context.h"

#include "base/memory.h"
#include "base/runner.h"
#include "base/sized.h"

#define RANKS_MOST 65536u /* rows of the largest batch */

/* ---- cancellation ---- */

void xd_context_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, true, memory_order_relaxed);
}

void xd_context_clear_cancel(xd_context *context) {
  if (context)
    atomic_store_explicit(&context->cancelled, false, memory_order_relaxed);
}

int xd_context_is_cancelled(const xd_context *context) {
  return context && atomic_load_explicit(&context->cancelled, memory_order_relaxed);
}

typedef struct guarded_loop {
  xd_task task;
  void *argument;
  const xd_context *context;
} guarded_loop;

static void run_guarded_piece(void *argument, uint32_t index) {
  const guarded_loop *loop = argument;
  if (!xd_context_is_cancelled(loop->context))
    loop->task(loop->argument, index);
}

static int run_guarded(void *user, xd_task task, void *argument, uint32_t count) {
  xd_context *context = user;
  const xd_runner *runner = &context->runner;
  if (!context->may_stop || context->deaf)
    return runner->run(runner->user, task, argument, count);
  guarded_loop loop = {task, argument, context};
  const int failed = runner->run(runner->user, run_guarded_piece, &loop, count);
  return failed ? failed : -xd_context_is_cancelled(context);
}

xd_runner xdi_guard_runner(xd_context *context) {
  xd_runner guard = context->runner;
  guard.user = context;
  guard.run = run_guarded;
  return guard;
}

/* ---- ranks ---- */

void xd_reduce_init(xd_reduce *reduce, size_t struct_size) {
  const xd_reduce defaults = XD_REDUCE_INIT;
  xdi_sized_write(reduce, struct_size, &defaults, sizeof defaults);
}

xd_status xd_context_set_reduce(xd_context *context, const xd_reduce *reduce) {
  xd_reduce given = XD_REDUCE_INIT;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status =
      reduce ? xdi_sized_read(context, &given, reduce, XDI_SIZED(xd_reduce, ranks)) : XD_OK;
  if (status != XD_OK)
    return status;
  if (given.ranks == 0 || given.ranks > RANKS_MOST || given.rank >= given.ranks)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_reduce: there is no rank %u of %u", given.rank,
                    given.ranks);
  if (given.ranks > 1 && !given.begin)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_reduce.begin is NULL");
  context->reduce = given;
  return XD_OK;
}

/* ---- owners ---- */

xd_context *xdi_context_retain(xd_context *context) {
  xdi_owners_add(&context->references);
  return context;
}

void xdi_context_release(xd_context *context) {
  if (!context || !xdi_owners_drop(&context->references))
    return;
  if (context->backend)
    context->table.close(context->backend);
  xd_pool_release(context->pool);
  const xd_allocator allocator = context->allocator;
  xdi_release(&allocator, context->layers);
  xdi_release(&allocator, context);
}

/* The host's log and runner may go with its context, so that they are not called any more. */
void xd_context_destroy(xd_context *context) {
  if (!context)
    return;
  context->closed = true;
  context->log = NULL;
  if (!context->pool)
    context->runner = xdi_serial_runner;
  xdi_context_release(context);
}

/* ---- questions ---- */

void xd_context_options_init(xd_context_options *options, size_t struct_size) {
  const xd_context_options defaults = XD_CONTEXT_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

void xd_allocator_init(xd_allocator *allocator, size_t struct_size) {
  const xd_allocator defaults = XD_ALLOCATOR_INIT;
  xdi_sized_write(allocator, struct_size, &defaults, sizeof defaults);
}

void xd_runner_init(xd_runner *runner, size_t struct_size) {
  const xd_runner defaults = XD_RUNNER_INIT;
  xdi_sized_write(runner, struct_size, &defaults, sizeof defaults);
}

uint32_t xd_context_threads(const xd_context *context) {
  return context ? context->runner.threads : 1;
}
