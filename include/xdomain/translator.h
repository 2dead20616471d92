/* libxdomain: the translator, an inference session of one context on a shared model.
 *
 *   picture -> encoder's posterior mean -> latent generator with noise -> decoder -> picture
 *
 * It prepares the weights for the context's backend once and plans its memory once:
 * after the first call at a batch size it allocates nothing. It keeps the model
 * alive, and belongs to its context's thread. */
#ifndef XDOMAIN_TRANSLATOR_H
#define XDOMAIN_TRANSLATOR_H

#include "image.h"
#include "model.h"

XD_BEGIN_DECLS

typedef struct xd_translator xd_translator;

typedef struct xd_translator_options {
  /* sizeof(xd_translator_options) */
  size_t struct_size;
  /* xd_direction [XD_DIRECTION_1TO2] */
  uint32_t direction;
  /* pictures that pass through the networks together, 1..4096 [256]; longer calls are cut */
  uint32_t max_batch;
} xd_translator_options;

#define XD_TRANSLATOR_OPTIONS_INIT \
  { sizeof(xd_translator_options), XD_DIRECTION_1TO2, 256 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_translator_options_init(xd_translator_options *options, size_t struct_size);

/* XD_ERROR_UNSUPPORTED: the model has no mapping in that direction. NULL options are the
 * defaults. */
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

/* How pictures are drawn from here on. Picture i of a call uses the noise of (seed, first + i), so
 * a picture's result depends on its number, not on how calls are cut. Temperature scales the noise:
 * 1 is the training distribution, less gives more typical and less varied pictures; 0..4. Defaults:
 * seed 0, first 0, temperature 1. */
XD_API xd_status xd_translator_set_noise(xd_translator *translator, uint64_t seed, uint64_t first,
                                         float temperature);

/* Translates count pictures. Inputs: the source domain's size, any format (grey and colour are
 * converted as the model needs). Outputs: the target domain's size, any format, memory of the
 * caller's; with XD_ALPHA_CARRY on input i, output i takes its alpha. codes[count][latent_dim of
 * the target], the generated codes, where not NULL. Either all outputs are written, or an error
 * comes back and their contents are unspecified. XD_ERROR_SHAPE_MISMATCH, XD_ERROR_BAD_DATA (NaN
 * pixels) name the picture; XD_ERROR_CANCELLED. */
XD_API xd_status xd_translator_run(xd_translator *translator, const xd_image *outputs, float *codes,
                                   const xd_image *inputs, uint32_t count);

/* The same on tensors: [count][height][width][channels] in 0..1. */
XD_API xd_status xd_translator_run_floats(xd_translator *translator, float *outputs, float *codes,
                                          const float *inputs, uint32_t count);

/* What goes in and comes out. Zeros of NULL. */
XD_API void xd_translator_input_shape(const xd_translator *translator, xd_shape *out);
/* Zeros of NULL. */
XD_API void xd_translator_output_shape(const xd_translator *translator, xd_shape *out);
/* Borrowed; NULL after _load. */
XD_API const xd_model *xd_translator_model(const xd_translator *translator);

XD_END_DECLS

#endif
