/* xdomain-mpi: trainings of the tool by the processes that mpirun starts, each on its rows of every batch.
 *
 *   mpirun -n 2 xdomain-mpi train --domain1 FOLDER --domain2 FOLDER --out MODEL.xdm
 *
 * All flags are the tool's. --overlap before the command has MPI add beside the computation, in an order of its own.
 * Every process reads the same sets; rank 0 alone tells, keeps the checkpoint and writes. What one rank cannot do ends
 * all of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mpi_sums.h"
#include "xdomain/sharing.h"

/* So long one that has failed waits for the others to come to the same end: rank 0 may be writing what is finished. */
static const double patience = 30.0; /* seconds */

static xd_status share(void *user, xd_context *context) {
  mpi_sums *sums = user;
  const xd_reduce reduce = share_mpi_sums(sums);
  return xd_context_set_reduce(context, &reduce);
}

static void say(void *user, double seconds) {
  const mpi_sums *sums = user;
  if (sums->ranks == 1)
    return;
  fprintf(stderr, "%d ranks: %.1f%% of the time in %.0f sums of %.1f MB\n", sums->ranks,
          100.0 * sums->seconds / seconds, sums->sums, 1e-6 * sums->bytes);
}

/* What the others say would be said once more by each; only why they fail is not rank 0's to say. */
static bool hush(sharing *with) {
  const int error = dup(STDERR_FILENO);
  with->failures = error < 0 ? NULL : fdopen(error, "w");
  return with->failures && freopen("/dev/null", "w", stderr) && freopen("/dev/null", "w", stdout);
}

/* Whether all ranks come here. They need not: one that has failed alone is missed by the others' sums. */
static bool meet_all(void) {
  const double began = MPI_Wtime();
  const struct timespec pause = {.tv_nsec = 10000000};
  MPI_Request all;
  int met = 0;
  MPI_Ibarrier(MPI_COMM_WORLD, &all);
  while (!met && MPI_Wtime() - began < patience) {
    nanosleep(&pause, NULL);
    MPI_Test(&all, &met, MPI_STATUS_IGNORE);
  }
  return met != 0;
}

int main(int argc, char **argv) {
  mpi_sums sums;
  char program[64];
  MPI_Init(&argc, &argv);
  const bool overlaps = argc > 1 && !strcmp(argv[1], "--overlap");
  open_mpi_sums(&sums, overlaps);
  snprintf(program, sizeof program, "mpirun -n %d xdomain-mpi%s", sums.ranks, overlaps ? " --overlap" : "");
  sharing with = {.program = program,
                  .rank = (uint32_t)sums.rank,
                  .ranks = (uint32_t)sums.ranks,
                  .user = &sums,
                  .share = share,
                  .say_sums = say};
  if (sums.rank > 0 && !hush(&with))
    MPI_Abort(MPI_COMM_WORLD, 1);
  set_sharing(&with);
  const int code = overlaps ? run_tool(argc - 1, argv + 1) : run_tool(argc, argv);
  if (code && !meet_all())
    MPI_Abort(MPI_COMM_WORLD, code);
  close_mpi_sums(&sums);
  MPI_Finalize();
  return code;
}
