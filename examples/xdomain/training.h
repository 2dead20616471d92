/* The parts of xdomain train and xdomain map: what is trained on (training_sets.c), the run (training_run.c),
 * what it has finished (training_checkpoint.c) and what is written of it (training_log.c, training_report.c). */
#ifndef XDOMAIN_TRAINING_H
#define XDOMAIN_TRAINING_H

#include "command.h"

/* One validation, as the callback heard of it. */
typedef struct training_record {
  uint32_t step;
  double acc, div, ediv, style, fd, score;
} training_record;

typedef struct training_history {
  training_record *items;
  size_t count, room;
} training_history;

enum { PLANNED_STAGES = XD_STAGE_MAPPING2 + 1 }; /* by the stages' numbers, which begin at 1 */

/* What a training is thought to take, measured at a few steps of each kind (estimate.c). */
typedef struct training_plan {
  double step_seconds[PLANNED_STAGES]; /* of each stage; 0: it is not trained */
  uint32_t steps[PLANNED_STAGES];
  double validation_seconds[PLANNED_STAGES]; /* of each validation of a stage */
  uint32_t validations[PLANNED_STAGES];
  double total; /* seconds; 0: not known */
} training_plan;

/* Pictures beside the model (previews.c). */
typedef struct training_previews {
  runtime run;                          /* with a context of its own */
  char *translations, *reconstructions; /* paths */
  xd_picture *panels[2];                /* the translations of each direction, as drawn last */
  bool reconstructed, lost;
} training_previews;

typedef struct training {
  runtime run;
  bool mapping_only; /* xdomain map */
  const char *specs[2], *pairs, *out, *model_path, *vae_paths[2];
  const char *log_path, *report_path;
  const char *unlabelled_specs[2], *validation_specs[2], *judge_path, *judge_paths[2];
  checkpointing checkpoint;
  const char *effort, *preview_path;
  bool no_previews;
  float held_out_share; /* NaN: nobody has said */
  bool no_validation;
  bool half;
  uint32_t positive_codes;
  option_settings settings;

  xd_options *options;
  uint32_t directions; /* as the option */
  xd_model *base;      /* xdomain map: whose VAEs are used */
  xd_dataset *sets[2], *validation[2], *unlabelled[2];
  xd_pairing *pairing;
  xd_judge *judges[2];
  judge_worth judge_worth[2];
  bool judges_begun; /* and a checkpoint knows it */

  xd_model *model; /* what came of it */
  xd_values *report;
  training_history history[2]; /* of the mapping 1 to 2, and of the way back */
  xd_stage stage;              /* that was heard of last, and its step; 0: none was */
  uint32_t step;
  bool trend_said[2]; /* of each VAE */
  training_plan plan;
  double planned_done, began; /* of the plan when this run began, and when that was */
  training_previews previews;
  FILE *log;
  bool log_lost;
  progress progress;
} training;

/* Answer an exit code and have printed the reason where it is not EXIT_DONE. */
int load_training_sets(training *t);
int load_training_judges(training *t);  /* those of files */
int train_training_judges(training *t); /* the others */

/* The model whose VAEs are those of vae_paths, as the one that is mapped on. */
xd_status join_vaes(training *t);
int run_training(training *t);
/* Writes down what a training that ended early has finished, and says how it goes on. */
void keep_finished(training *t, xd_status why);
char *partial_path(const char *out); /* where: "runs/m.partial.xdm" for "runs/m.xdm"; to be freed */
/* Where previews go; draws them anew from a model; tells where they are. */
int prepare_previews(training *t);
void draw_previews(training *t, const xd_model *model);
void say_previews(const training *t);
void free_previews(training *t);

/* Trains a few steps of each kind on few pictures and plans by them. Says how long the training takes. */
int plan_training(training *t);
/* Seconds that are left after a step, by the plan and by how it held until now; below 0: not known. */
double seconds_left(training *t, const xd_progress *p);

/* At the first step, so that a training which is refused leaves an older log; one that is resumed goes on with its log. */
void open_training_log(training *t, const xd_progress *p);
int close_training_log(training *t);
int write_training_report(const training *t, const char *status);
void update_training_report(const training *t); /* while it runs, if it is a plain file */

bool is_file(const char *path); /* neither a pipe nor a device */

/* Takes up the history of the training that is resumed, as far as its first step now. */
void take_up_report(training *t, const xd_progress *p);
void log_training_step(training *t, const xd_progress *p);
bool note_validation(training *t, const xd_progress *p);
void free_training(training *t);

#endif
