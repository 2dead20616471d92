/* One training by several processes, its ranks: what xdomain-mpi (examples/mpi) brings, and the tool minds. Each rank
 * makes the same calls of the library; rank 0 alone tells, and writes. */
#ifndef XDOMAIN_SHARING_H
#define XDOMAIN_SHARING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xdomain/xdomain.h>

typedef struct sharing {
  const char *program; /* the words that start it, for the command that goes on */
  uint32_t rank, ranks;
  FILE *failures; /* where failures are said, by those that say nothing else; NULL: standard error */
  void *user;
  xd_status (*share)(void *user, xd_context *context);
  void (*say_sums)(void *user, double seconds);
} sharing;

/* Without this call the process is alone. The struct stays where it is. */
void set_sharing(const sharing *with);
const sharing *get_sharing(void);

static inline bool is_first_rank(void) {
  return get_sharing()->rank == 0;
}
static inline bool is_alone(void) {
  return get_sharing()->ranks == 1;
}

/* Trainings on the context are shared from now on, and what their sums take is counted from here. */
xd_status share_trainings(xd_context *context);
/* Says it, of a training that took so many seconds. */
void say_sums(double seconds);

/* The whole tool; the exit code (tool.c). */
int run_tool(int argc, char **argv);

#endif
