/* Trainings that end before their end: stopped at each step, cancelled at any moment, killed.
 * Resumed, they give the bytes of one that was never stopped, and what is finished is never
 * lost. */
#include "checkpoint_support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"

/* ---- stopped at a step ---- */

static void assert_same(const outcome *got, const outcome *expected, const char *what, uint32_t number) {
  ck_assert_msg(strcmp(got->told.text, expected->told.text) == 0,
                "%s %u: what was told differs:\n%s\nand not\n%s", what, number, got->told.text,
                expected->told.text);
  ck_assert_msg(strcmp(got->report.text, expected->report.text) == 0, "%s %u: the report is\n%s\nand not\n%s",
                what, number, got->report.text, expected->report.text);
  ck_assert_msg(got->size == expected->size && memcmp(got->bytes, expected->bytes, got->size) == 0,
                "%s %u: the model differs", what, number);
}

/* Stopped at event `first`, then at every `stride`th event after it, at 1 and 3 threads in turn. */
static void check_stops(const lab *l, const setting *s, const outcome *whole, uint32_t first, uint32_t stride,
                        bool cancels) {
  heard told = {.stop_at = first, .cancels = cancels};
  outcome got;
  uint32_t parts = 0;
  remove(l->checkpoint);
  while (run_checkpointed(&got, l, s, &told, parts % 2 ? 3 : 1, parts > 0) != XD_OK) {
    parts++;
    ck_assert_uint_eq(told.events, told.stop_at);
    told.stop_at = stride ? told.stop_at + stride : 0;
  }
  ck_assert(parts > 0 && got.told.events == whole->told.events);
  assert_same(&got, whole, s->options, first);
  free_outcome(&got);
}

static void check_setting(const lab *l, const setting *s, uint32_t step) {
  outcome whole;
  run_whole(&whole, l, s);
  for (uint32_t first = 1; first <= whole.told.events; first += step)
    check_stops(l, s, &whole, first, 0, first % 2);
  check_stops(l, s, &whole, 1, 1, false);
  free_outcome(&whole);
}

START_TEST(checkpoint__goes_on_from_every_step) {
  const setting plain = {.options = ""};
  lab l;
  open_lab(&l);
  check_setting(&l, &plain, 1);
  remove_folder(l.folder);
}
END_TEST

START_TEST(checkpoint__goes_on_between_validations) {
  const setting settings[] = {
      {.options = "validate_every=2 allow_collapse=1", .validates = true, .one_class = true},
      {.options = "validate_every=3 allow_collapse=1 ema_decay=0.5", .validates = true, .maps = true}};
  lab l;
  open_lab(&l);
  fill_lab(&l);
  for (size_t i = 0; i < COUNT_OF(settings); i++)
    check_setting(&l, &settings[i], i ? 8 : 3);
  remove_folder(l.folder);
}
END_TEST

/* Steps so large that variety is lost at once: the mapping ends before its time, and does so again. */
START_TEST(checkpoint__goes_on_to_an_early_end) {
  const setting s = {
      .options = "mapping.steps=8 validate_every=1 allow_collapse=1 mapping.learning_rate=0.5 ema_decay=0 "
                 "mapping.lambda_reg=0 mapping.invariance=0",
      .validates = true,
      .pairs = "*:*"};
  outcome whole;
  lab l;
  open_lab(&l);
  fill_lab(&l);
  run_whole(&whole, &l, &s);
  ck_assert_msg(strstr(whole.report.text, "ended_step1=") && strstr(whole.report.text, "ended_step2="),
                "a fixture that goes on to its end tells little: %s", whole.report.text);
  const char *last = strrchr(whole.told.text, '\n');
  ck_assert_msg(strstr(last, "overall=1 ") && !strstr(last, "step=8 "), "what is left out is not counted: %s",
                last);
  xd_context *context = test_context("reference");
  xd_model *model;
  assert_ok(context, xd_model_load(&model, context, l.model));
  ck_assert_ptr_nonnull(strstr(xd_model_property(model, "mapping1.validation"), " ended="));
  xd_model_release(model);
  xd_context_destroy(context);
  free_outcome(&whole);
  check_setting(&l, &s, 2);
  remove_folder(l.folder);
}
END_TEST

/* Each has a state of its own. */
START_TEST(checkpoint__keeps_the_state_of_every_kind_of_training) {
  const setting settings[] = {
      {.options = "vae.linear_skip=1 mapping.linear_skip=1 anchor_codes=3"},
      {.options = "spectral_norm=0 ema_decay=0 lambda_reg=0 mismatch=0 raw_codes=1"},
      {.options = "ema_decay=0.9 dropout=0.2 generated_mismatch=1 noise_scale=0.5"},
      {.options =
           "vae.augment=1 vae.augment_colour=1 vae.augment_blur=1 codes_per_picture=3 mapping.augment=1 "
           "mixing=0.5"},
      {.options = "vae.window=500 vae.weight_decay=0.01 directions=2"},
      {.options = "directions=0 min_steps=11"},
      {.options =
           "vae.sigma_x=0 vae.averaging=0.9 vae.smooth_start=1 vae.linear_skip=0 mapping.invariance=0.5"},
      {.options = "style=0.6 mapping.invariance=0.5"},
      {.options = "directions=1", .pairs = "*:*"},
      {.options = "", .maps = true},
      {.options = "", .backend = "reference"},
  };
  lab l;
  open_lab(&l);
  fill_lab(&l);
  for (size_t i = 0; i < COUNT_OF(settings); i++)
    check_setting(&l, &settings[i], 5);
  remove_folder(l.folder);
}
END_TEST

/* ---- other ends ---- */

typedef struct timer {
  xd_context *context;
  double seconds;
} timer;

static void *cancel_later(void *user) {
  const timer *of = user;
  const struct timespec time = {0, (long)(of->seconds * 1e9)};
  nanosleep(&time, NULL);
  xd_context_cancel(of->context);
  return NULL;
}

/* In the middle of a validation, of encoding, of the probe... */
START_TEST(checkpoint__goes_on_from_any_moment) {
  const setting s = {.options = "validate_every=1 allow_collapse=1", .validates = true};
  lab l;
  outcome whole, got;
  heard told = {0};
  uint32_t parts = 0;
  xd_status status;
  open_lab(&l);
  fill_lab(&l);
  const double began = xdi_clock();
  run_whole(&whole, &l, &s);
  const double seconds = xdi_clock() - began;
  do {
    part p;
    pthread_t thread;
    open_part(&p, &l, &s, 1 + parts % 2);
    listen(&p, &told);
    p.run.checkpoint = l.checkpoint, p.run.resume = parts > 0;
    timer later = {p.context, seconds * (0.02 + 0.5 * xdi_random_uniform(3, 1, parts))};
    if (parts < 15)
      ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, &later), 0);
    status = run_part(&p);
    if (parts < 15)
      pthread_join(thread, NULL);
    xd_context_clear_cancel(p.context);
    ck_assert_msg(status == XD_OK || status == XD_ERROR_CANCELLED, "%s: %s", xd_status_name(status),
                  xd_context_message(p.context));
    if (status == XD_OK)
      take_outcome(&got, &l, &p, &told);
    close_part(&p);
    struct stat found;
    parts += stat(l.checkpoint, &found) == 0;
  } while (status != XD_OK);
  printf("cancelled %u times\n", parts - 1);
  assert_same(&got, &whole, "cancelled", parts - 1);
  free_outcome(&got);
  free_outcome(&whole);
  remove_folder(l.folder);
}
END_TEST

/* In a child: the rest of the training, then its model. */
static void finish_in_child(const lab *l, const setting *s, bool resume, uint32_t threads) {
  part p;
  open_part(&p, l, s, threads);
  p.run.checkpoint = l->checkpoint, p.run.resume = resume, p.run.checkpoint_steps = 1;
  if (run_part(&p) != XD_OK || xd_model_save(p.model, p.context, l->model, NULL) != XD_OK) {
    fprintf(stderr, "a killed training cannot go on: %s\n", xd_context_message(p.context));
    _exit(1);
  }
  _exit(0);
}

/* Whether it finished before it was killed. */
static bool run_and_kill(const lab *l, const setting *s, uint32_t threads, double seconds) {
  struct stat found;
  const bool resume = stat(l->checkpoint, &found) == 0;
  const struct timespec pause = {0, 500000};
  const double until = xdi_clock() + seconds;
  const pid_t child = fork();
  int how = 0;
  ck_assert(child >= 0);
  if (child == 0)
    finish_in_child(l, s, resume, threads);
  bool ended = false;
  while (!ended && xdi_clock() < until) {
    nanosleep(&pause, NULL);
    ended = waitpid(child, &how, WNOHANG) == child;
  }
  if (!ended) {
    kill(child, SIGKILL);
    ck_assert(waitpid(child, &how, 0) == child);
  }
  ck_assert_msg(WIFSIGNALED(how) || WEXITSTATUS(how) == 0, "a killed training cannot go on");
  return WIFEXITED(how);
}

/* XD_KILLS=200 for more of them. */
START_TEST(checkpoint__survives_kills) {
  const setting s = {.options = "mapping.steps=30"};
  const char *wanted = getenv("XD_KILLS");
  const uint32_t kills = wanted ? (uint32_t)strtoul(wanted, NULL, 10) : 20;
  lab l;
  outcome whole;
  uint32_t killed = 0, finished = 0, lots = 0;
  open_lab(&l);
  const double began = xdi_clock();
  run_whole(&whole, &l, &s);
  const double seconds = xdi_clock() - began;
  while (killed < kills || finished == 0) {
    const double lot = xdi_random_uniform(4, 1, lots++);
    if (!run_and_kill(&l, &s, 1 + lots % 3, killed < kills ? seconds * 2.0 * lot : 120.0)) {
      killed++;
      continue;
    }
    size_t size;
    unsigned char *bytes = read_test_file(l.model, &size);
    ck_assert_msg(size == whole.size && memcmp(bytes, whole.bytes, size) == 0,
                  "after %u kills the model differs", killed);
    free(bytes);
    remove(l.checkpoint);
    finished++;
  }
  printf("%u kills, %u models\n", killed, finished);
  free_outcome(&whole);
  remove_folder(l.folder);
}
END_TEST

/* ---- what stays when a training fails ---- */

static void assert_recovers(const lab *l, const part *p, const setting *s, bool first, bool second,
                            const char *where) {
  xd_model *model = NULL;
  assert_ok(p->context, xd_train_recover(&model, p->context, l->checkpoint));
  ck_assert_str_eq(xd_model_name(model, 1), "solid");
  ck_assert_str_eq(xd_model_name(model, 2), "hollow");
  ck_assert_uint_eq(xd_model_class_count(model, 1), s->one_class && !s->maps ? 1 : 3);
  ck_assert_uint_eq(xd_model_class_count(model, 2), s->one_class && !s->maps ? 4 : 6);
  ck_assert(strstr(xd_model_property(model, "vae1.options"), "latent_dim=4 ") != NULL);
  ck_assert_int_eq(xd_model_generator(model, XD_DIRECTION_1TO2) != NULL, first);
  ck_assert_int_eq(xd_model_discriminator(model, 2) != NULL, first);
  ck_assert_int_eq(xd_model_generator(model, XD_DIRECTION_2TO1) != NULL, second);
  ck_assert_int_eq(xd_model_discriminator(model, 1) != NULL, second);
  if (where) {
    ck_assert_str_eq(xd_model_property(model, "mapping.recovered"), where);
    ck_assert_str_eq(xd_model_pairing(model), "0:3");
  } else {
    ck_assert_ptr_null(xd_model_property(model, "mapping.recovered"));
  }
  assert_ok(p->context, xd_model_save(model, p->context, l->model, NULL));
  xd_model_release(model);
  assert_ok(p->context, xd_model_load(&model, p->context, l->model));
  xd_model_release(model);
}

/* 3 steps a VAE, 2 of codes, 7 a mapping. */
START_TEST(recover__gives_what_is_finished) {
  static const struct {
    uint32_t stop_at;
    bool vaes, first, second;
    const char *where;
  } stops[] = {
      {1, false, false, false, NULL},
      {6, false, false, false, NULL}, /* the last step, but not yet finished */
      {7, true, false, false, NULL},
      {10, true, false, false, NULL},
      {11, true, true, false, "step 3 of mapping1"},
      {15, true, true, false, "step 7 of mapping1"},
      {17, true, true, false, "step 2 of mapping2"},
      {19, true, true, true, "step 4 of mapping2"},
  };
  const setting trained = {
      .options = "validate_every=3 allow_collapse=1", .validates = true, .one_class = true};
  const setting mapped = {
      .options = "validate_every=3 allow_collapse=1", .validates = true, .one_class = true, .maps = true};
  lab l;
  open_lab(&l);
  fill_lab(&l);
  for (size_t i = 0; i < 2 * COUNT_OF(stops); i++) {
    const size_t stop = i % COUNT_OF(stops);
    const setting *s = i < COUNT_OF(stops) ? &trained : &mapped;
    const uint32_t stop_at = s->maps ? stops[stop].stop_at - 6 : stops[stop].stop_at;
    heard told = {.stop_at = stop_at};
    part p;
    if (s->maps && stops[stop].stop_at <= 6)
      continue;
    remove(l.checkpoint);
    open_part(&p, &l, s, 1);
    listen(&p, &told);
    p.run.checkpoint = l.checkpoint;
    assert_status(run_part(&p), XD_ERROR_CANCELLED);
    if (stops[stop].vaes) {
      assert_recovers(&l, &p, s, stops[stop].first, stops[stop].second, stops[stop].where);
    } else {
      xd_model *model = NULL;
      assert_status(xd_train_recover(&model, p.context, l.checkpoint), XD_ERROR_NOT_FOUND);
      assert_message_names(p.context, "VAEs");
      ck_assert_ptr_null(model);
    }
    close_part(&p);
    free(told.text);
  }
  remove_folder(l.folder);
}
END_TEST

/* The model of a mapping on the last one, which it takes the place of: stopped at a step and recovered, or whole. */
static void map_again(const lab *l, uint32_t stop_at, const char *where) {
  const setting s = {
      .options = "validate_every=3 allow_collapse=1", .validates = true, .one_class = true, .maps = true};
  heard told = {.stop_at = stop_at};
  part p;
  remove(l->checkpoint);
  open_part(&p, l, &s, 1);
  listen(&p, &told);
  p.run.checkpoint = l->checkpoint;
  assert_status(run_part(&p), stop_at ? XD_ERROR_CANCELLED : XD_OK);
  if (stop_at)
    assert_ok(p.context, xd_train_recover(&p.model, p.context, l->checkpoint));
  ck_assert_str_eq(xd_model_property(p.model, "mapping.recovered"), where);
  ck_assert_int_eq(xd_model_property(p.model, "mapping1.options") != NULL, stop_at == 0);
  ck_assert_ptr_nonnull(xd_model_property(p.model, "vae1.options"));
  assert_ok(p.context, xd_model_save(p.model, p.context, l->vaes, NULL));
  close_part(&p);
  free(told.text);
}

/* A recovered mapping that is trained anew, stopped, and recovered has one note about it, a finished one none, and
 * what is told of a mapping is never of an older one. */
START_TEST(recover__notes_the_last_place_alone) {
  lab l;
  open_lab(&l);
  fill_lab(&l);
  map_again(&l, 6, "step 4 of mapping1");
  map_again(&l, 9, "step 7 of mapping1");
  map_again(&l, 0, "");
  map_again(&l, 6, "step 4 of mapping1");
  remove_folder(l.folder);
}
END_TEST

/* The training diverges in a mapping, after hours of VAEs. */
START_TEST(recover__gives_the_vaes_of_a_training_that_diverged) {
  const setting s = {
      .options =
          "mapping.learning_rate=10 mapping.steps=400 spectral_norm=0 ema_decay=0 hidden_layers=8 hidden_width=64"};
  lab l;
  part p;
  open_lab(&l);
  open_part(&p, &l, &s, 1);
  p.run.checkpoint = l.checkpoint;
  assert_status(run_part(&p), XD_ERROR_NUMERIC);
  assert_recovers(&l, &p, &s, false, false, NULL);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

/* A collapse is a collapse again when it is resumed, until it is allowed. */
START_TEST(checkpoint__goes_on_from_a_collapse_that_is_allowed) {
  setting s = {.options = "directions=1 validate_every=2 steps=12 min_steps=200",
               .validates = true,
               .one_picture = true,
               .pairs = "*:*"};
  lab l;
  outcome whole, got;
  heard told = {0};
  open_lab(&l);
  fill_lab(&l);
  for (uint32_t i = 0; i < 2; i++) {
    part p;
    open_part(&p, &l, &s, 1);
    listen(&p, &told);
    p.run.checkpoint = l.checkpoint, p.run.resume = i;
    const uint32_t events = told.events;
    assert_status(run_part(&p), XD_ERROR_COLLAPSED);
    assert_message_names(p.context, "collapsed by step 10: acc 1.000, div 0.0");
    ck_assert(i == 0 || told.events == events);
    xd_model *model = NULL;
    assert_ok(p.context, xd_train_recover(&model, p.context, l.checkpoint));
    ck_assert_ptr_nonnull(xd_model_generator(model, XD_DIRECTION_1TO2));
    xd_model_release(model);
    close_part(&p);
  }
  s.options = "directions=1 validate_every=2 steps=12 min_steps=200 allow_collapse=1";
  assert_ok(NULL, run_checkpointed(&got, &l, &s, &told, 2, true));
  run_whole(&whole, &l, &s);
  assert_same(&got, &whole, "collapsed", 0);
  free_outcome(&got);
  free_outcome(&whole);
  remove_folder(l.folder);
}
END_TEST

/* Found at the end of a stage, without validation: it is finished when it is allowed. */
START_TEST(checkpoint__goes_on_from_a_stage_that_tells_nothing_apart) {
  static const char *const options[][3] = {
      {"mapping.learning_rate=10 steps=200", "the mapping 1 to 2",
       "mapping.learning_rate=10 steps=200 allow_collapse=1"},
      {"vae.sigma_x=0.0001 vae.learning_rate=0.3 epochs=20", "the VAE of domain 1",
       "vae.sigma_x=0.0001 vae.learning_rate=0.3 epochs=20 allow_collapse=1"}};
  lab l;
  open_lab(&l);
  for (size_t i = 0; i < COUNT_OF(options); i++) {
    const setting refused = {.options = options[i][0], .backend = "reference"},
                  allowed = {.options = options[i][2], .backend = "reference"};
    outcome whole, got;
    heard told = {0};
    remove(l.checkpoint);
    for (uint32_t again = 0; again < 2; again++) {
      part p;
      open_part(&p, &l, &refused, 1);
      listen(&p, &told);
      p.run.checkpoint = l.checkpoint, p.run.resume = again;
      assert_status(run_part(&p), XD_ERROR_COLLAPSED);
      assert_message_names(p.context, options[i][1]);
      close_part(&p);
    }
    assert_ok(NULL, run_checkpointed(&got, &l, &allowed, &told, 2, true));
    run_whole(&whole, &l, &allowed);
    assert_same(&got, &whole, "collapsed", 0);
    free_outcome(&got);
    free_outcome(&whole);
  }
  remove_folder(l.folder);
}
END_TEST

START_TEST(checkpoint__of_a_finished_training_gives_its_model_at_once) {
  const setting settings[] = {{.options = ""}, {.options = "directions=0"}, {.options = "", .maps = true}};
  lab l;
  open_lab(&l);
  fill_lab(&l);
  for (size_t i = 0; i < COUNT_OF(settings); i++) {
    outcome first, again;
    heard told = {0}, nothing = {0};
    say(&nothing, "nothing", 0);
    remove(l.checkpoint);
    assert_ok(NULL, run_checkpointed(&first, &l, &settings[i], &told, 1, false));
    assert_ok(NULL, run_checkpointed(&again, &l, &settings[i], &nothing, 1, true));
    ck_assert_uint_eq(again.told.events, 0);
    ck_assert_str_eq(again.report.text, first.report.text);
    ck_assert(again.size == first.size && memcmp(again.bytes, first.bytes, first.size) == 0);
    free_outcome(&first);
    free_outcome(&again);
  }
  remove_folder(l.folder);
}
END_TEST

/* Of all parts, but not of the time between them. */
START_TEST(checkpoint__counts_seconds_on) {
  const setting s = {.options = ""};
  lab l;
  double seconds[2];
  open_lab(&l);
  for (uint32_t i = 0; i < 2; i++) {
    heard told = {.stop_at = i ? 0 : 12};
    const struct timespec pause = {0, 300000000};
    part p;
    open_part(&p, &l, &s, 1);
    listen(&p, &told);
    p.run.checkpoint = l.checkpoint, p.run.resume = i;
    const double began = xdi_clock();
    run_part(&p);
    seconds[i] = xdi_clock() - began;
    if (i == 0) {
      ck_assert(nanosleep(&pause, NULL) == 0);
    } else {
      const double all = value_of(p.report, "seconds");
      ck_assert_msg(all < seconds[0] + seconds[1] && all > 0.2 * (seconds[0] + seconds[1]),
                    "%g s of %g and %g", all, seconds[0], seconds[1]);
      ck_assert(value_of(p.report, "seconds.mapping1") > 0.0);
      ck_assert(value_of(p.report, "seconds.mapping1") < all);
    }
    close_part(&p);
    free(told.text);
  }
  remove_folder(l.folder);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("checkpoint");
  add_case(suite, checkpoint__goes_on_from_every_step);
  add_case(suite, checkpoint__goes_on_between_validations);
  add_case(suite, checkpoint__goes_on_to_an_early_end);
  add_case(suite, checkpoint__keeps_the_state_of_every_kind_of_training);
  add_case(suite, checkpoint__goes_on_from_any_moment);
  add_case(suite, checkpoint__survives_kills);
  add_case(suite, recover__gives_what_is_finished);
  add_case(suite, recover__notes_the_last_place_alone);
  add_case(suite, recover__gives_the_vaes_of_a_training_that_diverged);
  add_case(suite, checkpoint__goes_on_from_a_collapse_that_is_allowed);
  add_case(suite, checkpoint__goes_on_from_a_stage_that_tells_nothing_apart);
  add_case(suite, checkpoint__of_a_finished_training_gives_its_model_at_once);
  add_case(suite, checkpoint__counts_seconds_on);
  return suite;
}
XD_SUITE_MAIN(make_suite)
