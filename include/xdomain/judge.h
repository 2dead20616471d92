/* libxdomain: the judge of translated pictures.
 *
 * A small convolutional network that is trained on real pictures of all the target
 * set's classes; the paper's CNN judge. Its penultimate activations are the features
 * of the Frechet distance (evaluation.h); xd_judge_train (train.h) trains it. Handles are
 * reference-counted and, once trained or loaded, immutable and shared by any number
 * of threads. */
#ifndef XDOMAIN_JUDGE_H
#define XDOMAIN_JUDGE_H

#include "network.h"
#include "options.h"
#include "stream.h"

XD_BEGIN_DECLS

/* A classifier of one domain's pictures. */
typedef struct xd_judge xd_judge;

/* Makes a judge with initial weights, which the caller owns. Options: group "judge", of which
 * width, height, channels and classes must be given, and base_channels, blocks, feature_dim,
 * dropout and seed are read. Its convolutions are 3x3, in pairs of stride 1 and 2; each pair
 * doubles the channels. XD_ERROR_INVALID_ARGUMENT names the option or argument;
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_judge_create(xd_judge **out, xd_context *context, const xd_options *options);

/* One more owner; returns the judge. Callable from any thread; NULL is legal. */
XD_API xd_judge *xd_judge_retain(const xd_judge *judge);
/* One owner less; NULL is legal. */
XD_API void xd_judge_release(const xd_judge *judge);
/* Its network, borrowed; NULL of NULL. */
XD_API const xd_network *xd_judge_network(const xd_judge *judge);
/* The shape of the pictures that it takes; zeros of NULL. */
XD_API void xd_judge_picture_shape(const xd_judge *judge, xd_shape *out);

/* How many classes it tells apart; 0 of NULL. */
XD_API uint32_t xd_judge_class_count(const xd_judge *judge);

/* How many features it gives of a picture; 0 of NULL. */
XD_API uint32_t xd_judge_feature_dim(const xd_judge *judge);

/* The name of a class, as of the set that the judge was trained on; "" beyond, of a class without a
 * name, and of NULL. Borrowed for the judge's life. */
XD_API const char *xd_judge_class_name(const xd_judge *judge, uint32_t label);

/* A judge of the same network, which both share, whose classes have other names: names[i] that of
 * class i, NULL or "" for none; count at most the judge's classes. xd_judge_train takes them from
 * its set, and files keep them. XD_ERROR_INVALID_ARGUMENT (also a name that is no UTF-8),
 * XD_ERROR_TOO_LARGE (a name of over 65,536 bytes), XD_ERROR_OUT_OF_MEMORY. The caller owns
 * *out. */
XD_API xd_status xd_judge_with_class_names(xd_judge **out, xd_context *context,
                                           const xd_judge *judge, const char *const *names,
                                           uint32_t count);

/* Each where not NULL: labels[count], the most likely class of each picture (the first of equals),
 * logits[count][classes], and features[count][feature_dim]. XD_ERROR_BAD_DATA for pixels that are
 * not finite, XD_ERROR_NUMERIC where a result is not, XD_ERROR_CANCELLED. */
XD_API xd_status xd_judge_predict(const xd_judge *judge, xd_context *context, uint32_t *labels,
                                  float *logits, float *features, const float *pictures,
                                  uint32_t count);

/* Judge files (.xdc) have the model file's container (docs/model-format.md). They are written and
 * read as models are, with the same errors: see xd_model_save and xd_model_load. The caller owns
 * *out. */
XD_API xd_status xd_judge_save(const xd_judge *judge, xd_context *context, const char *path);

/* The same into a sink (stream.h). */
XD_API xd_status xd_judge_save_sink(const xd_judge *judge, xd_context *context,
                                    const xd_sink *sink);

/* Reads a judge from a path; the caller owns *out. */
XD_API xd_status xd_judge_load(xd_judge **out, xd_context *context, const char *path);

/* The same from a source (stream.h). */
XD_API xd_status xd_judge_load_source(xd_judge **out, xd_context *context, const xd_source *source);

XD_END_DECLS

#endif
