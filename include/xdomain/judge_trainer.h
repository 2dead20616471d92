/* libxdomain: training of a judge, by single steps or by a whole schedule. */
#ifndef XDOMAIN_JUDGE_TRAINER_H
#define XDOMAIN_JUDGE_TRAINER_H

#include "dataset.h"
#include "judge.h"
#include "options.h"
#include "run.h"
#include "values.h"

XD_BEGIN_DECLS

/* A judge in training. */
typedef struct xd_judge_trainer xd_judge_trainer;

/* Makes a trainer of single steps, which belongs to its context's thread; the caller destroys
 * it. It starts from the weights of `judge`, which stay as they are; NULL: from what
 * xd_judge_create makes of the options. Options: group "judge"; NULL means the defaults. Epochs,
 * the learning rate and what changes pictures (shift, flip, blur) are those of the schedule and
 * not read here. Errors as of xd_judge_create. */
XD_API xd_status xd_judge_trainer_create(xd_judge_trainer **out, xd_context *context,
                                         const xd_judge *judge, const xd_options *options);
/* NULL is legal. */
XD_API void xd_judge_trainer_destroy(xd_judge_trainer *trainer);

/* Makes one Adam step at a learning rate, 0 or more, on pictures[count][height][width][channels]
 * in 0..1 with labels[count], count from 1 to the option batch. The losses, where not NULL, are
 *   loss      mean cross entropy, with label smoothing
 *   accuracy  share of right answers
 * On failure they are empty. XD_ERROR_INVALID_ARGUMENT; XD_ERROR_BAD_DATA: a pixel is not
 * finite; XD_ERROR_NUMERIC: the loss is not finite (nothing was updated); XD_ERROR_CANCELLED.
 * After the first step no memory is taken. */
XD_API xd_status xd_judge_trainer_step(xd_judge_trainer *trainer, xd_values *losses,
                                       const float *pictures, const uint32_t *labels,
                                       uint32_t count, float learning_rate);

/* Gives the judge as it is now, frozen; the trainer can go on afterwards. The caller owns *out. */
XD_API xd_status xd_judge_trainer_finish(xd_judge_trainer *trainer, xd_judge **out);

/* Trains a judge on a set by a whole schedule: shuffled epochs of changed pictures, the learning
 * rate falling along a cosine to 0. The caller owns *out. Options: group "judge"; NULL means the
 * defaults; sizes that are 0 are the set's. Run may be NULL; its callback hears of XD_STAGE_JUDGE.
 * The report, where not NULL, has "seconds", "seconds.judge" and the losses' means over the last
 * epoch. XD_ERROR_INVALID_ARGUMENT: also a set with labels beyond the option classes;
 * XD_ERROR_SHAPE_MISMATCH: sizes that are not the set's; XD_ERROR_NUMERIC: training diverged;
 * XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY; and those of checkpoints (run.h). */
XD_API xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report,
                                const xd_dataset *set, const xd_run *run,
                                const xd_options *options);

XD_END_DECLS

#endif
