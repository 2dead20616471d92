/* Sums over MPI's ranks, for xd_reduce (xdomain/unstable/reduce.h). */
#ifndef XDOMAIN_MPI_SUMS_H
#define XDOMAIN_MPI_SUMS_H

#include <stdbool.h>

#include <mpi.h>

#include <xdomain/unstable/reduce.h>

typedef struct mpi_sums {
  int rank, ranks;
  bool overlaps; /* MPI's own sums, beside the computation, in an order that is MPI's; else in the ranks' */
  float *room;   /* for the others' numbers */
  size_t room_count; /* floats */
  MPI_Request begun[2];
  int begun_count;
  double seconds; /* that this rank waited */
  double bytes;   /* that were added up */
  double sums;
} mpi_sums;

/* Between MPI_Init and MPI_Finalize. */
void open_mpi_sums(mpi_sums *sums, bool overlaps);
/* For trainings that begin, from which on is counted. The sums stay where they are as long as trainings use them. */
xd_reduce share_mpi_sums(mpi_sums *sums);
void close_mpi_sums(mpi_sums *sums);

#endif
