/* The parts of xdomain train and xdomain map: what is trained on (training_sets.c), the run (training_run.c) and
 * what is written of it (training_log.c). */
#ifndef XDOMAIN_TRAINING_H
#define XDOMAIN_TRAINING_H

#include "command.h"

/* One validation, as the callback heard of it. */
typedef struct training_record {
  uint32_t step;
  double acc, div, ediv, fd, score;
} training_record;

typedef struct training_history {
  training_record *items;
  size_t count, room;
} training_history;

typedef struct training {
  runtime run;
  bool mapping_only; /* xdomain map */
  const char *specs[2], *pairs, *out, *model_path;
  const char *log_path, *report_path;
  const char *validation_specs[2], *judge_path, *judge_paths[2];
  float held_out_share;
  bool half;
  uint32_t positive_codes;
  option_settings settings;

  xd_options *options;
  uint32_t directions; /* as the option */
  xd_model *base;      /* xdomain map: whose VAEs are used */
  xd_dataset *sets[2], *validation[2];
  xd_pairing *pairing;
  xd_judge *judges[2];

  xd_model *model; /* what came of it */
  xd_values *report;
  training_history history[2]; /* of the mapping 1 to 2, and of the way back */
  FILE *log;
  bool log_lost;
  progress progress;
} training;

/* Answer an exit code and have printed the reason where it is not EXIT_DONE. */
int load_training_sets(training *t);
int run_training(training *t);
int open_training_log(training *t);
int close_training_log(training *t);
int write_training_report(const training *t, xd_status status);

void log_training_step(training *t, const xd_train_progress *p);
bool note_validation(training *t, const xd_train_progress *p);
void free_training(training *t);

#endif
