/* libxdomain: the judge of translated pictures.
 *
 * A small convolutional network that is trained on real pictures of all the target
 * set's classes; the paper's CNN judge. Its penultimate activations are the features
 * of the Frechet distance (evaluation.h). Handles are reference-counted and, once
 * trained or loaded, immutable and shared by any number of threads. */
#ifndef XDOMAIN_JUDGE_H
#define XDOMAIN_JUDGE_H

#include "dataset.h"
#include "network.h"
#include "options.h"
#include "stream.h"
#include "values.h"

XD_BEGIN_DECLS

typedef struct xd_judge xd_judge;
typedef struct xd_judge_trainer xd_judge_trainer;

/* Makes a judge with initial weights, which the caller owns. Options: group "judge", of which
 * width, height, channels and classes must be given, and base_channels, blocks, feature_dim,
 * dropout and seed are read. Its convolutions are 3x3, in pairs of stride 1 and 2; each pair
 * doubles the channels. XD_ERROR_INVALID_ARGUMENT names the option or argument;
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_judge_create(xd_judge **out, xd_context *context, const xd_options *options);
XD_API xd_judge *xd_judge_retain(const xd_judge *judge);
/* NULL is legal. */
XD_API void xd_judge_release(const xd_judge *judge);
/* Borrowed. */
XD_API const xd_network *xd_judge_network(const xd_judge *judge);
/* Zeros of NULL. */
XD_API void xd_judge_picture_shape(const xd_judge *judge, xd_shape *out);
XD_API uint32_t xd_judge_class_count(const xd_judge *judge);
XD_API uint32_t xd_judge_feature_dim(const xd_judge *judge);

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

/* Called after each step on the context's thread with its losses, borrowed during the call;
 * nonzero stops with XD_ERROR_CANCELLED. step is from 1 to steps. */
typedef int (*xd_judge_callback)(void *user, const xd_values *losses, uint32_t step,
                                 uint32_t steps);

/* Trains a judge on a set by a whole schedule: shuffled epochs of changed pictures, the learning
 * rate falling along a cosine to 0. The caller owns *out. Options: group "judge"; NULL means the
 * defaults; sizes that are 0 are the set's. The callback may be NULL. The report, where not
 * NULL, has "seconds" and the losses' means over the last epoch. XD_ERROR_INVALID_ARGUMENT: also
 * a set with labels beyond the option classes; XD_ERROR_SHAPE_MISMATCH: sizes that are not the
 * set's; XD_ERROR_NUMERIC: training diverged; XD_ERROR_CANCELLED; XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report,
                                const xd_dataset *set, xd_judge_callback callback, void *user,
                                const xd_options *options);

/* Each where not NULL: labels[count], the most likely class of each picture (the first of equals),
 * logits[count][classes], and features[count][feature_dim]. XD_ERROR_BAD_DATA for NaN pixels. */
XD_API xd_status xd_judge_predict(const xd_judge *judge, xd_context *context, uint32_t *labels,
                                  float *logits, float *features, const float *pictures,
                                  uint32_t count);

/* Share of a set's pictures whose predicted class is their label. */
XD_API xd_status xd_judge_accuracy(const xd_judge *judge, xd_context *context, double *accuracy,
                                   const xd_dataset *set);

/* Judge files (.xdc) have the model file's container (docs/model-format.md). They are written and
 * read as models are, with the same errors: see xd_model_save and xd_model_load. The caller owns
 * *out. */
XD_API xd_status xd_judge_save(const xd_judge *judge, xd_context *context, const char *path);
XD_API xd_status xd_judge_save_sink(const xd_judge *judge, xd_context *context,
                                    const xd_sink *sink);
XD_API xd_status xd_judge_load(xd_judge **out, xd_context *context, const char *path);
XD_API xd_status xd_judge_load_source(xd_judge **out, xd_context *context, const xd_source *source);

XD_END_DECLS

#endif
