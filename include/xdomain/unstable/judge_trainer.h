/* libxdomain, unstable: one optimiser step of a judge.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away.
 * xd_judge_train (train.h) runs a whole schedule. */
#ifndef XDOMAIN_UNSTABLE_JUDGE_TRAINER_H
#define XDOMAIN_UNSTABLE_JUDGE_TRAINER_H

#include "../judge.h"
#include "../options.h"
#include "../values.h"

XD_BEGIN_DECLS

/* A judge in training. */
typedef struct xd_judge_trainer xd_judge_trainer;

/* Makes a trainer of single steps, which belongs to its context's thread; the caller destroys
 * it. It starts from the weights of `judge`, which stay as they are; NULL: from what
 * xd_judge_create makes of the options. Options: group "judge"; NULL means the defaults. Epochs,
 * the learning rate and what changes pictures (augment, shift, flip, blur) are those of the
 * schedule and not read here. Errors as of xd_judge_create. */
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

XD_END_DECLS

#endif
