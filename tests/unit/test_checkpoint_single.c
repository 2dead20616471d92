/* Checkpoints of what is trained alone: a judge, and one VAE. */
#include "checkpoint_support.h"

#include "layer/network.h"

/* ---- one part of such a training, with a context and a set of its own ---- */

typedef struct single {
  bool judge; /* else a VAE */
  const char *options;
} single;

typedef struct result {
  float *weights;
  size_t count;
  heard report, told;
} result;

static const char judge_options[] = "base_channels=4 feature_dim=8 batch=20 epochs=2 seed=5 ";
static const char vae_options[] =
    "latent_dim=4 base_channels=4 depth=1 hidden1=8 batch=20 epochs=2 min_steps=0 learning_rate=0.003 seed=5 ";

static void take_weights(result *to, const xd_network *network) {
  to->weights = realloc(to->weights, (to->count + network->block_count) * sizeof *to->weights);
  ck_assert_ptr_nonnull(to->weights);
  memcpy(to->weights + to->count, network->block, network->block_count * sizeof *to->weights);
  to->count += network->block_count;
}

static xd_status train_judge(result *to, xd_context *context, xd_values *report, const xd_dataset *set,
                             const xd_run *run, const xd_options *options) {
  xd_judge *judge = NULL;
  const xd_status status = xd_judge_train(&judge, context, report, set, run, options);
  ck_assert_int_eq(status == XD_OK, judge != NULL);
  if (judge) {
    ck_assert(xd_network_is_frozen(xd_judge_network(judge)));
    ck_assert_str_eq(xd_judge_class_name(judge, 2), "ring");
    take_weights(to, xd_judge_network(judge));
  }
  xd_judge_release(judge);
  return status;
}

static xd_status train_vae(result *to, xd_context *context, xd_values *report, const xd_dataset *set,
                           const xd_run *run, const xd_options *options) {
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  const xd_status status = xd_train_vae(&encoder, &decoder, context, report, set, run, options);
  ck_assert(encoder ? status == XD_OK && decoder : status != XD_OK && !decoder);
  if (encoder) {
    ck_assert(xd_network_is_frozen(xd_encoder_network(encoder)));
    ck_assert(xd_network_is_frozen(xd_decoder_network(decoder)));
    take_weights(to, xd_encoder_network(encoder));
    take_weights(to, xd_decoder_network(decoder));
  }
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  return status;
}

static xd_dataset *make_named_set(xd_context *context, uint64_t seed) {
  static const char *const names[] = {"row", "cross", "ring"};
  xd_dataset *named = NULL, *set = make_patterns(context, PATTERN_ROW, 3, COUNT, seed);
  assert_ok(context, xd_dataset_with_class_names(&named, context, set, names, 3));
  xd_dataset_release(set);
  return named;
}

/* At so many threads; `word` is what a failure's message names. */
static xd_status train_single(result *to, const single *what, xd_run run, uint32_t threads, uint64_t seed,
                              const char *word) {
  xd_context *context = test_context_with("auto", threads, NULL);
  xd_dataset *set = make_named_set(context, seed);
  xd_options *options =
      make_options(context, what->judge ? "judge" : "vae", what->judge ? judge_options : vae_options);
  xd_values *report = make_values(context);
  if (run.user)
    ((heard *)run.user)->context = context;
  change_options(options, what->options);
  const xd_status status = (what->judge ? train_judge : train_vae)(to, context, report, set, &run, options);
  if (status == XD_OK)
    say_values(&to->report, report);
  else if (word)
    assert_message_names(context, word);
  xd_values_destroy(report);
  xd_options_destroy(options);
  xd_dataset_release(set);
  xd_context_destroy(context);
  return status;
}

static void free_result(result *of) {
  free(of->weights);
  free(of->report.text);
  free(of->told.text);
}

static xd_run listening(heard *to) {
  xd_run run = XD_RUN_INIT;
  run.callback = hear, run.user = to;
  return run;
}

static void assert_same_result(const result *got, const result *expected, uint32_t stopped_at) {
  ck_assert_msg(got->count == expected->count &&
                    memcmp(got->weights, expected->weights, got->count * sizeof *got->weights) == 0,
                "stopped at %u: other weights", stopped_at);
  ck_assert_str_eq(got->told.text, expected->told.text);
  ck_assert_str_eq(got->report.text, expected->report.text);
}

/* ---- going on ---- */

static void check_stop(const lab *l, const single *what, const result *whole, uint32_t stop_at) {
  result got = {.told = {.stop_at = stop_at, .cancels = stop_at % 2}};
  xd_run run = listening(&got.told);
  run.checkpoint = l->checkpoint;
  remove(l->checkpoint);
  ck_assert_int_eq(train_single(&got, what, run, 1, 1, NULL), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(got.told.events, stop_at);
  run.resume = 1;
  ck_assert_int_eq(train_single(&got, what, run, 3, 1, NULL), XD_OK);
  assert_same_result(&got, whole, stop_at);
  free_result(&got);
}

/* Six steps. */
START_TEST(single__goes_on_from_every_step) {
  static const single all[] = {{true, "dropout=0.3 weight_decay=0.01 blur=1 flip=1"},
                               {false, "linear_skip=1 augment=1 averaging=0.9"},
                               {false, "sigma_x=0 smooth_start=1"}};
  lab l;
  open_lab(&l);
  for (size_t i = 0; i < COUNT_OF(all); i++) {
    result whole = {.count = 0};
    ck_assert_int_eq(train_single(&whole, &all[i], listening(&whole.told), 2, 1, NULL), XD_OK);
    ck_assert_uint_eq(whole.told.events, 6);
    for (uint32_t stop_at = 1; stop_at <= whole.told.events; stop_at++)
      check_stop(&l, &all[i], &whole, stop_at);
    free_result(&whole);
  }
  remove_folder(l.folder);
}
END_TEST

START_TEST(single__of_a_finished_training_gives_its_networks_at_once) {
  lab l;
  open_lab(&l);
  for (int judge = 0; judge < 2; judge++) {
    const single what = {judge, ""};
    result first = {.count = 0}, again = {.count = 0};
    xd_run run = listening(&first.told);
    run.checkpoint = l.checkpoint;
    remove(l.checkpoint);
    ck_assert_int_eq(train_single(&first, &what, run, 1, 1, NULL), XD_OK);
    run.user = &again.told, run.resume = 1;
    ck_assert_int_eq(train_single(&again, &what, run, 2, 1, NULL), XD_OK);
    ck_assert_uint_eq(again.told.events, 0);
    ck_assert_str_eq(again.report.text, first.report.text);
    ck_assert(again.count == first.count &&
              memcmp(again.weights, first.weights, first.count * sizeof *first.weights) == 0);
    free_result(&first);
    free_result(&again);
  }
  remove_folder(l.folder);
}
END_TEST

/* ---- refusals ---- */

static void refuse(const lab *l, const single *what, uint64_t seed, xd_status expected, const char *word) {
  result none = {.count = 0};
  xd_run run = XD_RUN_INIT;
  run.checkpoint = l->checkpoint, run.resume = 1;
  const xd_status status = train_single(&none, what, run, 1, seed, word);
  ck_assert_msg(status == expected, "%s, not %s", xd_status_name(status), xd_status_name(expected));
}

START_TEST(single__refuses_another_training_and_names_what_differs) {
  static const single judges[] = {{true, ""}, {true, "seed=6"}, {true, "dropout=0.25"}},
                      vaes[] = {{false, ""}, {false, "latent_dim=5"}};
  const setting whole = {.options = ""};
  lab l;
  part p;
  xd_model *model = NULL;
  open_lab(&l);
  refuse(&l, &judges[0], 1, XD_ERROR_NOT_FOUND, "t.ckpt");
  for (int judge = 0; judge < 2; judge++) {
    result first = {.count = 0};
    xd_run run = XD_RUN_INIT;
    run.checkpoint = l.checkpoint;
    remove(l.checkpoint);
    ck_assert_int_eq(train_single(&first, judge ? &judges[0] : &vaes[0], run, 1, 1, NULL), XD_OK);
    ck_assert_int_eq(train_single(&first, judge ? &judges[0] : &vaes[0], run, 1, 1, "is there already"),
                     XD_ERROR_INVALID_ARGUMENT);
    free_result(&first);
    refuse(&l, judge ? &vaes[0] : &judges[0], 1, XD_ERROR_INVALID_ARGUMENT,
           judge ? "the call is xd_judge_train there, and xd_train_vae here"
                 : "the call is xd_train_vae there, and xd_judge_train here");
    refuse(&l, judge ? &judges[1] : &vaes[1], 1, XD_ERROR_INVALID_ARGUMENT,
           judge ? "seed is 5 there, and 6 here" : "latent_dim is 4 there, and 5 here");
    refuse(&l, judge ? &judges[0] : &vaes[0], 2, XD_ERROR_INVALID_ARGUMENT, "the set of domain 1");
    open_part(&p, &l, &whole, 1);
    p.run.checkpoint = l.checkpoint, p.run.resume = 1;
    assert_status(run_part(&p), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(p.context, "the call");
    assert_status(xd_train_recover(&model, p.context, l.checkpoint), XD_ERROR_NOT_FOUND);
    assert_message_names(p.context, "VAEs");
    close_part(&p);
  }
  refuse(&l, &judges[2], 1, XD_ERROR_INVALID_ARGUMENT, "dropout");
  remove_folder(l.folder);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("checkpoint_single");
  add_case(suite, single__goes_on_from_every_step);
  add_case(suite, single__of_a_finished_training_gives_its_networks_at_once);
  add_case(suite, single__refuses_another_training_and_names_what_differs);
  return suite;
}
XD_SUITE_MAIN(make_suite)
