/* One evaluation in progress: its sets, its memory and what it has measured. */
#ifndef XDI_EVALUATE_EVALUATION_RUN_H
#define XDI_EVALUATE_EVALUATION_RUN_H

#include "evaluate/diversity.h"
#include "evaluate/evaluation.h"
#include "evaluate/judge_session.h"
#include "evaluate/reconstruction_session.h"
#include "evaluate/style.h"
#include "xdomain/translator.h"

#define XDI_NOISE_SOURCES 8u /* of a source class, whose variety is measured */
#define XDI_NOISES 24u       /* of each of them */

/* The pictures of one set whose class is paired. */
typedef struct xdi_paired_set {
  const xd_dataset *set;
  uint32_t domain; /* 1 or 2 */
  uint32_t *indices;
  uint32_t count;
  float *pictures; /* [batch], the batch in progress */
} xdi_paired_set;

typedef struct xdi_evaluation_run {
  xd_context *context;
  const xd_model *model;
  const xd_pairing *pairing;
  const xd_judge *judged_by;
  xdi_evaluation_settings settings;
  xd_progress_callback callback;
  void *user;
  uint32_t batch;       /* pictures that pass the networks together */
  uint32_t step, steps; /* that the callback hears of */
  bool any;             /* the pairing is "*:*": one class on each side */
  xdi_paired_set source, target;
  size_t target_size; /* floats of a picture */
  xd_shape target_shape;
  xdi_edges translated_edges, reconstructed_edges;
  xdi_style style;
  xd_translator *translator;
  bool conditions;       /* the source domain holds labels: of its set nothing else is read */
  float *labels, *codes; /* then [batch] conditions, and what is generated from them */
  xdi_judge_session judge;
  xdi_reconstruction_session reconstruction;
  float *results; /* [batch] generated or reconstructed pictures */
  float *real_features, *translated_features, *reconstructed_features;
  xdi_gallery real, accepted;
  xdi_real_figures *figures; /* of the real target pictures */
  xdi_evaluation out;
} xdi_evaluation_run;

/* A run of arguments that were checked; nothing is taken yet. */
xdi_evaluation_run xdi_evaluation_run_of(xd_context *context, const xd_model *model, xd_direction direction,
                                         const xd_evaluation_input *input,
                                         const xdi_evaluation_settings *settings);

/* Checks that all fits together and takes the memory. On failure the run is to be closed, too. */
xd_status xdi_evaluation_run_open(xdi_evaluation_run *run, xd_direction direction);
void xdi_evaluation_run_close(xdi_evaluation_run *run);

/* The label of the picture at a place among those of a set that are paired. */
static inline uint32_t xdi_paired_label(const xdi_paired_set *paired, uint32_t place) {
  return xd_dataset_label(paired->set, paired->indices[place]);
}

/* A label's place in galleries. */
static inline uint32_t xdi_gallery_class(const xdi_evaluation_run *run, uint32_t label) {
  return run->any ? 0 : label;
}

#endif
