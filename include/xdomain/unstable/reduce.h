/* libxdomain, unstable: trainings that several ranks share, a part of every batch each.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. What ranks
 * say to each other is the method's, which grows.
 *
 * A rank is a process, on this machine or another, or a thread, with a context of its own. All
 * ranks make the same call of train.h, with the same sets, options and networks, on the same
 * backend and processor type. Rank r of R takes the rows r B/R .. (r+1) B/R - 1 of each batch of B,
 * so the option batch is that of all together, and R must divide the batches of the VAEs and the
 * mappings, and their parts if they have several: XD_ERROR_INVALID_ARGUMENT otherwise. Gradients
 * and losses are added up over the ranks and divided by R, so that all ranks hold the same weights
 * at all times; each gives the whole model and the report, and its callback hears of all. What is
 * not a step is done by each rank for itself: encoding sets, validations, the whole training of a
 * judge.
 *
 * Random numbers are counted by rows of the whole batch, so R ranks see the pictures, codes and
 * noise that one rank sees, and the result is one rank's up to the rounding of sums. Not so where
 * the whole batch enters otherwise than by a sum: the steps that sharpen a VAE mix codes, and
 * weigh the critic, within each rank's rows, and the option dropout of mappings drops values of
 * each rank's own.
 *
 * The bytes depend on how a batch is cut: the option parts, or one part a rank where that is 1.
 * Ranks share the parts evenly, and each computes its own one after another, so that one rank
 * with parts P gives the bytes of P ranks, where the host's sums are ordered: neighbours in the
 * ranks' order are added in pairs (0 and 1, 2 and 3, ..), then the pairs' sums in pairs, and so on;
 * what has no neighbour waits. Where P is a power of two, any number of ranks that divides it
 * gives the same bytes. Sums in any other fixed order give the same bytes each time.
 *
 * Checkpoints (run.h): only rank 0 writes, and the others read the same file to resume. The number
 * of ranks is no part of what a training is: it may be resumed with another one. Callbacks and
 * cancelled contexts (should_stop, too) are asked after each step, and after a domain is encoded,
 * but not within, nor in a validation: then all ranks stop, with XD_ERROR_CANCELLED. A rank that
 * fails by itself waits for no other: its host is to end the others, as MPI_Abort does, or to let
 * their sums fail. */
#ifndef XDOMAIN_UNSTABLE_REDUCE_H
#define XDOMAIN_UNSTABLE_REDUCE_H

#include "../context.h"

XD_BEGIN_DECLS

/* Sums over ranks, which the host brings. Both functions are called on the context's thread and
 * give 0 on success; otherwise the call in progress fails with XD_ERROR_IO. All ranks begin the
 * same sums of the same counts in the same order, and end them in that order; at most two are
 * begun and not ended. */
typedef struct xd_reduce {
  /* sizeof(xd_reduce). */
  size_t struct_size;
  /* Handed to both; outlives the context and its trainers. */
  void *user;
  /* Begins to replace buffer[count] by the sum over all ranks' buffers, which are left alone until
   * `end`. It may wait for the sum itself. */
  int (*begin)(void *user, float *buffer, size_t count);
  /* Waits for that sum; NULL where `begin` does. */
  int (*end)(void *user, float *buffer);
  /* Which of them this is, from 0, and how many there are, 1 to 65536. */
  uint32_t rank;
  uint32_t ranks;
} xd_reduce;

#define XD_REDUCE_INIT \
  { sizeof(xd_reduce), NULL, NULL, NULL, 0, 1 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_reduce_init(xd_reduce *reduce, size_t struct_size);

/* From now on trainings on this context are shared; NULL, or one rank: they are not. The struct is
 * copied. Trainers that exist keep what was set when they were made; a trainer that is stepped by
 * hand (vae_trainer.h, mapping_trainer.h) is given its rank's rows, as many on each rank.
 * XD_ERROR_INVALID_ARGUMENT: the context is NULL, there is no `begin`, or no such rank. */
XD_API xd_status xd_context_set_reduce(xd_context *context, const xd_reduce *reduce);

XD_END_DECLS

#endif
