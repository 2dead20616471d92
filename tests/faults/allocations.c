/* The n-th allocation fails, of the context's creation too. */
#include "faults.h"

typedef struct outcome {
  xd_status status;
  bool met; /* the fault was reached */
} outcome;

/* One run in a context of its own, whose allocation n fails. */
static outcome run_once(const scenario *what, const fixture *with, size_t n) {
  counting_allocator counter = {0};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.threads = 2;
  atomic_store(&counter.fail_at, n);
  xd_status status = xd_context_create(&context, &options);
  if (status == XD_OK) {
    status = what->run(context, with);
    demand(status == XD_OK || xd_context_message(context)[0], "%s: allocation %zu", what->name, n);
  }
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: allocation %zu: %zu blocks are still held", what->name,
         n, (size_t)atomic_load(&counter.live_blocks));
  return (outcome){status, atomic_load(&counter.total) >= n};
}

static uint64_t sweep_one(const sweep *of, const scenario *what, const fixture *with) {
  uint64_t faults = 0;
  char path[TEST_PATH_SIZE];
  demand(run_once(what, with, SIZE_MAX).status == XD_OK, "%s: without a fault", what->name);
  const uint64_t whole = what->writes ? hash_file(path_in(path, with->folder, what->writes)) : 0;
  for (size_t n = 1;; n = sweep_next(of, n)) {
    const outcome got = run_once(what, with, n);
    demand(got.status == XD_OK || got.status == XD_ERROR_OUT_OF_MEMORY, "%s: allocation %zu: %s", what->name,
           n, xd_status_name(got.status));
    demand(!what->writes || hash_file(path) == whole, "%s: allocation %zu: the file is another", what->name,
           n);
    if (!got.met)
      return faults;
    faults++;
  }
}

void sweep_allocations(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1)) {
    const uint64_t faults = sweep_one(of, what, with);
    printf("%-12s %6llu allocations failed\n", what->name, (unsigned long long)faults);
    total += faults;
  }
  printf("all          %6llu allocations failed\n", (unsigned long long)total);
}
