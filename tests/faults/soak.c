/* Nothing fails, for long: the scenarios follow one another, each on a context of its own with threads. After a
 * warm-up the process takes no more memory, descriptors and threads than it did then. */
#include "faults.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 3, MORE_SECONDS = 600 };

/* What a process may still take after the warm-up: what the allocator's arenas and the system move by. */
enum { SLACK_KB = 2048 };

typedef struct usage {
  uint64_t memory_kb;
  uint32_t descriptors, threads;
} usage;

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint32_t entries(const char *path) {
  DIR *folder = opendir(path);
  uint32_t count = 0;
  demand(folder, "%s cannot be listed", path);
  while (readdir(folder))
    count++;
  closedir(folder);
  return count;
}

static usage look(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  unsigned long long size, resident;
  demand(file && fscanf(file, "%llu %llu", &size, &resident) == 2, "no memory is told");
  fclose(file);
  return (usage){.memory_kb = resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024,
                 .descriptors = entries("/proc/self/fd"),
                 .threads = entries("/proc/self/task")};
}

static void run_once(const scenario *what, const fixture *with, uint32_t threads) {
  counting_allocator counter = {0};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.threads = threads;
  demand(xd_context_create(&context, &options) == XD_OK, "%s: no context", what->name);
  demand(what->run(context, with) == XD_OK, "%s: %s", what->name, xd_context_message(context));
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: memory is still held", what->name);
}

/* Scenarios until the clock says `until`, once each at least; how many. */
static uint64_t run_until(double until, const sweep *of, const fixture *with) {
  uint64_t runs = 0;
  for (uint32_t round = 0; round < 1 || seconds_now() < until; round++)
    for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
         what = sweep_scenario(of, what + 1), runs++)
      run_once(what, with, 1 + round % 3);
  return runs;
}

void sweep_soak(const sweep *of, const fixture *with) {
  const double seconds = of->all ? MORE_SECONDS : SECONDS, began = seconds_now();
  uint64_t runs = run_until(began + seconds / 5, of, with);
  const usage warm = look();
  runs += run_until(began + seconds, of, with);
  const usage end = look();
  demand(end.descriptors == warm.descriptors, "%u descriptors became %u", warm.descriptors, end.descriptors);
  demand(end.threads == warm.threads, "%u threads became %u", warm.threads, end.threads);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  demand(end.memory_kb <= warm.memory_kb + SLACK_KB, "%llu KiB became %llu",
         (unsigned long long)warm.memory_kb, (unsigned long long)end.memory_kb);
#endif
  printf("all          %6llu runs in %.0f s: %llu KiB of memory, then %llu; %u descriptors, %u threads\n",
         (unsigned long long)runs, seconds_now() - began, (unsigned long long)warm.memory_kb,
         (unsigned long long)end.memory_kb, end.descriptors, end.threads);
}
