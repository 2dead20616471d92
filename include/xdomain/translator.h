/* libxdomain: the translator, an inference session of one context on a shared model.
 *
 *   encode:   picture -> encoder's posterior mean, a code of the source domain
 *   generate: noise, code -> latent generator -> a code of the target domain
 *   decode:   code -> decoder -> picture
 *
 * xd_translator_run is the three in a row; each is there by itself, for codes that are kept, mixed,
 * interpolated (xd_latent_interpolate in latent_generator.h) or made by the host. A translator
 * prepares the weights of a step for its context's backend, and the memory of a batch, when they
 * are first asked for: a function that was called with a count allocates nothing when it is called
 * with that one or a smaller one. It keeps the model alive, and belongs to its context's thread.
 *
 * What all calls share. Pictures are views of any kind (image.h) or, in the functions called
 * _floats, tensors [count][height][width][channels] in 0..1. Codes and noise are rows
 * [count][xd_translator_source_dim] or [count][xd_translator_target_dim]. Arrays of floats must not
 * overlap one another. count 0 does nothing. Either all outputs are written, or an error comes back
 * and their contents are unspecified: XD_ERROR_INVALID_ARGUMENT (NULL, views), XD_ERROR_BAD_DATA
 * (pixels that are not finite) names the picture; XD_ERROR_NUMERIC (codes or noise that are not
 * finite, or results, of weights or inputs that are too large), XD_ERROR_OUT_OF_MEMORY,
 * XD_ERROR_CANCELLED.
 *
 * Cuts. How pictures are shared out among calls, and calls among batches, changes nothing: the
 * backends native and reference give every picture the same bytes in any batch, at any max_batch,
 * and by the three steps as by xd_translator_run. Others may round differently at other batch
 * sizes.
 *
 * Views. All are checked before anything is written. Output i may be the same view as input i, or
 * lie apart from it; anything else is refused (XD_ERROR_INVALID_ARGUMENT). It may lie on inputs
 * before i, since they were read before it is written, but not on inputs after i or on other
 * outputs: that is not checked, and the pixels of these are then unspecified. */
#ifndef XDOMAIN_TRANSLATOR_H
#define XDOMAIN_TRANSLATOR_H

#include "image.h"
#include "model.h"
#include "progress.h"

XD_BEGIN_DECLS

/* A session of one context on a model, in one direction. */
typedef struct xd_translator xd_translator;

/* What a translator is made with. */
typedef struct xd_translator_options {
  /* sizeof(xd_translator_options) */
  size_t struct_size;
  /* [XD_DIRECTION_1TO2] */
  xd_direction direction;
  /* pictures that pass through the networks together, 1..4096 [256]; longer calls are cut, and
   * those of large pictures into smaller batches */
  uint32_t max_batch;
  /* how input views of another size than the source domain's become such [XD_FIT_EXACT: they are
   * refused] */
  xd_fit fit;
  /* 0 */
  uint32_t reserved;
  /* Hears, in stage XD_STAGE_TRANSLATION, of each batch of a call when its outputs are written;
   * steps are the call's pictures or codes. NULL: not wanted; `user` is handed to it */
  xd_progress_callback callback;
  void *user;
} xd_translator_options;

#define XD_TRANSLATOR_OPTIONS_INIT \
  { sizeof(xd_translator_options), XD_DIRECTION_1TO2, 256, XD_FIT_EXACT, 0, NULL, NULL }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_translator_options_init(xd_translator_options *options, size_t struct_size);

/* Makes a translator, which becomes a further owner of the model; the caller destroys it. NULL
 * options are the defaults. XD_ERROR_INVALID_ARGUMENT (NULL, a field out of range),
 * XD_ERROR_UNSUPPORTED (the model has no mapping in that direction), XD_ERROR_OUT_OF_MEMORY. Where
 * the source domain holds conditions (model.h), these take the place of its codes: generate and
 * decode work, while run and encode are XD_ERROR_UNSUPPORTED. */
XD_API xd_status xd_translator_create(xd_translator **out, xd_context *context,
                                      const xd_model *model, const xd_translator_options *options);

/* The same from a model file (.xdm) at a path or in a source (stream.h), of which it reads only
 * what its direction needs: half the memory of xd_model_load. The whole file is still checked for
 * damage. Errors as of xd_model_load and xd_translator_create. */
XD_API xd_status xd_translator_load(xd_translator **out, xd_context *context, const char *path,
                                    const xd_translator_options *options);

/* The same from a source (stream.h). */
XD_API xd_status xd_translator_load_source(xd_translator **out, xd_context *context,
                                           const xd_source *source,
                                           const xd_translator_options *options);

/* NULL is legal. */
XD_API void xd_translator_destroy(xd_translator *translator);

/* The noise of the calls from here on. Row i of a call has that of (seed, first + i): numbers that
 * depend on these two alone. So who translates picture n by itself, or a part that begins with it,
 * sets `first` to n before, and no call changes it. Temperature scales the noise: 1 is the training
 * distribution, less gives more typical and less varied pictures; 0..4. Defaults: seed 0, first 0,
 * temperature 1. XD_ERROR_INVALID_ARGUMENT. */
XD_API xd_status xd_translator_set_noise(xd_translator *translator, uint64_t seed, uint64_t first,
                                         float temperature);

/* What xd_translator_set_noise set, each where not NULL; zeros of NULL. */
XD_API void xd_translator_noise(const xd_translator *translator, uint64_t *seed, uint64_t *first,
                                float *temperature);

/* Translates count pictures. Inputs: the source domain's size, or any with a `fit`, and any kind of
 * pixels (grey and colour are converted as the model needs). Outputs: the target domain's size, any
 * kind, memory of the caller's; with XD_ALPHA_CARRY on input i, output i takes its alpha, fitted
 * into it by `fit`, and by XD_FIT_STRETCH where that is XD_FIT_EXACT. codes[count][target_dim], the
 * generated codes, where not NULL. XD_ERROR_SHAPE_MISMATCH. */
XD_API xd_status xd_translator_run(xd_translator *translator, const xd_image *outputs, float *codes,
                                   const xd_image *inputs, uint32_t count);

/* The same on tensors. */
XD_API xd_status xd_translator_run_floats(xd_translator *translator, float *outputs, float *codes,
                                          const float *inputs, uint32_t count);

/* codes[count][source_dim], the posterior means of count pictures, which are as of
 * xd_translator_run. */
XD_API xd_status xd_translator_encode(xd_translator *translator, float *codes,
                                      const xd_image *inputs, uint32_t count);

/* The same on tensors. */
XD_API xd_status xd_translator_encode_floats(xd_translator *translator, float *codes,
                                             const float *inputs, uint32_t count);

/* codes[count][target_dim] of source_codes[count][source_dim] with noise[count][target_dim], which
 * is taken as it is; NULL: the translator's own, as xd_translator_set_noise says. */
XD_API xd_status xd_translator_generate(xd_translator *translator, float *codes, const float *noise,
                                        const float *source_codes, uint32_t count);

/* The pictures of codes[count][target_dim], opaque; outputs are as of xd_translator_run. */
XD_API xd_status xd_translator_decode(xd_translator *translator, const xd_image *outputs,
                                      const float *codes, uint32_t count);

/* The same on tensors. */
XD_API xd_status xd_translator_decode_floats(xd_translator *translator, float *outputs,
                                             const float *codes, uint32_t count);

/* What goes in. Zeros of NULL, and where the source domain holds conditions. */
XD_API void xd_translator_input_shape(const xd_translator *translator, xd_shape *out);
/* What comes out. Zeros of NULL. */
XD_API void xd_translator_output_shape(const xd_translator *translator, xd_shape *out);

/* The size of the codes that it encodes, or of the conditions; 0 of NULL. */
XD_API uint32_t xd_translator_source_dim(const xd_translator *translator);

/* The size of the noise and of the codes that it generates and decodes; 0 of NULL. */
XD_API uint32_t xd_translator_target_dim(const xd_translator *translator);

/* Which way it translates; 0 of NULL. */
XD_API xd_direction xd_translator_direction(const xd_translator *translator);
/* Borrowed; NULL after _load. */
XD_API const xd_model *xd_translator_model(const xd_translator *translator);

XD_END_DECLS

#endif
