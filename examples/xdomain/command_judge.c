/* xdomain judge: trains the judge, the classifier that scores translated pictures. */
#include "command.h"

static const char usage[] =
    "usage: xdomain judge --train SPEC [--test SPEC] --out JUDGE.xdc [OPTION]...\n\n"
    "Trains a judge, a convolutional classifier, on all classes of a set of real pictures and, if a test set is\n"
    "given, prints its accuracy there. SPEC is as in 'xdomain train --help'.";

static int show_step(void *user, uint32_t step, uint32_t steps, double loss) {
  char detail[32];
  snprintf(detail, sizeof detail, "loss %.4f", loss);
  progress_show(user, "judge", step, steps, (double)step / (double)steps, detail);
  return 0;
}

typedef struct judging {
  runtime run;
  const char *train, *test, *out;
  bool flip;
  xd_judge_options options;
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
  progress shown;
  xd_status status = xd_dataset_load(&set, context, j->train);
  progress_start(&shown);
  if (!status)
    status = xd_judge_train(&judge, context, set, &j->options, show_step, &shown);
  progress_end(&shown);
  if (!status)
    status = xd_judge_save(judge, context, j->out);
  if (!status)
    fprintf(stderr, "wrote %s in %.1f s\n", j->out, now_seconds() - shown.started);
  if (!status && j->test)
    status = measure(j, judge);
  xd_judge_release(judge);
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

int command_judge(int argc, char **argv) {
  judging j = {.train = NULL};
  xd_judge_options_init(&j.options, sizeof j.options);
  const flag flags[] = {
      {"train", FLAG_TEXT, &j.train, "SPEC", "pictures to train on"},
      {"test", FLAG_TEXT, &j.test, "SPEC", "pictures to measure the accuracy on"},
      {"out", FLAG_TEXT, &j.out, "FILE", "the judge file to write"},
      {"seed", FLAG_SEED, &j.options.seed, "N", "seed (1)"},
      {"epochs", FLAG_COUNT, &j.options.epochs, "N", "epochs (4)"},
      {"base-channels", FLAG_COUNT, &j.options.base_channels, "N", "channels of the first convolution (16)"},
      {"features", FLAG_COUNT, &j.options.feature_dim, "N", "features of the penultimate layer (128)"},
      {"rate", FLAG_REAL, &j.options.learning_rate, "X", "learning rate (0.001)"},
      {"shift", FLAG_COUNT, &j.options.shift, "N", "random shift in pixels (2)"},
      {"flip", FLAG_SWITCH, &j.flip, NULL, "random left-right flips"},
      {"blur", FLAG_REAL, &j.options.blur, "X",
       "train also on blurred and noisy pictures, up to X pixels (0)"},
      RUNTIME_FLAGS(j.run)};
  const char *const *words;
  int word_count, code;
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count || !j.train || !j.out)
    return usage_error("--train and --out are needed, and options only");
  code = check_output(&j);
  if (code)
    return code;
  j.options.flip = j.flip;
  if (!start_runtime(&j.run))
    return EXIT_FAILED;
  xd_status status = train(&j);
  code = status ? report_failure(&j.run, status) : EXIT_DONE;
  stop_runtime(&j.run);
  return code;
}
