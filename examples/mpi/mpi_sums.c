/* Ordered sums: each rank gets everyone's numbers of its own share of the buffer, adds neighbours in pairs, then pairs
 * of pairs, as the library adds parts of a batch, and hands the sums round. That moves as many bytes as MPI's own best
 * way, and gives the same bytes on any network. MPI's failures end all ranks with a message (MPI_ERRORS_ARE_FATAL). */
#include "mpi_sums.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(mpi_sums *sums, size_t count) {
  if (count <= sums->room_count)
    return true;
  float *room = realloc(sums->room, count * sizeof *room);
  if (!room)
    return false;
  sums->room = room;
  sums->room_count = count;
  return true;
}

/* The buffer in equal shares, the last one filled up by zeros; behind it everyone's numbers of this rank's share. */
static int add_in_pairs(mpi_sums *sums, float *buffer, size_t count) {
  const size_t ranks = (size_t)sums->ranks, share = (count + ranks - 1) / ranks, all = share * ranks;
  if (share > INT_MAX || !make_room(sums, 2 * all))
    return 1;
  float *sent = sums->room, *got = sent + all;
  memcpy(sent, buffer, count * sizeof *sent);
  memset(sent + count, 0, (all - count) * sizeof *sent);
  MPI_Alltoall(sent, (int)share, MPI_FLOAT, got, (int)share, MPI_FLOAT, MPI_COMM_WORLD);
  for (size_t apart = 1; apart < ranks; apart *= 2)
    for (size_t rank = 0; rank + apart < ranks; rank += 2 * apart)
      for (size_t i = 0; i < share; i++)
        got[rank * share + i] += got[(rank + apart) * share + i];
  MPI_Allgather(got, (int)share, MPI_FLOAT, sent, (int)share, MPI_FLOAT, MPI_COMM_WORLD);
  memcpy(buffer, sent, count * sizeof *buffer);
  return 0;
}

static int begin_sum(void *user, float *buffer, size_t count) {
  mpi_sums *sums = user;
  const double began = MPI_Wtime();
  int failed = 0;
  if (!sums->overlaps)
    failed = add_in_pairs(sums, buffer, count);
  else if (count > INT_MAX || sums->begun_count == 2)
    failed = 1;
  else
    MPI_Iallreduce(MPI_IN_PLACE, buffer, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD,
                   &sums->begun[sums->begun_count++]);
  sums->seconds += MPI_Wtime() - began;
  sums->bytes += (double)count * sizeof *buffer;
  sums->sums++;
  return failed;
}

/* The one that was begun first. */
static int end_sum(void *user, float *buffer) {
  mpi_sums *sums = user;
  const double began = MPI_Wtime();
  (void)buffer;
  if (!sums->overlaps)
    return 0;
  if (sums->begun_count == 0)
    return 1;
  MPI_Wait(&sums->begun[0], MPI_STATUS_IGNORE);
  sums->begun[0] = sums->begun[1];
  sums->begun_count--;
  sums->seconds += MPI_Wtime() - began;
  return 0;
}

void open_mpi_sums(mpi_sums *sums, bool overlaps) {
  *sums = (mpi_sums){.overlaps = overlaps};
  MPI_Comm_rank(MPI_COMM_WORLD, &sums->rank);
  MPI_Comm_size(MPI_COMM_WORLD, &sums->ranks);
}

xd_reduce share_mpi_sums(mpi_sums *sums) {
  xd_reduce reduce = XD_REDUCE_INIT;
  sums->seconds = sums->bytes = sums->sums = 0.0;
  reduce.user = sums;
  reduce.begin = begin_sum, reduce.end = end_sum;
  reduce.rank = (uint32_t)sums->rank, reduce.ranks = (uint32_t)sums->ranks;
  return reduce;
}

void close_mpi_sums(mpi_sums *sums) {
  free(sums->room);
  sums->room = NULL;
}
