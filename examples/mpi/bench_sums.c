/* What sums over the ranks take: of one number, which is latency, and of as many as the gradients of a VAE. */
#include <stdio.h>
#include <stdlib.h>

#include "mpi_sums.h"

static const size_t gradients = 3350000; /* of the default networks on grey pictures of 28x28: 13.4 MB */

/* Seconds of one sum, of several behind each other. */
static double time_sums(const xd_reduce *reduce, float *numbers, size_t count, int times) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double began = MPI_Wtime();
  for (int i = 0; i < times; i++)
    if (reduce->begin(reduce->user, numbers, count) || reduce->end(reduce->user, numbers))
      MPI_Abort(MPI_COMM_WORLD, 1);
  return (MPI_Wtime() - began) / times;
}

int main(int argc, char **argv) {
  mpi_sums sums;
  MPI_Init(&argc, &argv);
  open_mpi_sums(&sums, false);
  const xd_reduce reduce = share_mpi_sums(&sums);
  float *numbers = calloc(gradients, sizeof *numbers);
  if (!numbers)
    MPI_Abort(MPI_COMM_WORLD, 1);
  time_sums(&reduce, numbers, gradients, 2);
  const double one = time_sums(&reduce, numbers, 1, 1000), all = time_sums(&reduce, numbers, gradients, 50);
  if (sums.rank == 0)
    printf("%.1f %.2f\n", 1e6 * one, 1e3 * all); /* microseconds, milliseconds */
  free(numbers);
  close_mpi_sums(&sums);
  MPI_Finalize();
  return 0;
}
