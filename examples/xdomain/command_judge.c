/* xdomain judge: trains the judge, the classifier that scores translated pictures. */
#include "command.h"

static const char usage[] =
    "usage: xdomain judge --train SPEC [--test SPEC] --out JUDGE.xdc [OPTION]...\n\n"
    "Trains a judge, a convolutional classifier, on all classes of a set of real pictures and, if a test set is\n"
    "given, prints its accuracy there. SPEC is as in 'xdomain train --help'.";

static int show_step(void *user, const xd_values *losses, uint32_t step, uint32_t steps) {
  char detail[32];
  snprintf(detail, sizeof detail, "loss %.4f", value_of(losses, "", "loss"));
  progress_show(user, "judge", step, steps, (double)step / (double)steps, detail);
  return 0;
}

typedef struct judging {
  runtime run;
  const char *train, *test, *out;
  option_settings settings;
} judging;

static xd_status measure(const judging *j, const xd_judge *judge) {
  xd_dataset *set;
  double accuracy;
  xd_status status = xd_dataset_load(&set, j->run.context, j->test);
  if (!status)
    status = xd_judge_accuracy(judge, j->run.context, &accuracy, set);
  if (!status)
    printf("accuracy %.4f on %u test pictures\n", accuracy, xd_dataset_count(set));
  xd_dataset_release(set);
  return status;
}

static xd_status train(judging *j) {
  xd_context *context = j->run.context;
  xd_dataset *set;
  xd_judge *judge = NULL;
  xd_options *options = NULL;
  progress shown;
  xd_status status = xd_dataset_load(&set, context, j->train);
  if (!status)
    status = xd_options_create(&options, context, "judge");
  if (!status)
    status = apply_settings(&j->settings, context, options);
  progress_start(&shown);
  if (!status)
    status = xd_judge_train(&judge, context, NULL, set, show_step, &shown, options);
  progress_end(&shown);
  if (!status)
    status = xd_judge_save(judge, context, j->out);
  if (!status)
    fprintf(stderr, "wrote %s in %.1f s\n", j->out, now_seconds() - shown.started);
  if (!status && j->test)
    status = measure(j, judge);
  xd_judge_release(judge);
  xd_options_destroy(options);
  xd_dataset_release(set);
  return status;
}

static int check_output(const judging *j) {
  const output result = {.flag = "--out", .path = j->out};
  int code = keep_set(&result, 1, j->train);
  if (!code)
    code = keep_set(&result, 1, j->test);
  return code ? code : prove_outputs(&result, 1);
}

static int work(judging *j) {
  if (!j->train || !j->out)
    return usage_error("--train and --out are needed, and options only");
  int code = check_output(j);
  if (code)
    return code;
  if (!start_runtime(&j->run))
    return EXIT_FAILED;
  const xd_status status = train(j);
  code = status ? report_failure(&j->run, status) : EXIT_DONE;
  stop_runtime(&j->run);
  return code;
}

int command_judge(int argc, char **argv) {
  static const option_alias aliases[] = {{"features", "feature_dim", NULL, NULL},
                                         {"rate", "learning_rate", NULL, NULL},
                                         {"flip", "flip", "1", NULL}};
  judging j = {.train = NULL};
  const flag flags[] = {{"train", FLAG_TEXT, &j.train, "SPEC", "pictures to train on"},
                        {"test", FLAG_TEXT, &j.test, "SPEC", "pictures to measure the accuracy on"},
                        {"out", FLAG_TEXT, &j.out, "FILE", "the judge file to write"},
                        SETTING_FLAGS(&j.settings),
                        RUNTIME_FLAGS(j.run)};
  const char *const *words;
  int word_count, code;
  const command_line line = {.usage = usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &j.settings,
                             .group = "judge",
                             .aliases = aliases,
                             .alias_count = sizeof aliases / sizeof *aliases};
  if (read_command_line(&line, argc, argv, &words, &word_count, &code))
    code = word_count ? usage_error("this command takes options only") : work(&j);
  free_settings(&j.settings);
  return code;
}
