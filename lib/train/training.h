/* One run of xd_train, xd_map, xd_train_vae or xd_judge_train: what its stages share. */
#ifndef XDI_TRAIN_TRAINING_H
#define XDI_TRAIN_TRAINING_H

#include "format/wire.h"
#include "options/settings.h"
#include "options/values.h"
#include "xdomain/train.h"

/* What is finished, and the best of the mapping in progress: what no failure takes away. Owned. */
typedef struct xdi_parts {
  xd_encoder *encoder[2];
  xd_decoder *decoder[2];
  xd_latent_generator *generator[2];
  xd_pair_discriminator *discriminator[2]; /* [1], D2, judges what generator[0] makes */
  xd_latent_generator *best_generator;     /* of the validated steps so far; NULL: none */
  xd_pair_discriminator *best_discriminator;
  xd_judge *judge;
} xdi_parts;

/* Where a training is. */
typedef struct xdi_position {
  uint32_t stage;                /* the xd_stage in progress, or that was finished last; 0: none yet */
  uint32_t trained;              /* steps of it that were trained, */
  uint32_t told;                 /* and that were told as well */
  double work_done;              /* in the unit of progress.c */
  double seconds, stage_seconds; /* only in files: since the beginning, and since the stage's */
} xdi_position;

struct xdi_archive;

/* What is saved of the stage in progress. */
typedef struct xdi_stage_state {
  void *stage;
  void (*archive)(void *stage, struct xdi_archive *archive); /* NULL: nothing */
} xdi_stage_state;

/* The training's file; all zeros without one. */
typedef struct xdi_checkpoint {
  const char *path;
  double written;        /* by xdi_clock */
  uint32_t unsaved;      /* steps since then */
  xdi_bytes fingerprint; /* the chunk's */
  bool resumed;          /* what follows was read, and its stage has not begun again */
  xdi_position at;
  xdi_cursor state; /* of that stage; its data is owned */
} xdi_checkpoint;

typedef struct xdi_training {
  xd_context *context;
  const char *call;            /* "xd_train" or another */
  const char *group;           /* of the call's options, */
  const void *options;         /* which were read into these settings */
  xdi_train_settings settings; /* complete: the parts have seeds, pictures and codes of their own */
  xdi_judge_settings judge_settings;
  xd_train_input input;
  xd_run run;
  xd_dataset *vae_set[2], *spread_set[2]; /* with unlabelled pictures (unlabelled.h); or NULL */
  double lost_light;                      /* the share that is taken from a source (light.h); 0: none */
  const xd_model *vaes;                   /* those that xd_map maps; NULL: they are trained */
  xd_values *report;                      /* the caller's, or the one below */
  xd_values own_report;
  xd_values losses, measures; /* of a step, for the callback */
  xdi_parts done;
  xdi_position at;
  double work;             /* all of it, */
  double encoding_work[2]; /* and that of encoding a domain's pictures, as it was when the training began */
  double started, stage_began; /* by xdi_clock, as if the training had never stopped */
  xdi_stage_state stage_state;
  xdi_checkpoint checkpoint;
} xdi_training;

/* Reads the caller's input and run (NULL: the defaults), and begins the report. XD_ERROR_INVALID_ARGUMENT names
 * what is wrong. */
xd_status xdi_training_open(xdi_training *training, xd_context *context, xd_values *report,
                            const xd_train_input *input, const xd_run *run);
/* The same for a network that is trained alone, on a set. */
xd_status xdi_training_open_one(xdi_training *training, xd_context *context, xd_values *report,
                                const xd_dataset *set, const xd_run *run);
void xdi_training_close(xdi_training *training);

void xdi_release_parts(xdi_parts *parts);
void xdi_release_best(xdi_parts *parts); /* those of the mapping in progress, which then has none */

/* Reads the options. with_vae: those of the VAEs are completed by the sets, too. XD_ERROR_INVALID_ARGUMENT names
 * the option, XD_ERROR_SHAPE_MISMATCH the set that it does not fit. */
xd_status xdi_training_read(xdi_training *training, const xd_options *options, bool with_vae);

/* Pictures' sizes that are 0 become the set's; others must be. */
xd_status xdi_complete_picture(xd_context *context, const char *group, uint32_t *width, uint32_t *height,
                               uint32_t *channels, const xd_dataset *set);

static inline bool xdi_training_has(const xdi_training *training, uint32_t direction) {
  return training->settings.directions >> direction & 1;
}

/* The pictures of domain 0 or 1 that its VAE sees. */
static inline const xd_dataset *xdi_training_pictures(const xdi_training *training, uint32_t domain) {
  return training->vae_set[domain] ? training->vae_set[domain] : training->input.set[domain];
}

/* Whether what the direction's mapping gives is measured. */
static inline bool xdi_training_validates(const xdi_training *training, uint32_t direction) {
  const xd_train_input *input = &training->input;
  return input->validation[0] && input->validation[1] && input->judge[1 - direction];
}

#endif
