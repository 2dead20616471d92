/* One sweep after another: faults KIND [--all] [--seed N] [--only SCENARIO]. The short form tries a share of the
 * faults, which a fresh seed chooses; it is printed, and --seed repeats it. */
#include "faults.h"

#include <time.h>

uint64_t sweep_next(const sweep *of, uint64_t n) {
  uint64_t mixed = (n + of->seed) * UINT64_C(0x9e3779b97f4a7c15);
  mixed ^= mixed >> 29;
  return of->all || n < 8 ? n + 1 : n + 1 + mixed % (n / 2);
}

const scenario *sweep_scenario(const sweep *of, const scenario *at) {
  while (at->name && of->only && strcmp(at->name, of->only) != 0)
    at++;
  return at;
}

uint64_t hash_file(const char *path) {
  FILE *file = fopen(path, "rb");
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  if (!file)
    return 0;
  for (int c; (c = fgetc(file)) != EOF;)
    hash = (hash ^ (uint64_t)c) * UINT64_C(0x100000001b3);
  fclose(file);
  return hash;
}

static sweep chosen;
static void (*chosen_run)(const sweep *, const fixture *);

START_TEST(sweeping) {
  fixture with;
  fixture_create(&with);
  chosen_run(&chosen, &with);
  fixture_destroy(&with);
}
END_TEST

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(const sweep *, const fixture *);
  } kinds[] = {{"allocations", sweep_allocations},
               {"files", sweep_files},
               {"threads", sweep_threads},
               {"runners", sweep_runners},
               {"kernels", sweep_kernels},
               {"kills", sweep_kills},
               {"soak", sweep_soak}};
  const char *kind = argc > 1 ? argv[1] : "";
  chosen = (sweep){.seed = (uint64_t)time(NULL)};
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], "--all") == 0)
      chosen.all = true;
    if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
      chosen.seed = strtoull(argv[++i], NULL, 10);
    if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
      chosen.only = argv[++i];
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(kind, kinds[i].name) == 0)
      chosen_run = kinds[i].run;
  if (!chosen_run) {
    fprintf(
        stderr,
        "usage: faults allocations|files|threads|runners|kernels|kills|soak [--all] [--seed N] [--only SCENARIO]\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  printf("seed %llu\n", (unsigned long long)chosen.seed);
  return run_program(sweeping);
}
