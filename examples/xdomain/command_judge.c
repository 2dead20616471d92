/* xdomain judge: trains the judge, the classifier that scores translated pictures. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "sets.h"

static const char usage[] =
    "usage: xdomain judge --train SPEC [--test SPEC] --out JUDGE.xdc [OPTION]...\n\n"
    "Trains a judge, a convolutional classifier, on all classes of a set of real pictures and, if a test set is\n"
    "given, prints its accuracy there. SPEC is as in 'xdomain train --help'. A training that is interrupted\n"
    "goes on with --resume, and ends in the same judge.";

/* Flags of everyday use whose names are not those of the options. */
static const option_alias aliases[] = {{"features", "feature_dim", NULL, NULL},
                                       {"rate", "learning_rate", NULL, NULL},
                                       {"flip", "flip", "1", NULL}};

typedef struct judging {
  runtime run;
  const char *train, *test, *out;
  option_settings settings;
  checkpointing checkpoint;

  xd_options *options;
  xd_dataset *train_set, *test_set;
  xd_judge *judge;
  progress progress;
} judging;

static int show_step(void *user, const xd_progress *p) {
  progress_step(user, "judge", p, -1.0);
  return 0;
}

static int make_options(judging *j) {
  xd_status status = xd_options_create(&j->options, j->run.context, "judge");
  if (!status)
    status = apply_settings(&j->settings, j->run.context, j->options);
  return status ? usage_error("%s", xd_context_message(j->run.context)) : EXIT_DONE;
}

static int check_outputs(const judging *j) {
  const output outputs[] = {{.flag = "--out", .path = j->out},
                            {.flag = "--checkpoint", .path = j->checkpoint.paths[CHECKPOINT_OWN]}};
  const size_t count = sizeof outputs / sizeof *outputs;
  int code = keep_settings(outputs, count, &j->settings);
  if (!code)
    code = keep_set(&j->run, outputs, count, j->train);
  if (!code)
    code = keep_set(&j->run, outputs, count, j->test);
  return code ? code : prove_outputs(outputs, count);
}

static bool same_pictures(const xd_dataset *first, const xd_dataset *second) {
  const xd_shape shape = shape_of_set(first);
  const uint32_t count = xd_dataset_count(first);
  bool same = count == xd_dataset_count(second); /* of one shape, as load_set has seen to */
  for (uint32_t i = 0; same && i < count; i++)
    same = !memcmp(xd_dataset_pixels(first, i), xd_dataset_pixels(second, i),
                   (size_t)shape.width * shape.height * shape.channels);
  return same;
}

static xd_status load_sets(judging *j) {
  xd_status status = load_set(&j->run, &j->train_set, j->train, NULL, NULL);
  if (status)
    return status;
  const class_names names = names_of_set(j->train_set);
  const xd_shape shape = shape_of_set(j->train_set);
  if (j->test)
    status = load_set(&j->run, &j->test_set, j->test, &names, &shape);
  if (status)
    return status;
  describe_set("training set", j->train_set);
  if (j->test_set)
    describe_set("test set", j->test_set);
  if (count_classes(j->train_set) == 1)
    notice(
        "the training set has one class: a judge of it finds that in every picture, and its scores say nothing");
  if (j->test_set && same_pictures(j->train_set, j->test_set))
    notice("the test set has the pictures of the training set: its accuracy says nothing of others");
  return XD_OK;
}

static xd_status train(judging *j) {
  const xd_run run = run_with_checkpoint(&j->checkpoint, CHECKPOINT_OWN, show_step, &j->progress);
  progress_start(&j->progress);
  const xd_status status = xd_judge_train(&j->judge, j->run.context, NULL, j->train_set, &run, j->options);
  progress_end(&j->progress);
  return status;
}

static xd_status save(const judging *j) {
  const xd_status status = xd_judge_save(j->judge, j->run.context, j->out);
  if (status)
    return status;
  drop_checkpoint(&j->checkpoint);
  fputs("wrote ", stderr);
  print_text(stderr, j->out);
  fprintf(stderr, " in %.1f s\n", now_seconds() - j->progress.started);
  return XD_OK;
}

static xd_status measure(const judging *j) {
  judge_worth worth;
  const xd_status status = weigh_judge(&worth, &j->run, j->judge, j->test_set);
  if (status)
    return status;
  printf("accuracy %.4f on %u test pictures\n", worth.accuracy, worth.pictures);
  warn_of_worth(&worth);
  return XD_OK;
}

static int run(judging *j) {
  xd_status status = train(j);
  if (!status)
    status = save(j);
  const bool kept = status && can_go_on(&j->checkpoint, status);
  if (!status && j->test)
    status = measure(j);
  const int code = status ? report_failure(&j->run, status) : EXIT_DONE;
  if (kept)
    tell_checkpoint(&j->checkpoint);
  return code;
}

static int work(judging *j) {
  int code = make_options(j);
  if (!code)
    code = place_checkpoint(&j->checkpoint, j->out);
  if (!code)
    code = check_outputs(j);
  if (!code)
    code = claim_checkpoint(&j->checkpoint, &j->run, j->out);
  if (code)
    return code;
  const xd_status status = load_sets(j);
  if (status)
    return report_failure(&j->run, status);
  code = begin_checkpoint(&j->checkpoint);
  return code ? code : run(j);
}

static void release(judging *j) {
  xd_judge_release(j->judge);
  xd_dataset_release(j->train_set);
  xd_dataset_release(j->test_set);
  xd_options_destroy(j->options);
  free_settings(&j->settings);
  free_checkpoint(&j->checkpoint);
}

int command_judge(int argc, char **argv) {
  judging j = {.checkpoint = {.argc = argc, .argv = argv, .seconds = 60}};
  const flag flags[] = {{"train", FLAG_TEXT, &j.train, "SPEC", "pictures to train on"},
                        {"test", FLAG_TEXT, &j.test, "SPEC", "pictures to measure the accuracy on"},
                        {"out", FLAG_TEXT, &j.out, "FILE", "the judge file to write"},
                        CHECKPOINT_FLAGS(&j.checkpoint, "judge"),
                        SETTING_FLAGS(&j.settings),
                        RUNTIME_FLAGS(j.run)};
  const command_line line = {.usage = usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &j.settings,
                             .group = "judge",
                             .aliases = aliases,
                             .alias_count = sizeof aliases / sizeof *aliases};
  const char *const *words;
  int word_count, code;
  if (read_command_line(&line, argc, argv, &words, &word_count, &code)) {
    if (word_count || !j.train || !j.out)
      code = usage_error("--train and --out are needed, and options only");
    else
      code = check_checkpoint_flags(&j.checkpoint);
    if (!code)
      code = start_runtime(&j.run) ? work(&j) : EXIT_FAILED;
  }
  release(&j);
  stop_runtime(&j.run);
  return code;
}
