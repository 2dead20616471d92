/* What a mapping's trainer holds: for its sources, its schedule and its tests. */
#ifndef XDI_TRAIN_MAPPING_TRAINER_H
#define XDI_TRAIN_MAPPING_TRAINER_H

#include "layer/executor.h"
#include "options/settings.h"
#include "train/gradient_sum.h"
#include "train/optimiser.h"
#include "train/spectral.h"
#include "xdomain/unstable/mapping_trainer.h"

/* The codes of one part of a step on the backend, [rows][dim] each. */
enum {
  XDI_PLACE_ANCHOR,
  XDI_PLACE_POSITIVE,
  XDI_PLACE_WRONG,
  XDI_PLACE_WRONG_ANCHOR,
  XDI_PLACE_SOURCE,
  XDI_PLACE_TWIN,
  XDI_PLACE_EPSILON,
  XDI_PLACE_NOISE,
  XDI_PLACE_SCRATCH,
  XDI_PLACE_STYLE,
  XDI_PLACE_READING,
  XDI_PLACE_READING_GRADIENT,
  XDI_PLACE_READER, /* [target_dim][target_dim] */
  XDI_PLACES
};

/* The kinds of pairs that pass through D together, kind after kind. */
enum { XDI_KIND_REAL, XDI_KIND_GENERATED, XDI_KIND_NOISE, XDI_KIND_MISMATCHED, XDI_KINDS };

struct xd_mapping_trainer {
  xd_context *context;
  xdi_mapping_settings settings;
  const xd_latent_generator *generator; /* the layers; the weights that are trained lie in the executors */
  const xd_pair_discriminator *discriminator;
  xdi_executor *generator_run, *discriminator_run;
  xdi_optimiser generator_optimiser, discriminator_optimiser;
  xdi_gradient_sum generator_sum, discriminator_sum;
  xdi_spectral spectral;
  xd_buffer *average; /* of G's weights; NULL: the last ones are kept */
  xd_buffer *codes;
  size_t places[XDI_PLACES]; /* in codes */
  uint32_t source_dim, target_dim;
  uint32_t rows;     /* the most of a step that this rank takes: without others the option batch */
  uint32_t parts;    /* in which it computes them: without others the option */
  double insistence; /* factor of the weight invariance, adapted to invariance_target */
  uint32_t step;
};

/* xd_mapping_trainer_create from settings. */
xd_status xdi_mapping_trainer_open(xd_mapping_trainer **out, xd_context *context,
                                   const xd_latent_generator *generator,
                                   const xd_pair_discriminator *discriminator,
                                   const xdi_mapping_settings *settings);

/* All that the next steps depend on. */
void xdi_mapping_trainer_archive(xd_mapping_trainer *trainer, xdi_archive *archive);

static inline xd_slice xdi_mapping_place(const xd_mapping_trainer *trainer, uint32_t which) {
  return xdi_slice(trainer->codes, trainer->places[which]);
}

/* What style keeps of the weight. */
static inline float xdi_mapping_invariance(const xdi_mapping_settings *settings) {
  return settings->invariance * (1.0f - settings->style);
}

static inline bool xdi_asks_for_style(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch) {
  return trainer->settings.style > 0.0f && batch->style_dim > 0;
}

/* How many kinds of pairs the settings give weight. */
static inline uint32_t xdi_mapping_kinds(const xdi_mapping_settings *settings) {
  return settings->mismatch > 0.0f ? XDI_KINDS : XDI_KIND_MISMATCHED;
}

/* ---- mapping_style.c ---- */

/* Adds weight / style_dim |G reader - style|^2 to L_G's gradient; *mean gets the unweighted mean over the numbers. */
xd_status xdi_mapping_pull_style(const xd_mapping_trainer *trainer, double *mean, uint32_t count,
                                 uint32_t style_dim, float weight);

/* ---- mapping_step.c ---- */

/* Means over a batch; see xdomain/unstable/mapping_trainer.h. */
typedef struct xdi_mapping_losses {
  double discriminator, generator;
  double real, generated, noise, mismatched;
  double adversarial, regularisation, invariance, invariance_weight, style;
} xdi_mapping_losses;

/* One step on a batch that was checked. */
xd_status xdi_mapping_step(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                           const xd_mapping_batch *batch, float learning_rate);

#endif
