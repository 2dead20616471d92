/* The n-th thread cannot be created. A context then works with fewer threads or is refused; nothing leaks. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif

#include "faults.h"

#include <dlfcn.h>
#include <pthread.h>

static uint32_t created, fail_from;

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *argument) {
  static create_function next;
  if (!next)
    *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
  if (++created >= fail_from && fail_from > 0)
    return EAGAIN;
  return next(thread, attributes, start, argument);
}

static bool try(const scenario *what, const fixture *with, uint32_t n) {
  counting_allocator counter = {0};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.threads = 6;
  created = 0;
  fail_from = n;
  const xd_status status = xd_context_create(&context, &options);
  demand(status == XD_OK || status == XD_ERROR_OUT_OF_MEMORY, "thread %u: %s", n, xd_status_name(status));
  if (status == XD_OK)
    demand(what->run(context, with) == XD_OK, "%s: thread %u: %s", what->name, n,
           xd_context_message(context));
  fail_from = 0;
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: thread %u: memory is still held", what->name, n);
  return created >= n;
}

void sweep_threads(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1))
    for (uint32_t n = 1; try(what, with, n); n++) {
      total++;
      if (!of->all && n == 2)
        break;
    }
  printf("all          %6llu threads were refused\n", (unsigned long long)total);
}
