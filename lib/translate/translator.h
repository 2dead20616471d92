/* The translator behind its handle: what it was made with (translator.c) and what its calls keep
 * (translation.c). */
#ifndef XDI_TRANSLATE_TRANSLATOR_H
#define XDI_TRANSLATE_TRANSLATOR_H

#include "layer/session.h"
#include "xdomain/translator.h"

/* Floats of a batch that grow with it. */
typedef struct xdi_rows {
  float *at;
  uint32_t capacity;
} xdi_rows;

struct xd_translator {
  xd_context *context;
  xd_model *model;
  bool whole; /* the model has all weights, not this direction's alone */
  xd_translator_options options;
  uint32_t source_dim, target_dim;
  xd_shape input, output;
  size_t input_size, output_size; /* floats a picture */
  uint64_t seed, first;
  float temperature;

  xdi_session encoder, generator, decoder;
  xdi_rows noise;  /* [batch][target_dim] */
  xdi_rows pixels; /* of views: one batch of inputs, then of outputs */
};

#endif
