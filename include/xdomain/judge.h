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

XD_BEGIN_DECLS

typedef struct xd_judge xd_judge;
typedef struct xd_judge_trainer xd_judge_trainer;

typedef struct xd_judge_options {
  size_t struct_size; /* sizeof(xd_judge_options) */
  uint32_t height, width, channels; /* of the pictures; 0: as the training set has [0] */
  uint32_t classes; /* labels 0..classes-1; 0: the set's largest label + 1 [0] */
  uint32_t base_channels; /* of the first of the convolutions, 3x3; they alternate stride 1 and 2
                             and double at each stride 2 [16] */
  uint32_t blocks; /* pairs of convolutions; 0: until both sides are at most 4, but at
                                 least one [0] */
  uint32_t feature_dim; /* penultimate layer, 1..1024 [128] */
  uint32_t dropout_millionths; /* before the last layer [200000] */
  uint32_t epochs; /* [4] */
  uint32_t batch; /* [128] */
  float learning_rate; /* Adam; cosine to 0 [0.001] */
  float weight_decay; /* decoupled [0.0001] */
  float label_smoothing; /* [0.05] */
  uint32_t shift; /* random shift of the training pictures, in pixels each way [2] */
  uint32_t flip; /* 1: random left-right flips [0] */
  float blur; /* train also on pictures blurred by a Gaussian of up to this deviation, in
                                 pixels, and with noise of a tenth of it; 0: none [0] */
  uint64_t seed; /* [1] */
} xd_judge_options;

#define XD_JUDGE_OPTIONS_INIT \
  { \
    sizeof(xd_judge_options), 0, 0, 0, 0, 16, 0, 128, 200000, 4, 128, 0.001f, 0.0001f, 0.05f, 2, \
        0, 0.0f, 1 \
  }
XD_API void xd_judge_options_init(xd_judge_options *options, size_t struct_size);

/* A judge with initial weights. All sizes must be given. The caller owns *out. */
XD_API xd_status xd_judge_create(xd_judge **out, xd_context *context,
                                 const xd_judge_options *options);
XD_API xd_judge *xd_judge_retain(const xd_judge *judge);
/* NULL is legal. */
XD_API void xd_judge_release(const xd_judge *judge);
/* Borrowed. */
XD_API const xd_network *xd_judge_network(const xd_judge *judge);
/* Zeros of NULL. */
XD_API void xd_judge_picture_shape(const xd_judge *judge, xd_shape *out);
XD_API uint32_t xd_judge_class_count(const xd_judge *judge);
XD_API uint32_t xd_judge_feature_dim(const xd_judge *judge);

/* One optimiser step at a time; the trainer belongs to the context. */
XD_API xd_status xd_judge_trainer_create(xd_judge_trainer **out, xd_context *context,
                                         const xd_judge_options *options);
/* NULL is legal. */
XD_API void xd_judge_trainer_destroy(xd_judge_trainer *trainer);

/* One Adam step on pictures[count][height][width][channels] at a learning rate; mean cross entropy
 * and share of right answers come back where not NULL. XD_ERROR_NUMERIC if the loss is not
 * finite. */
XD_API xd_status xd_judge_trainer_step(xd_judge_trainer *trainer, double *loss, double *accuracy,
                                       const float *pictures, const uint32_t *labels,
                                       uint32_t count, float learning_rate);

/* The trained, frozen judge; the trainer can go on afterwards. The caller owns *out. */
XD_API xd_status xd_judge_trainer_finish(xd_judge_trainer *trainer, xd_judge **out);

/* Called after each step; nonzero stops with XD_ERROR_CANCELLED. */
typedef int (*xd_judge_progress)(void *user, uint32_t step, uint32_t steps, double loss);

/* The whole schedule on a set. NULL options are the defaults. The caller owns *out. */
XD_API xd_status xd_judge_train(xd_judge **out, xd_context *context, const xd_dataset *set,
                                const xd_judge_options *options, xd_judge_progress progress,
                                void *user);

/* Each where not NULL: labels[count], the most likely class of each picture (the first of equals),
 * logits[count][classes], and features[count][feature_dim]. XD_ERROR_BAD_DATA for NaN pixels. */
XD_API xd_status xd_judge_predict(const xd_judge *judge, xd_context *context, uint32_t *labels,
                                  float *logits, float *features, const float *pictures,
                                  uint32_t count);

/* Share of a set's pictures whose predicted class is their label. */
XD_API xd_status xd_judge_accuracy(const xd_judge *judge, xd_context *context, double *accuracy,
                                   const xd_dataset *set);

/* Judge files (.xdc) have the model file's container (docs/model-format.md). Errors as
 * xd_model_save and xd_model_load. */
XD_API xd_status xd_judge_save(const xd_judge *judge, xd_context *context, const char *path);
XD_API xd_status xd_judge_load(xd_judge **out, xd_context *context, const char *path);
XD_API xd_status xd_judge_load_memory(xd_judge **out, xd_context *context, const void *data,
                                      size_t size);

XD_END_DECLS

#endif
