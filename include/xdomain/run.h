/* libxdomain: how a training runs: who hears of its steps, and where its state is kept.
 *
 * The trainings of train.h can take hours. A callback hears of each step; cancelling the context
 * stops them within one; a checkpoint lets all but xd_train_generator go on where they stopped.
 *
 * A checkpoint is a file with the whole state of a training: finished networks, those in training
 * with the moments of their optimisers and their averages, the best of the validated steps, the
 * report. It has checksums and is replaced as a whole: after a crash at any moment there is an old
 * or a new one. It is written before the first step, which shows that it can be; as
 * checkpoint_seconds and checkpoint_steps say; after each finished stage; and where the callback, a
 * cancelled context or a collapse ends the training. Of these, only the first one's failure fails
 * the call: others are logged, and the training goes on. The file stays when the training is
 * finished.
 *
 * The same call with resume = 1 goes on, and gives the result, byte for byte, and the callbacks,
 * the losses and the measures of a training that was never stopped, at any number of threads;
 * seconds in the report are those of all parts. A finished training's gives its result at once.
 * All that shapes the result must be as it was: the version of the library, the backend, the call,
 * options, sets, pairing, judges, networks and names; XD_ERROR_INVALID_ARGUMENT names what differs.
 * The option allow_collapse may differ, and so a collapsed training be finished.
 * XD_ERROR_NOT_FOUND: there is no such file; XD_ERROR_BAD_DATA: it is damaged. */
#ifndef XDOMAIN_RUN_H
#define XDOMAIN_RUN_H

#include "progress.h"
#include "values.h"

XD_BEGIN_DECLS

/* Borrowed during the call. */
typedef struct xd_run {
  /* sizeof(xd_run). */
  size_t struct_size;
  /* May be NULL; `user` is handed to it. */
  xd_progress_callback callback;
  void *user;
  /* Path of the checkpoint, or NULL: none is written. */
  const char *checkpoint;
  /* It is written after every so many seconds, 0..1e9, */
  double checkpoint_seconds;
  /* and after every so many steps; 0, of either: not for this reason. */
  uint32_t checkpoint_steps;
  /* 1: goes on from the checkpoint, which is not NULL then; 0: begins anew, and refuses a path
   * where a file is. */
  uint32_t resume;
} xd_run;

#define XD_RUN_INIT \
  { sizeof(xd_run), NULL, NULL, NULL, 60.0, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_run_init(xd_run *run, size_t struct_size);

XD_END_DECLS

#endif
