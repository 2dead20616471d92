/* Fault sweeps: each scenario, a small piece of the library's whole use, is run again and again while the
 * n-th allocation, call of the system or of the backend, thread or loop fails, for n = 1, 2, ... until a run
 * meets no fault.
 *
 * What is demanded of each run: it ends, with XD_OK or a failure that fits the fault and has a message; no
 * handle comes out of a failed call; nothing that it took is still held at its end; and what lies in files is
 * whole, the old or the new. */
#ifndef XD_TESTS_FAULTS_H
#define XD_TESTS_FAULTS_H

#include "../unit/support.h"

#include <stdbool.h>

#include "xdomain/xdomain.h"

/* What scenarios read: files in a folder of their own, and objects that were made without any fault. */
typedef struct fixture {
  char *folder;
  xd_context *context;
  xd_model *model;
  xd_judge *judge;
  xd_dataset *sets[2];
  xd_pairing *pairing;
} fixture;

void fixture_create(fixture *out);
void fixture_destroy(fixture *of);

typedef struct scenario {
  const char *name;
  xd_status (*run)(xd_context *context, const fixture *of);
  /* A file that it replaces, or NULL. */
  const char *writes;
} scenario;

/* All of them; the last has no name. */
extern const scenario fault_scenarios[];

/* How much is tried: every fault, or in the short form the first eight and then ever fewer, which the seed
 * chooses. */
typedef struct sweep {
  bool all;
  uint64_t seed;
  /* The one scenario that is tried, or NULL for all. */
  const char *only;
} sweep;

/* The first scenario to try from `at` on; one without a name at the end. */
const scenario *sweep_scenario(const sweep *of, const scenario *at);

/* The number of the fault to try after the n-th. */
uint64_t sweep_next(const sweep *of, uint64_t n);

/* The sweeps; each prints how many faults there were. */
void sweep_allocations(const sweep *of, const fixture *with);
void sweep_files(const sweep *of, const fixture *with);
void sweep_threads(const sweep *of, const fixture *with);
void sweep_runners(const sweep *of, const fixture *with);
void sweep_kernels(const sweep *of, const fixture *with);
void sweep_kills(const sweep *of, const fixture *with);

/* The same scenarios without a fault, for long. */
void sweep_soak(const sweep *of, const fixture *with);

/* A promise, with the scenario, the fault and what was found. */
#define demand(promise, ...) \
  do { \
    if (!(promise)) { \
      fprintf(stderr, "%s:%d: broken: %s: ", __FILE__, __LINE__, #promise); \
      fprintf(stderr, __VA_ARGS__); \
      fputc('\n', stderr); \
      exit(1); \
    } \
  } while (0)

/* A number that stands for the bytes of `path`; 0 when there is no such file. */
uint64_t hash_file(const char *path);

#endif
