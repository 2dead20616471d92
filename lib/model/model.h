/* The bundle behind a model's handle. */
#ifndef XDI_MODEL_MODEL_H
#define XDI_MODEL_MODEL_H

#include "model/decoder.h"
#include "model/encoder.h"
#include "model/latent_generator.h"
#include "model/pair_discriminator.h"
#include "xdomain/model.h"

/* What a model may hold, and so what a file of one does. */
#define XDI_MODEL_TEXT_LIMIT 65536u /* bytes of a text */
#define XDI_MODEL_PROPERTY_LIMIT 4096u

/* XD_ERROR_TOO_LARGE where the text (or NULL) is longer, XD_ERROR_INVALID_ARGUMENT where it is no UTF-8: one of `what` the
 * `owner` has. */
xd_status xdi_check_text(xd_context *context, const char *text, const char *owner, const char *what);

/* A list of texts, each its own allocation. */
typedef struct xdi_texts {
  char **at;
  uint32_t count;
} xdi_texts;

void xdi_texts_release(const xd_allocator *allocator, const xdi_texts *texts);

struct xd_model {
  xd_allocator allocator;
  xdi_owners references;
  const xd_encoder *encoder[2];
  const xd_decoder *decoder[2];
  const xd_latent_generator *generator[2];
  const xd_pair_discriminator *discriminator[2];
  char *name[2]; /* or NULL */
  char *pairing; /* or NULL */
  xdi_texts class_names[2];
  xdi_texts properties; /* key, value, key, value... */
};

#endif
