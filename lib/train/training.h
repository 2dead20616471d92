/* One run of xd_train or xd_map: what its stages share. */
#ifndef XDI_TRAIN_TRAINING_H
#define XDI_TRAIN_TRAINING_H

#include "train/codes.h"
#include "train/pools.h"
#include "xdomain/trainer.h"

typedef struct xdi_training {
  xd_context *context;
  xd_train_options options;
  xd_vae_options vae[2]; /* complete and with seeds of their own */
  xd_vae_architecture architecture[2];
  xd_mapping_options mapping[2]; /* likewise; [0] 1 to 2 */
  const xd_dataset *sets[2];
  const xd_pairing *pairing;
  xd_train_report report;
  double work_done, work; /* in the unit of progress.c */
  double started;
} xdi_training;

static inline bool xdi_training_has(const xdi_training *training, uint32_t direction) {
  return training->options.directions >> direction & 1;
}

/* ---- training_options.c ---- */

/* Reads and completes all options; with_vae: those of the VAEs too. XD_ERROR_INVALID_ARGUMENT names the
 * option, XD_ERROR_SHAPE_MISMATCH the set that an architecture does not fit. */
xd_status xdi_training_read(xdi_training *training, const xd_train_options *options, bool with_vae);

/* ---- rehearsal.c ---- */

/* Refuses what any stage would refuse before its first step; `vaes`: those that are mapped, NULL where they
 * are yet to be trained. */
xd_status xdi_training_rehearse(const xdi_training *training, const xd_model *vaes);

/* ---- progress.c ---- */

/* Steps of a VAE's stage. */
uint32_t xdi_training_vae_steps(const xdi_training *training, uint32_t domain);

/* Sets the clock and the work that is to be done. */
void xdi_training_start(xdi_training *training, bool with_vae);

/* After a step: counts its work and calls back. XD_ERROR_CANCELLED from the callback or the context. */
xd_status xdi_training_tell(xdi_training *training, xd_train_progress *event);

/* Seconds since the start; what a stage took is stored by its end. */
double xdi_training_clock(const xdi_training *training);
void xdi_training_end_stage(xdi_training *training, xd_train_stage stage, double began);

/* ---- vae_schedule.c ---- */

/* domain 0 or 1. The caller owns both. */
xd_status xdi_training_vae(xdi_training *training, uint32_t domain, xd_encoder **encoder,
                           xd_decoder **decoder);

/* ---- mapping_schedule.c ---- */

/* What a mapping is trained on. */
typedef struct xdi_mapping_material {
  const xd_model *model;  /* the VAEs */
  xdi_codes codes[2];     /* of each domain's pictures, unless only augmented ones are read */
  xdi_codes augmented[2]; /* of augmented ones, for the direction that leaves the domain; or zeroed */
  xdi_pools pools[2];
} xdi_mapping_material;

/* What the direction that leaves domain 0 or 1 reads. */
static inline const xdi_codes *xdi_source_codes(const xdi_mapping_material *material, uint32_t domain) {
  return material->augmented[domain].values ? &material->augmented[domain] : &material->codes[domain];
}

xd_status xdi_mapping_material_open(xdi_mapping_material *material, xdi_training *training,
                                    const xd_model *model);
void xdi_mapping_material_close(xdi_mapping_material *material); /* a zeroed one is legal */

/* The options of direction 0 or 1 with the sizes of the model's codes. */
xd_status xdi_training_mapping_options(xd_mapping_options *out, const xdi_training *training,
                                       const xd_model *model, uint32_t direction);

/* Whether what the direction's mapping gives is measured. */
static inline bool xdi_training_validates(const xdi_training *training, uint32_t direction) {
  const xd_train_options *options = &training->options;
  return options->validation[0] && options->validation[1] && options->judge[1 - direction];
}

/* direction 0 or 1. The caller owns both. XD_ERROR_COLLAPSED by the validations. */
xd_status xdi_training_mapping(xdi_training *training, const xdi_mapping_material *material,
                               uint32_t direction, xd_latent_generator **generator,
                               xd_pair_discriminator **discriminator);

/* ---- probe.c ---- */

/* Fills report.probe of the domains that have a validation set. */
xd_status xdi_training_probe(xdi_training *training, const xdi_mapping_material *material);

/* ---- provenance.c ---- */

#define XDI_PROPERTY_LIMIT 16
#define XDI_PROPERTY_SIZE 640

/* Key, value, key, value... as xd_model_parts takes them. */
typedef struct xdi_properties {
  const char *texts[2 * XDI_PROPERTY_LIMIT];
  uint32_t count;
  char values[XDI_PROPERTY_LIMIT][XDI_PROPERTY_SIZE];
} xdi_properties;

/* How the VAEs, and how the mappings came about: all that shaped them, and nothing that differs between two
 * runs of the same training. */
void xdi_properties_of_vaes(xdi_properties *properties, const xdi_training *training);
void xdi_properties_of_mappings(xdi_properties *properties, const xdi_training *training);

#endif
