/* What the tests of checkpoints share: trainings in parts, each with a context, sets and
 * networks of its own, as processes that follow one another have, and what came of them. Include
 * it instead of support.h. */
#ifndef XD_TESTS_CHECKPOINT_SUPPORT_H
#define XD_TESTS_CHECKPOINT_SUPPORT_H

#include "training_support.h"

/* ---- one part of a training, with all of its own, as in a process of its own ---- */

#define COUNT 60u /* pictures */

#define TINY \
  "vae.latent_dim=4 vae.base_channels=4 vae.depth=1 vae.hidden1=8 vae.batch=20 vae.epochs=1 vae.min_steps=0 " \
  "vae.learning_rate=0.003 mapping.hidden_width=16 mapping.hidden_layers=2 mapping.batch=20 " \
  "mapping.steps=7 mapping.learning_rate=0.002 seed=5 "

typedef struct setting {
  const char *options; /* besides TINY */
  bool maps;           /* by xd_map, the model "vaes" */
  bool validates;      /* with the judge "judge" in both directions */
  bool one_picture;    /* domain 2 has one picture alone, which every mapping collapses to */
  bool one_class;      /* in each set: then nothing is probed, which takes long */
  const char *pairs;   /* NULL: "0:3,1:4,2:5", or "0:3" of one class */
  const char *backend; /* NULL: "auto" */
} setting;

/* A folder of files that parts share. */
typedef struct lab {
  char *folder;
  char checkpoint[TEST_PATH_SIZE], judge[TEST_PATH_SIZE], vaes[TEST_PATH_SIZE], model[TEST_PATH_SIZE];
} lab;

/* What a training told; parts that follow one another add to the same. */
typedef struct heard {
  char *text;
  size_t length, capacity;
  uint32_t events, stop_at; /* the callback stops at that event, from 1; 0: at none */
  bool cancels;             /* it cancels the context instead */
  xd_context *context;
} heard;

typedef struct part {
  xd_context *context;
  xd_dataset *sets[2], *held_out[2];
  xd_judge *judges[2];
  xd_model *vaes;
  xd_pairing *pairing;
  xd_options *options;
  xd_train_input input;
  xd_run run;
  xd_values *report;
  xd_model *model; /* what came of it */
} part;

static inline void say(heard *to, const char *name, double number) {
  if (to->capacity - to->length < 128)
    to->text = realloc(to->text, to->capacity += 4096);
  ck_assert_ptr_nonnull(to->text);
  to->length += (size_t)snprintf(to->text + to->length, 128, "%s=%.17g ", name, number);
}

static inline void say_values(heard *to, const xd_values *values) {
  for (uint32_t i = 0; i < xd_values_count(values); i++)
    if (strncmp(xd_values_name(values, i), "seconds", 7) != 0)
      say(to, xd_values_name(values, i), xd_values_number(values, i));
}

static inline int hear(void *user, const xd_progress *progress) {
  heard *to = user;
  say(to, "\nstage", progress->stage);
  say(to, "step", progress->step);
  say(to, "steps", progress->steps);
  say(to, "overall", progress->overall);
  say_values(to, progress->losses);
  if (progress->validation)
    say_values(to, progress->validation);
  const bool stop = ++to->events == to->stop_at;
  if (stop && to->cancels)
    xd_context_cancel(to->context);
  return stop && !to->cancels;
}

static inline void open_lab(lab *l) {
  l->folder = make_temp_folder();
  path_in(l->checkpoint, l->folder, "t.ckpt");
  path_in(l->judge, l->folder, "judge.xdm");
  path_in(l->vaes, l->folder, "vaes.xdm");
  path_in(l->model, l->folder, "model.xdm");
}

static inline xd_dataset *make_one_picture(xd_context *context) {
  uint8_t pixels[COUNT * PATTERN_SIZE];
  uint32_t labels[COUNT];
  xd_dataset *set = NULL;
  for (uint32_t i = 0; i < COUNT; i++) {
    labels[i] = 3 + i % 3;
    draw_pattern(pixels + (size_t)i * PATTERN_SIZE, PATTERN_FRAME, 1, 0);
  }
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, COUNT, SIDE, SIDE, 1));
  return set;
}

static inline void open_part(part *p, const lab *l, const setting *s, uint32_t threads) {
  *p = (part){.context = test_context_with(s->backend, threads, NULL),
              .input = XD_TRAIN_INPUT_INIT,
              .run = XD_RUN_INIT};
  p->pairing = make_pairing(p->context, s->pairs ? s->pairs : s->one_class ? "0:3" : "0:3,1:4,2:5");
  p->options = make_options(p->context, "train", TINY);
  change_options(p->options, s->options);
  p->report = make_values(p->context);
  const uint32_t classes = s->one_class ? 1 : 3;
  for (uint32_t i = 0; i < 2; i++) {
    p->sets[i] = i == 1 && s->one_picture
                     ? make_one_picture(p->context)
                     : make_patterns(p->context, (pattern)(3 * i), classes, COUNT, 1 + i);
    p->input.set[i] = p->sets[i];
    p->input.name[i] = i ? "hollow" : "solid";
    if (!s->validates)
      continue;
    p->input.validation[i] = p->held_out[i] =
        make_patterns(p->context, (pattern)(3 * i), classes, 30, 11 + i);
    assert_ok(p->context, xd_judge_load(&p->judges[i], p->context, l->judge));
    p->input.judge[i] = p->judges[i];
  }
  if (s->maps)
    assert_ok(p->context, xd_model_load(&p->vaes, p->context, l->vaes));
  p->input.pairing = p->pairing;
}

static inline void close_part(part *p) {
  for (uint32_t i = 0; i < 2; i++) {
    xd_dataset_release(p->sets[i]);
    xd_dataset_release(p->held_out[i]);
    xd_judge_release(p->judges[i]);
  }
  xd_model_release(p->vaes);
  xd_model_release(p->model);
  xd_pairing_release(p->pairing);
  xd_options_destroy(p->options);
  xd_values_destroy(p->report);
  xd_context_destroy(p->context);
}

static inline xd_status run_part(part *p) {
  return p->vaes ? xd_map(&p->model, p->context, p->report, p->vaes, &p->input, &p->run, p->options)
                 : xd_train(&p->model, p->context, p->report, &p->input, &p->run, p->options);
}

static inline void listen(part *p, heard *to) {
  to->context = p->context;
  p->run.callback = hear, p->run.user = to;
}

/* A judge of any quality knows all six patterns; the VAEs are hardly trained. */
static inline void fill_lab(lab *l) {
  const setting vaes = {.options = "directions=0"};
  part p;
  open_part(&p, l, &vaes, 1);
  xd_dataset *all = make_patterns(p.context, PATTERN_ROW, 6, 120, 4);
  xd_options *options = make_options(p.context, "judge", "base_channels=4 feature_dim=8 batch=30 epochs=2");
  xd_judge *judge = NULL;
  assert_ok(p.context, xd_judge_train(&judge, p.context, NULL, all, NULL, options));
  assert_ok(p.context, xd_judge_save(judge, p.context, l->judge));
  assert_ok(p.context, run_part(&p));
  assert_ok(p.context, xd_model_save(p.model, p.context, l->vaes, NULL));
  xd_judge_release(judge);
  xd_options_destroy(options);
  xd_dataset_release(all);
  close_part(&p);
}

/* ---- what came of trainings, compared ---- */

/* The model's bytes, the report but for its seconds, and all that was told. */
typedef struct outcome {
  unsigned char *bytes;
  size_t size;
  heard report, told;
} outcome;

static inline void take_outcome(outcome *to, const lab *l, part *p, heard *told) {
  *to = (outcome){.told = *told};
  ck_assert_ptr_nonnull(p->model);
  assert_ok(p->context, xd_model_save(p->model, p->context, l->model, NULL));
  to->bytes = read_test_file(l->model, &to->size);
  say(&to->report, "values", xd_values_count(p->report));
  say_values(&to->report, p->report);
}

static inline void free_outcome(outcome *of) {
  free(of->bytes);
  free(of->report.text);
  free(of->told.text);
}

/* One that is never stopped and keeps no checkpoint. */
static inline void run_whole(outcome *to, const lab *l, const setting *s) {
  heard told = {0};
  part p;
  open_part(&p, l, s, 2);
  listen(&p, &told);
  assert_ok(p.context, run_part(&p));
  take_outcome(to, l, &p, &told);
  close_part(&p);
}

/* One part with a checkpoint. Its outcome, if it comes to one, is the last of `told`. */
static inline xd_status run_checkpointed(outcome *to, const lab *l, const setting *s, heard *told,
                                         uint32_t threads, bool resume) {
  part p;
  open_part(&p, l, s, threads);
  listen(&p, told);
  p.run.checkpoint = l->checkpoint, p.run.resume = resume;
  const xd_status status = run_part(&p);
  if (status == XD_OK)
    take_outcome(to, l, &p, told);
  else
    ck_assert_msg(status == XD_ERROR_CANCELLED && !p.model, "%s: %s", xd_status_name(status),
                  xd_context_message(p.context));
  close_part(&p);
  return status;
}

#endif
